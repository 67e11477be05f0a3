/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What files of an arena in debugfs have in common (view.c, listing.c).
 */
#ifndef _VMEM_VIEW_H
#define _VMEM_VIEW_H

#include "internal.h"

struct vmem_view {
	struct vmem *vmp;		/* [A] NULL when it has ended */
	struct list_head link;		/* [A] of those whose arena has ended */
	struct dentry *dir;		/* by the work item */
};

struct vmem *vmem_visit(struct vmem_view *view);

extern const struct file_operations vmem_segments_fops;
#ifdef CONFIG_VMEM_AUDIT
extern const struct file_operations vmem_blocks_fops;
#endif

#endif /* _VMEM_VIEW_H */
