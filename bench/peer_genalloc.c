// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers: genalloc, a bitmap. Its cost is that of the bits it looks at.
 */
#include <linux/genalloc.h>
#include <linux/numa.h>

#include "peer.h"

static struct gen_pool *genalloc_space(size_t quanta, genpool_algo_t algo)
{
	struct gen_pool *pool = gen_pool_create(0, NUMA_NO_NODE);

	if (!pool)
		return NULL;
	gen_pool_set_algo(pool, algo, NULL);
	if (!gen_pool_add(pool, BENCH_BASE, quanta, NUMA_NO_NODE))
		return pool;
	gen_pool_destroy(pool);
	return NULL;
}

static void *genalloc_begin(const struct bench_peer *peer, size_t quanta)
{
	return genalloc_space(quanta, gen_pool_first_fit);
}

static void *genalloc_begin_best(const struct bench_peer *peer, size_t quanta)
{
	return genalloc_space(quanta, gen_pool_best_fit);
}

static void genalloc_end(void *pool)
{
	gen_pool_destroy(pool);
}

static __always_inline unsigned long genalloc_take(void *pool, size_t size,
						   unsigned int aux)
{
	return gen_pool_alloc(pool, size);
}

static __always_inline void genalloc_give(void *pool, unsigned long addr, size_t size)
{
	gen_pool_free(pool, addr, size);
}

DEFINE_BENCH_LOOPS(genalloc);

const struct bench_peer bench_genalloc = {
	.name = "genalloc",
	.mode = "first",
	.most = 100000,
	.create = genalloc_begin,
	.destroy = genalloc_end,
	BENCH_PEER(genalloc),
};

const struct bench_peer bench_genalloc_best = {
	.name = "genalloc",
	.mode = "best",
	.most = 1000,
	.create = genalloc_begin_best,
	.destroy = genalloc_end,
	BENCH_PEER(genalloc),
};
