// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers: the maple tree, with its own lock. It finds the lowest gap, and knows no
 * alignment: there, enough is taken to have an aligned part.
 */
#include <linux/maple_tree.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "peer.h"

struct maple_space {
	struct maple_tree tree;
	unsigned long last;
	unsigned long window;
};

static void *maple_begin(const struct bench_peer *peer, size_t quanta)
{
	struct maple_space *space = kzalloc(sizeof(*space), GFP_KERNEL);

	if (!space)
		return NULL;
	mt_init_flags(&space->tree, MT_FLAGS_ALLOC_RANGE);
	space->last = BENCH_BASE + quanta - 1;
	space->window = quanta / 16;
	return space;
}

static void maple_end(void *allocator)
{
	struct maple_space *space = allocator;

	mtree_destroy(&space->tree);
	kfree(space);
}

static __always_inline unsigned long maple_gap(struct maple_space *space, size_t size,
					       unsigned long first, unsigned long last)
{
	unsigned long index;

	return mtree_alloc_range(&space->tree, &index, xa_mk_value(size), size, first,
				 last, GFP_NOWAIT) ? 0 : index;
}

#define DEFINE_MAPLE_PEER(peer, length, from, to, address)		\
static __always_inline unsigned long peer##_take(void *allocator, size_t size, \
						 unsigned int aux)	\
{									\
	struct maple_space *space = allocator;				\
	unsigned long gap = maple_gap(space, length, from, to);	\
									\
	return address;							\
}									\
									\
static __always_inline void peer##_give(void *allocator, unsigned long index, \
					size_t size)			\
{									\
	struct maple_space *space = allocator;				\
									\
	mtree_erase(&space->tree, index);				\
}									\
									\
DEFINE_BENCH_LOOPS(peer)

DEFINE_MAPLE_PEER(maple, size, BENCH_BASE, space->last, gap);
DEFINE_MAPLE_PEER(aligned, size + (1ul << aux) - 1, BENCH_BASE, space->last,
		  ALIGN(gap, 1ul << aux));
DEFINE_MAPLE_PEER(window, size, BENCH_BASE + aux * space->window,
		  BENCH_BASE + (aux + 1) * space->window - 1, gap);

#define MAPLE_PEER(mode_name, peer)					\
	.name = "maple",						\
	.mode = mode_name,						\
	.rcu = true,							\
	.create = maple_begin,						\
	.destroy = maple_end,						\
	BENCH_PEER(peer)

const struct bench_peer bench_maple = { MAPLE_PEER("low", maple) };
const struct bench_peer bench_maple_aligned = { MAPLE_PEER("low", aligned) };
const struct bench_peer bench_maple_window = { MAPLE_PEER("low", window) };
