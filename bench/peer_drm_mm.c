// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers: drm_mm. It has no lock, and its callers have the nodes: here they come from
 * a cache of their own, and the lock is the cheapest that is right wherever vmem may
 * be called.
 *
 * Few kernels have it without a graphics driver. So this is the kernel's own file,
 * found in the kernel's source by the compiler; it exports nothing here.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <drm/drm_print.h>

#undef EXPORT_SYMBOL
#define EXPORT_SYMBOL(...)
#define drm_printf(printer, ...) ((void)(printer))

#include <drm_mm.c>

#include "peer.h"

struct drm_space {
	struct drm_mm mm;
	spinlock_t lock;		/* of mm */
	struct kmem_cache *nodes;
	size_t window;
};

static void *drm_begin(const struct bench_peer *peer, size_t quanta)
{
	struct drm_space *space = kzalloc(sizeof(*space), GFP_KERNEL);

	if (!space)
		return NULL;
	space->nodes = KMEM_CACHE(drm_mm_node, 0);
	if (!space->nodes) {
		kfree(space);
		return NULL;
	}
	spin_lock_init(&space->lock);
	drm_mm_init(&space->mm, BENCH_BASE, quanta);
	space->window = quanta / 16;
	return space;
}

static void drm_end(void *allocator)
{
	struct drm_space *space = allocator;

	drm_mm_takedown(&space->mm);
	kmem_cache_destroy(space->nodes);
	kfree(space);
}

static unsigned long drm_address(unsigned long handle)
{
	return ((struct drm_mm_node *)handle)->start;
}

static __always_inline unsigned long drm_take(struct drm_space *space, size_t size,
					      u64 align, u64 from, u64 to,
					      enum drm_mm_insert_mode mode)
{
	struct drm_mm_node *node = kmem_cache_zalloc(space->nodes, GFP_NOWAIT);
	unsigned long flags;
	int ret;

	if (!node)
		return 0;
	spin_lock_irqsave(&space->lock, flags);
	ret = drm_mm_insert_node_in_range(&space->mm, node, size, align, 0, from, to,
					  mode);
	spin_unlock_irqrestore(&space->lock, flags);
	if (!ret)
		return (unsigned long)node;
	kmem_cache_free(space->nodes, node);
	return 0;
}

static __always_inline void drm_give(struct drm_space *space, struct drm_mm_node *node)
{
	unsigned long flags;

	spin_lock_irqsave(&space->lock, flags);
	drm_mm_remove_node(node);
	spin_unlock_irqrestore(&space->lock, flags);
	kmem_cache_free(space->nodes, node);
}

#define DEFINE_DRM_PEER(peer, align, from, to, mode)			\
static __always_inline unsigned long peer##_take(void *allocator, size_t size, \
						 unsigned int aux)	\
{									\
	struct drm_space *space = allocator;				\
									\
	return drm_take(space, size, align, from, to, mode);		\
}									\
									\
static __always_inline void peer##_give(void *space, unsigned long node, \
					size_t size)			\
{									\
	drm_give(space, (struct drm_mm_node *)node);			\
}									\
									\
DEFINE_BENCH_LOOPS(peer)

DEFINE_DRM_PEER(best, 0, 0, U64_MAX, DRM_MM_INSERT_BEST);
DEFINE_DRM_PEER(low, 0, 0, U64_MAX, DRM_MM_INSERT_LOW);
DEFINE_DRM_PEER(high, 0, 0, U64_MAX, DRM_MM_INSERT_HIGH);
DEFINE_DRM_PEER(aligned_best, 1ull << aux, 0, U64_MAX, DRM_MM_INSERT_BEST);
DEFINE_DRM_PEER(aligned_low, 1ull << aux, 0, U64_MAX, DRM_MM_INSERT_LOW);
DEFINE_DRM_PEER(window_best, 0, BENCH_BASE + aux * space->window,
		BENCH_BASE + (aux + 1) * space->window, DRM_MM_INSERT_BEST);
DEFINE_DRM_PEER(window_low, 0, BENCH_BASE + aux * space->window,
		BENCH_BASE + (aux + 1) * space->window, DRM_MM_INSERT_LOW);

#define DRM_PEER(mode_name, peer)					\
	.name = "drm_mm",						\
	.mode = mode_name,						\
	.create = drm_begin,						\
	.destroy = drm_end,						\
	.address = drm_address,						\
	BENCH_PEER(peer)

const struct bench_peer bench_drm_best = { DRM_PEER("best", best) };
const struct bench_peer bench_drm_low = { DRM_PEER("low", low) };
const struct bench_peer bench_drm_high = { DRM_PEER("high", high) };
const struct bench_peer bench_drm_window_low = { DRM_PEER("low", window_low) };

/* These try all holes that are large enough, up to one that suits. */
const struct bench_peer bench_drm_aligned_low = {
	DRM_PEER("low", aligned_low),
	.most = 100000,
};

const struct bench_peer bench_drm_aligned_best = {
	DRM_PEER("best", aligned_best),
	.most = 100000,
};

const struct bench_peer bench_drm_window_best = {
	DRM_PEER("best", window_best),
	.most = 100000,
};
