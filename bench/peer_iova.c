// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers: I/O virtual addresses, from their tree and through their caches per CPU.
 * They are allocated from the top down; below 32 pages the caches round up to a power
 * of two.
 */
#include <linux/iova.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "peer.h"

#define CACHED	32	/* pages, of which the caches have none: see alloc_iova_fast() */

struct iova_space {
	struct iova_domain domain;
	unsigned long last;
};

static void *iova_begin(const struct bench_peer *peer, size_t quanta)
{
	struct iova_space *space = kzalloc(sizeof(*space), GFP_KERNEL);

	if (!space)
		return NULL;
	if (iova_cache_get()) {
		kfree(space);
		return NULL;
	}
	init_iova_domain(&space->domain, PAGE_SIZE, BENCH_BASE);
	space->last = BENCH_BASE + quanta - 1;
	if (!iova_domain_init_rcaches(&space->domain))
		return space;
	put_iova_domain(&space->domain);
	iova_cache_put();
	kfree(space);
	return NULL;
}

static void iova_end(void *allocator)
{
	struct iova_space *space = allocator;

	put_iova_domain(&space->domain);
	iova_cache_put();
	kfree(space);
}

static unsigned long iova_address(unsigned long handle)
{
	return ((struct iova *)handle)->pfn_lo;
}

static size_t iova_rounded(size_t size)
{
	return size < CACHED ? roundup_pow_of_two(size) : size;
}

static __always_inline unsigned long tree_take(void *allocator, size_t size,
					       unsigned int aux)
{
	struct iova_space *space = allocator;

	return (unsigned long)alloc_iova(&space->domain, size, space->last, false);
}

static __always_inline void tree_give(void *allocator, unsigned long iova, size_t size)
{
	struct iova_space *space = allocator;

	__free_iova(&space->domain, (struct iova *)iova);
}

DEFINE_BENCH_LOOPS(tree);

static __always_inline unsigned long fast_take(void *allocator, size_t size,
					       unsigned int aux)
{
	struct iova_space *space = allocator;

	return alloc_iova_fast(&space->domain, size, space->last, true);
}

static __always_inline void fast_give(void *allocator, unsigned long pfn, size_t size)
{
	struct iova_space *space = allocator;

	free_iova_fast(&space->domain, pfn, size);
}

DEFINE_BENCH_LOOPS(fast);

#define IOVA_PEER(mode_name, peer)					\
	.mode = mode_name,						\
	.create = iova_begin,						\
	.destroy = iova_end,						\
	BENCH_PEER(peer)

const struct bench_peer bench_iova = {
	IOVA_PEER("tree", tree),
	.name = "iova",
	.most = 10000,
	.address = iova_address,
};

const struct bench_peer bench_iova_fast = {
	IOVA_PEER("cached", fast),
	.name = "iova_fast",
	.most = 100000,
	.rounded = iova_rounded,
};
