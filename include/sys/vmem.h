/* SPDX-License-Identifier: GPL-2.0-only */
/* Where drivers from other systems look for the arena allocator. */
#ifndef _SYS_VMEM_H
#define _SYS_VMEM_H

#include <linux/vmem.h>

#endif /* _SYS_VMEM_H */
