/* SPDX-License-Identifier: GPL-2.0-only */
/* What else the ported part includes, and vmem has not: one line each, mostly. */
#include <linux/errno.h>
