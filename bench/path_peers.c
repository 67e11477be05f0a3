// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path lengths: of what a driver might use instead of vmem.
 */
#include <linux/genalloc.h>
#include <linux/idr.h>
#include <linux/iova.h>
#include <linux/objpool.h>
#include <linux/sbitmap.h>
#include <linux/slab.h>

#include "path.h"

#define OBJECT_SIZE	64

/* === sbitmap === */

static __always_inline unsigned long sbitmap_take(void *sb, size_t size)
{
	return sbitmap_get(sb);
}

static __always_inline void sbitmap_give(void *sb, unsigned long id, size_t size)
{
	sbitmap_put(sb, id);
}

/* Hints of where to look begin at random numbers: let them be the same ones. */
static void *sbitmap_create(const struct path_work *work)
{
	struct sbitmap *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	unsigned int cpu;

	if (sb && sbitmap_init_node(sb, work->quanta, -1, GFP_KERNEL,
				    NUMA_NO_NODE, false, true)) {
		kfree(sb);
		return NULL;
	}
	for_each_possible_cpu(cpu) {
		if (sb)
			*per_cpu_ptr(sb->alloc_hint, cpu) = 0;
	}
	return sb;
}

static void sbitmap_destroy(void *sb)
{
	sbitmap_free(sb);
	kfree(sb);
}

DEFINE_PATH_PEER(sbitmap,
		 .name = "sbitmap",
		 .ids = true,
		 .create = sbitmap_create,
		 .destroy = sbitmap_destroy);

/* === iova: with its per-CPU caches, and without === */

/* Always the same, so that each search begins where the domain remembers. */
#define IOVA_LIMIT	(DMA_BIT_MASK(32) >> PAGE_SHIFT)

static __always_inline unsigned long iova_fast_take(void *iovad, size_t size)
{
	return alloc_iova_fast(iovad, size, IOVA_LIMIT, true);
}

static __always_inline void iova_fast_give(void *iovad, unsigned long pfn,
					   size_t size)
{
	free_iova_fast(iovad, pfn, size);
}

static __always_inline unsigned long iova_take(void *iovad, size_t size)
{
	return (unsigned long)alloc_iova(iovad, size, IOVA_LIMIT, false);
}

static __always_inline void iova_give(void *iovad, unsigned long iova,
				      size_t size)
{
	__free_iova(iovad, (struct iova *)iova);
}

static void *iova_create(const struct path_work *work)
{
	struct iova_domain *iovad = kzalloc(sizeof(*iovad), GFP_KERNEL);

	if (!iovad)
		return NULL;
	if (iova_cache_get()) {
		kfree(iovad);
		return NULL;
	}
	init_iova_domain(iovad, PAGE_SIZE, 1);
	if (!iova_domain_init_rcaches(iovad))
		return iovad;
	put_iova_domain(iovad);
	iova_cache_put();
	kfree(iovad);
	return NULL;
}

static void iova_destroy(void *iovad)
{
	put_iova_domain(iovad);
	iova_cache_put();
	kfree(iovad);
}

DEFINE_PATH_PEER(iova_fast,
		 .name = "iova_fast",
		 .create = iova_create,
		 .destroy = iova_destroy);
DEFINE_PATH_PEER(iova,
		 .name = "iova",
		 .create = iova_create,
		 .destroy = iova_destroy);

/* === IDA === */

static __always_inline unsigned long ida_take(void *ida, size_t size)
{
	return ida_alloc_range(ida, 0, 4095, GFP_NOWAIT);
}

static __always_inline void ida_give(void *ida, unsigned long id, size_t size)
{
	ida_free(ida, id);
}

static void *ida_create(const struct path_work *work)
{
	struct ida *ida = kzalloc(sizeof(*ida), GFP_KERNEL);

	if (ida)
		ida_init(ida);
	return ida;
}

static void ida_end(void *ida)
{
	ida_destroy(ida);
	kfree(ida);
}

DEFINE_PATH_PEER(ida,
		 .name = "ida",
		 .ids = true,
		 .create = ida_create,
		 .destroy = ida_end);

/* === genalloc: first fit === */

static __always_inline unsigned long genalloc_take(void *pool, size_t size)
{
	return gen_pool_alloc(pool, size);
}

static __always_inline void genalloc_give(void *pool, unsigned long addr,
					  size_t size)
{
	gen_pool_free(pool, addr, size);
}

static void *genalloc_create(const struct path_work *work)
{
	struct gen_pool *pool = gen_pool_create(0, NUMA_NO_NODE);

	if (pool && gen_pool_add(pool, 1, work->quanta, NUMA_NO_NODE)) {
		gen_pool_destroy(pool);
		return NULL;
	}
	return pool;
}

static void genalloc_destroy(void *pool)
{
	gen_pool_destroy(pool);
}

DEFINE_PATH_PEER(genalloc,
		 .name = "genalloc",
		 .create = genalloc_create,
		 .destroy = genalloc_destroy);

/* === Memory, for scale === */

static __always_inline unsigned long slab_take(void *cache, size_t size)
{
	return (unsigned long)kmem_cache_alloc(cache, GFP_NOWAIT);
}

static __always_inline void slab_give(void *cache, unsigned long object,
				      size_t size)
{
	kmem_cache_free(cache, (void *)object);
}

static void *slab_create(const struct path_work *work)
{
	return kmem_cache_create("vmem_bench", OBJECT_SIZE, 0, 0, NULL);
}

static void slab_destroy(void *cache)
{
	kmem_cache_destroy(cache);
}

DEFINE_PATH_PEER(slab,
		 .name = "kmem_cache",
		 .create = slab_create,
		 .destroy = slab_destroy);

/* Inline, and of a fixed number of objects: about as short as it gets. */
static __always_inline unsigned long objpool_take(void *pool, size_t size)
{
	return (unsigned long)objpool_pop(pool);
}

static __always_inline void objpool_give(void *pool, unsigned long object,
					 size_t size)
{
	objpool_push((void *)object, pool);
}

static void *objpool_create(const struct path_work *work)
{
	struct objpool_head *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (pool && objpool_init(pool, work->quanta, OBJECT_SIZE, GFP_KERNEL,
				 NULL, NULL, NULL)) {
		kfree(pool);
		return NULL;
	}
	return pool;
}

static void objpool_destroy(void *pool)
{
	objpool_fini(pool);
	kfree(pool);
}

DEFINE_PATH_PEER(objpool,
		 .name = "objpool",
		 .create = objpool_create,
		 .destroy = objpool_destroy);

/* === What is measured: works have the names they have for vmem === */

#define UNITS	.quantum = 1, .quanta = 4096

const struct path_work path_peers[] = {
	{ "cached-pair", &path_sbitmap, PATH_PAIRS, UNITS, .size = 1 },
	{ "cached-pair", &path_iova_fast, PATH_PAIRS, UNITS, .size = 1 },
	{ "cached-pair", &path_ida, PATH_PAIRS, UNITS, .size = 1 },
	{ "cached-pair", &path_slab, PATH_PAIRS, UNITS, .size = 1 },
	{ "cached-pair", &path_objpool, PATH_PAIRS, UNITS, .size = 1 },
	{ "cached-page-1", &path_iova_fast, PATH_PAIRS, UNITS, .size = 1 },
	{ "cached-page-3", &path_iova_fast, PATH_PAIRS, UNITS, .size = 3 },
	{ "cached-batch", &path_sbitmap, PATH_BATCHES, UNITS, .size = 1 },
	{ "cached-batch", &path_iova_fast, PATH_BATCHES, UNITS, .size = 1 },
	{ "cached-batch", &path_ida, PATH_BATCHES, UNITS, .size = 1 },
	{ "cached-batch", &path_slab, PATH_BATCHES, UNITS, .size = 1 },
	{ "cached-batch", &path_objpool, PATH_BATCHES, UNITS, .size = 1 },
	{ "cached-replace", &path_sbitmap, PATH_REPLACEMENTS, UNITS, .size = 1, .live = 1000 },
	{ "cached-replace", &path_iova_fast, PATH_REPLACEMENTS, UNITS, .size = 1, .live = 1000 },
	{ "cached-replace", &path_ida, PATH_REPLACEMENTS, UNITS, .size = 1, .live = 1000 },

	{ "pair", &path_genalloc, PATH_PAIRS, UNITS, .size = 1 },
	{ "pair", &path_iova, PATH_PAIRS, UNITS, .size = 1 },
	{ "pair-warm", &path_genalloc, PATH_PAIRS, UNITS, .size = 1, .live = 1000 },
	{ "pair-warm", &path_iova, PATH_PAIRS, UNITS, .size = 1, .live = 1000 },
	{ "batch", &path_genalloc, PATH_BATCHES, UNITS, .size = 1 },
	{ "batch", &path_iova, PATH_BATCHES, UNITS, .size = 1 },
	{ "replace", &path_genalloc, PATH_REPLACEMENTS, UNITS, .size = 1, .live = 1000 },
	{ "replace", &path_iova, PATH_REPLACEMENTS, UNITS, .size = 1, .live = 1000 },
	{ "churn-1..64", &path_genalloc, PATH_REPLACEMENTS, .quantum = 1,
	  .quanta = 1 << 17, .size = 64, .live = 1000 },
	{ "churn-1..64", &path_iova, PATH_REPLACEMENTS, .quantum = 1,
	  .quanta = 1 << 17, .size = 64, .live = 1000 },
	{ "churn-1..64", &path_iova_fast, PATH_REPLACEMENTS, .quantum = 1,
	  .quanta = 1 << 17, .size = 64, .live = 1000 },
	{ }
};
