// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vmem module. Where to read on: internal.h has all structures, alloc.c the
 * way of a request through them.
 */
#include "internal.h"

struct kmem_cache *vmem_arena_cache;
struct kmem_cache *vmem_seg_cache;
struct kmem_cache *vmem_wide_cache;

static_assert(sizeof(struct vmem_seg) <= 56, "a slab's record is less than its objects'");
static_assert(sizeof(struct vmem_wide_seg) <= 128, "and a wide one two");

static int __init vmem_init(void)
{
	int ret = -ENOMEM;

	vmem_arena_cache = KMEM_CACHE(vmem, 0);
	if (!vmem_arena_cache)
		return ret;
	vmem_seg_cache = KMEM_CACHE(vmem_seg, 0);
	if (!vmem_seg_cache)
		goto no_seg_cache;
	vmem_wide_cache = KMEM_CACHE(vmem_wide_seg, SLAB_HWCACHE_ALIGN);
	if (!vmem_wide_cache)
		goto no_wide_cache;
	ret = vmem_reclaim_init();
	if (ret)
		goto no_reclaim;
	vmem_audit_load();
	vmem_debugfs_init();
	vmem_fail_init();
	return 0;

no_reclaim:
	kmem_cache_destroy(vmem_wide_cache);
no_wide_cache:
	kmem_cache_destroy(vmem_seg_cache);
no_seg_cache:
	kmem_cache_destroy(vmem_arena_cache);
	return ret;
}

/* Each arena holds a reference to the module: there is none left now. */
static void __exit vmem_exit(void)
{
	vmem_fail_exit();
	vmem_trace_exit();
	vmem_memory_exit();
	vmem_debugfs_exit();
	vmem_reclaim_exit();
	kmem_cache_destroy(vmem_wide_cache);
	kmem_cache_destroy(vmem_seg_cache);
	kmem_cache_destroy(vmem_arena_cache);
}

postcore_initcall(vmem_init);
module_exit(vmem_exit);

MODULE_DESCRIPTION("vmem arena allocator: ids, offsets, windows, addresses");
MODULE_VERSION("1.0.0");
MODULE_LICENSE("GPL");
