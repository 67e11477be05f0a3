// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver could use instead, from the kernel's own sources: each with the
 * cheapest lock that makes it as safe as an arena, which may be used anywhere.
 */
#include <drm/drm_mm.h>
#include <linux/genalloc.h>
#include <linux/idr.h>
#include <linux/iova.h>
#include <linux/maple_tree.h>
#include <linux/sbitmap.h>

#include "scale.h"

/* 0 is failure. */
#define FIRST	1

/* === drm_mm: the caller has the lock, and the memory of nodes === */

struct drm {
	struct drm_mm mm;
	spinlock_t lock ____cacheline_aligned_in_smp;
	struct kmem_cache *nodes;
};

static void *create_drm(unsigned long quanta, bool cached)
{
	struct drm *drm = aligned_alloc(SMP_CACHE_BYTES, sizeof(*drm));

	BUG_ON(!drm);
	memset(drm, 0, sizeof(*drm));
	drm_mm_init(&drm->mm, FIRST, quanta);
	drm->nodes = KMEM_CACHE(drm_mm_node, 0);
	return drm;
}

static void destroy_drm(void *allocator)
{
	struct drm *drm = allocator;

	drm_mm_takedown(&drm->mm);
	kmem_cache_destroy(drm->nodes);
	free(drm);
}

static unsigned long drm_where(unsigned long node)
{
	return ((struct drm_mm_node *)node)->start;
}

static __always_inline unsigned long drm_take(struct drm *drm, unsigned long size,
					      enum drm_mm_insert_mode mode)
{
	struct drm_mm_node *node = kmem_cache_zalloc(drm->nodes, GFP_NOWAIT);
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&drm->lock, flags);
	ret = drm_mm_insert_node_generic(&drm->mm, node, size, 0, 0, mode);
	spin_unlock_irqrestore(&drm->lock, flags);
	if (likely(!ret))
		return (unsigned long)node;
	kmem_cache_free(drm->nodes, node);
	return 0;
}

static __always_inline void drm_give(struct drm *drm, unsigned long addr)
{
	struct drm_mm_node *node = (struct drm_mm_node *)addr;
	unsigned long flags;

	spin_lock_irqsave(&drm->lock, flags);
	drm_mm_remove_node(node);
	spin_unlock_irqrestore(&drm->lock, flags);
	kmem_cache_free(drm->nodes, node);
}

#define DEFINE_DRM_PEER(peer, text, mode)				\
static __always_inline unsigned long peer##_take(void *drm, unsigned long size) \
{									\
	return drm_take(drm, size, mode);				\
}									\
									\
static __always_inline void peer##_give(void *drm, unsigned long addr,	\
					unsigned long size)		\
{									\
	drm_give(drm, addr);						\
}									\
									\
DEFINE_PEER(peer,							\
	    .name = text,						\
	    .create = create_drm,					\
	    .destroy = destroy_drm,					\
	    .where = drm_where,						\
	    .uncached = true)

DEFINE_DRM_PEER(drm_best, "drm-best", DRM_MM_INSERT_BEST);
DEFINE_DRM_PEER(drm_low, "drm-low", DRM_MM_INSERT_LOW);

/* === Maple tree: its own lock, which is not for interrupts === */

struct maple {
	struct maple_tree mt ____cacheline_aligned_in_smp;
	unsigned long last;
};

static void *create_maple(unsigned long quanta, bool cached)
{
	struct maple *maple = aligned_alloc(SMP_CACHE_BYTES, sizeof(*maple));

	BUG_ON(!maple);
	mt_init_flags(&maple->mt, MT_FLAGS_ALLOC_RANGE);
	maple->last = FIRST + quanta - 1;
	return maple;
}

static void destroy_maple(void *allocator)
{
	struct maple *maple = allocator;

	mtree_destroy(&maple->mt);
	free(maple);
}

static __always_inline unsigned long maple_take(void *allocator, unsigned long size)
{
	struct maple *maple = allocator;
	unsigned long start;

	if (unlikely(mtree_alloc_range(&maple->mt, &start, maple, size, FIRST,
				       maple->last, GFP_KERNEL)))
		return 0;
	return start;
}

static __always_inline void maple_give(void *allocator, unsigned long addr,
				       unsigned long size)
{
	struct maple *maple = allocator;

	mtree_erase(&maple->mt, addr);
}

DEFINE_PEER(maple,
	    .name = "maple",
	    .create = create_maple,
	    .destroy = destroy_maple,
	    .uncached = true);

/* === iova: with what it has for each CPU, and without === */

/*
 * All on one side of the border that it has at 4 GiB, as a search for more above
 * would otherwise look at all below each time.
 */
#define IOVA_FIRST	(1ul << 20)

struct iovas {
	struct iova_domain domain ____cacheline_aligned_in_smp;
	unsigned long last;
};

static void *create_iovas(unsigned long quanta, bool cached)
{
	struct iovas *iovas = aligned_alloc(SMP_CACHE_BYTES, sizeof(*iovas));

	BUG_ON(!iovas || iova_cache_get());
	memset(iovas, 0, sizeof(*iovas));
	init_iova_domain(&iovas->domain, PAGE_SIZE, IOVA_FIRST);
	BUG_ON(iova_domain_init_rcaches(&iovas->domain));
	iovas->last = IOVA_FIRST + quanta - 1;
	return iovas;
}

static void destroy_iovas(void *allocator)
{
	struct iovas *iovas = allocator;

	put_iova_domain(&iovas->domain);
	iova_cache_put();
	free(iovas);
}

static __always_inline unsigned long iova_fast_take(void *allocator,
						    unsigned long size)
{
	struct iovas *iovas = allocator;

	return alloc_iova_fast(&iovas->domain, size, iovas->last, true);
}

static __always_inline void iova_fast_give(void *allocator, unsigned long pfn,
					   unsigned long size)
{
	struct iovas *iovas = allocator;

	free_iova_fast(&iovas->domain, pfn, size);
}

DEFINE_PEER(iova_fast,
	    .name = "iova-fast",
	    .create = create_iovas,
	    .destroy = destroy_iovas,
	    .cached = true);

static unsigned long iova_where(unsigned long iova)
{
	return ((struct iova *)iova)->pfn_lo;
}

static __always_inline unsigned long iova_take(void *allocator, unsigned long size)
{
	struct iovas *iovas = allocator;

	return (unsigned long)alloc_iova(&iovas->domain, size, iovas->last, false);
}

static __always_inline void iova_give(void *allocator, unsigned long iova,
				      unsigned long size)
{
	struct iovas *iovas = allocator;

	__free_iova(&iovas->domain, (struct iova *)iova);
}

DEFINE_PEER(iova,
	    .name = "iova-tree",
	    .create = create_iovas,
	    .destroy = destroy_iovas,
	    .where = iova_where,
	    .limit = 1000,
	    .uncached = true);

/* === sbitmap === */

static void *create_sbitmap(unsigned long quanta, bool cached)
{
	struct sbitmap *sb = aligned_alloc(SMP_CACHE_BYTES,
					   ALIGN(sizeof(*sb), SMP_CACHE_BYTES));

	BUG_ON(!sb || sbitmap_init_node(sb, quanta, -1, GFP_KERNEL, NUMA_NO_NODE, false,
					true));
	return sb;
}

static void destroy_sbitmap(void *allocator)
{
	sbitmap_free(allocator);
	free(allocator);
}

static __always_inline unsigned long sbitmap_take(void *sb, unsigned long size)
{
	return sbitmap_get(sb) + 1;
}

static __always_inline void sbitmap_give(void *sb, unsigned long id,
					 unsigned long size)
{
	sbitmap_put(sb, id - 1);
}

DEFINE_PEER(sbitmap,
	    .name = "sbitmap",
	    .create = create_sbitmap,
	    .destroy = destroy_sbitmap,
	    .cached = true);

/* === IDA: nothing for each CPU, and no other interface either === */

static void *create_ida(unsigned long quanta, bool cached)
{
	struct ida *ida = aligned_alloc(SMP_CACHE_BYTES, SMP_CACHE_BYTES);

	BUG_ON(!ida || sizeof(*ida) > SMP_CACHE_BYTES);
	ida_init(ida);
	return ida;
}

static void destroy_ida(void *allocator)
{
	ida_destroy(allocator);
	free(allocator);
}

static __always_inline unsigned long ida_take(void *ida, unsigned long size)
{
	return ida_alloc_range(ida, 0, (1 << 20) - 1, GFP_NOWAIT) + 1;
}

static __always_inline void ida_give(void *ida, unsigned long id, unsigned long size)
{
	ida_free(ida, id - 1);
}

DEFINE_PEER(ida,
	    .name = "ida",
	    .create = create_ida,
	    .destroy = destroy_ida,
	    .cached = true);

/* === genalloc: first fit === */

static void *create_genalloc(unsigned long quanta, bool cached)
{
	struct gen_pool *pool = gen_pool_create(0, NUMA_NO_NODE);

	BUG_ON(!pool || gen_pool_add(pool, FIRST, quanta, NUMA_NO_NODE));
	return pool;
}

static void destroy_genalloc(void *pool)
{
	gen_pool_destroy(pool);
}

static __always_inline unsigned long genalloc_take(void *pool, unsigned long size)
{
	return gen_pool_alloc(pool, size);
}

static __always_inline void genalloc_give(void *pool, unsigned long addr,
					  unsigned long size)
{
	gen_pool_free(pool, addr, size);
}

DEFINE_PEER(genalloc,
	    .name = "genalloc",
	    .create = create_genalloc,
	    .destroy = destroy_genalloc,
	    .limit = 1000,
	    .uncached = true);

const struct scale_peer *const scale_peers[] = {
	&scale_paper_instant, &scale_paper_best,
	&scale_drm_best, &scale_drm_low, &scale_maple, &scale_iova, &scale_genalloc,
	&scale_iova_fast, &scale_sbitmap, &scale_ida, NULL
};

/* In a kernel it is called on the way up. */
static int init_peers(void)
{
	maple_tree_init();
	return 0;
}

postcore_initcall(init_peers);
