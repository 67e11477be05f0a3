// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path lengths: of vmem itself. A peer here is a way to ask an arena.
 */
#include <linux/mm.h>
#include <linux/vmem.h>

#include "path.h"

#define BASE	0x10000000ul	/* of arenas: a multiple of every quantum here */

static void *vmem_arena(const struct path_work *work)
{
	return vmem_create("path", (void *)BASE, work->quanta * work->quantum,
			   work->quantum, NULL, NULL, NULL,
			   work->qcache_max * work->quantum,
			   VM_SLEEP | (work->quantum == 1 ? VMC_IDENTIFIER : 0));
}

static void vmem_end(void *arena)
{
	vmem_destroy(arena);
}

#define DEFINE_VMEM_PEER(peer, policy)					\
static __always_inline unsigned long peer##_take(void *arena, size_t size) \
{									\
	return (unsigned long)vmem_alloc(arena, size, VM_NOSLEEP | (policy)); \
}									\
									\
static __always_inline void peer##_give(void *arena, unsigned long addr, \
					size_t size)			\
{									\
	vmem_free(arena, (void *)addr, size);				\
}									\
									\
DEFINE_PATH_PEER(peer, .name = "vmem", .create = vmem_arena, .destroy = vmem_end)

DEFINE_VMEM_PEER(instant, 0);
DEFINE_VMEM_PEER(best, VM_BESTFIT);
DEFINE_VMEM_PEER(next, VM_NEXTFIT);

/* === Aligned === */

static __always_inline unsigned long aligned_take(void *arena, size_t size)
{
	return (unsigned long)vmem_xalloc(arena, size, 16 * PAGE_SIZE, 0, 0,
					  NULL, NULL, VM_NOSLEEP);
}

static __always_inline void aligned_give(void *arena, unsigned long addr,
					 size_t size)
{
	vmem_xfree(arena, (void *)addr, size);
}

DEFINE_PATH_PEER(aligned,
		 .name = "vmem",
		 .create = vmem_arena,
		 .destroy = vmem_end);

/* === From an arena in which nothing is left === */

static void *full_arena(const struct path_work *work)
{
	void *arena = vmem_arena(work);

	if (arena)
		vmem_alloc(arena, work->quanta * work->quantum, VM_NOSLEEP);
	return arena;
}

static void full_end(void *arena)
{
	vmem_free(arena, (void *)BASE, vmem_size(arena, VMEM_ALLOC));
	vmem_destroy(arena);
}

static __always_inline unsigned long full_take(void *arena, size_t size)
{
	return (unsigned long)vmem_alloc(arena, size, VM_NOSLEEP);
}

static __always_inline void full_give(void *arena, unsigned long addr,
				      size_t size)
{
}

DEFINE_PATH_PEER(full,
		 .name = "vmem",
		 .create = full_arena,
		 .destroy = full_end);

/* === What is measured === */

#define IDS	.quantum = 1, .quanta = 4096
#define PAGES	.quantum = PAGE_SIZE, .quanta = 4096

const struct path_work path_vmem[] = {
	{ "cached-pair", &path_instant, PATH_PAIRS, IDS, .size = 1, .qcache_max = 1 },
	{ "cached-page-1", &path_instant, PATH_PAIRS, PAGES, .size = 1, .qcache_max = 8 },
	{ "cached-page-3", &path_instant, PATH_PAIRS, PAGES, .size = 3, .qcache_max = 8 },
	{ "cached-batch", &path_instant, PATH_BATCHES, IDS, .size = 1, .qcache_max = 1 },
	{ "cached-replace", &path_instant, PATH_REPLACEMENTS, IDS, .size = 1,
	  .qcache_max = 1, .live = 1000 },

	{ "pair", &path_instant, PATH_PAIRS, PAGES, .size = 1 },
	{ "pair-warm", &path_instant, PATH_PAIRS, PAGES, .size = 1, .live = 1000 },
	{ "pair-bestfit", &path_best, PATH_PAIRS, PAGES, .size = 1 },
	{ "pair-nextfit", &path_next, PATH_PAIRS, PAGES, .size = 1 },
	{ "pair-aligned", &path_aligned, PATH_PAIRS, PAGES, .size = 1 },
	{ "batch", &path_instant, PATH_BATCHES, PAGES, .size = 1 },
	{ "replace", &path_instant, PATH_REPLACEMENTS, PAGES, .size = 1, .live = 1000 },
	{ "churn-1..64", &path_instant, PATH_REPLACEMENTS, .quantum = PAGE_SIZE,
	  .quanta = 1 << 17, .size = 64, .live = 1000 },

	{ "alloc-fails", &path_full, PATH_PAIRS, PAGES, .size = 1, .fails = true },
	{ "cached-alloc-fails", &path_full, PATH_PAIRS, IDS, .size = 1,
	  .qcache_max = 1, .fails = true },
	{ }
};
