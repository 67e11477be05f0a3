// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vmem module. Where to read on: internal.h has all structures, alloc.c the
 * way of a request through them.
 */
#include "internal.h"

struct kmem_cache *vmem_seg_cache;
struct kmem_cache *vmem_wide_cache;

static_assert(sizeof(struct vmem_seg) <= 64, "a boundary tag fits a cache line");
static_assert(sizeof(struct vmem_wide_seg) <= 128, "and a wide one two");

static int __init vmem_init(void)
{
	vmem_seg_cache = KMEM_CACHE(vmem_seg, SLAB_HWCACHE_ALIGN);
	if (!vmem_seg_cache)
		return -ENOMEM;
	vmem_wide_cache = KMEM_CACHE(vmem_wide_seg, SLAB_HWCACHE_ALIGN);
	if (!vmem_wide_cache) {
		kmem_cache_destroy(vmem_seg_cache);
		return -ENOMEM;
	}
	vmem_debugfs_init();
	return 0;
}

/* Each arena holds a reference to the module: there is none left now. */
static void __exit vmem_exit(void)
{
	vmem_debugfs_exit();
	kmem_cache_destroy(vmem_wide_cache);
	kmem_cache_destroy(vmem_seg_cache);
}

postcore_initcall(vmem_init);
module_exit(vmem_exit);

MODULE_DESCRIPTION("vmem arena allocator: ids, offsets, windows, addresses");
MODULE_LICENSE("GPL");
