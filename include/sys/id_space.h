/* SPDX-License-Identifier: GPL-2.0-only */
/* Where drivers from other systems look for the allocator of identifiers. */
#ifndef _SYS_ID_SPACE_H
#define _SYS_ID_SPACE_H

#include <linux/id_space.h>

#endif /* _SYS_ID_SPACE_H */
