// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many at once. Small sizes come from quantum caches, per CPU; in bulk they come for
 * little more than one does. vmem_alloc_bulk() may give fewer than were asked for.
 * What caches keep at hand counts as taken from the arena, until it is reaped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include <linux/vmem.h>

static vmem_t *ids;

static int __init bulk_init(void)
{
	void *id[32];
	size_t had, back;

	ids = vmem_create("lesson_ids", (void *)1, 65536, 1, NULL, NULL, NULL, 4,
			  VM_SLEEP | VMC_IDENTIFIER);
	if (!ids)
		return -ENOMEM;

	/* lesson begins */
	had = vmem_alloc_bulk(ids, 1, ARRAY_SIZE(id), id, VM_NOSLEEP);
	back = vmem_free_bulk(ids, 1, had, id);
	vmem_qcache_reap(ids);
	/* lesson ends */

	pr_info("asked for %zu, had %zu, gave back %zu\n", ARRAY_SIZE(id), had, back);
	pr_info("reaped: %zu of %zu free\n", vmem_size(ids, VMEM_FREE),
		vmem_size(ids, VMEM_ALLOC | VMEM_FREE));
	return 0;
}
module_init(bulk_init);

static void __exit bulk_exit(void)
{
	vmem_destroy(ids);
}
module_exit(bulk_exit);

MODULE_DESCRIPTION("vmem lesson: allocation in bulk");
MODULE_LICENSE("GPL");
