// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers: allocators of ids alone. Sizes do not mean anything to them.
 */
#include <linux/idr.h>
#include <linux/numa.h>
#include <linux/sbitmap.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "peer.h"

/* Small ones, as they have in practice: their trees are as deep as ids are large. */
static unsigned long id_address(unsigned long id)
{
	return BENCH_BASE + id - 1;
}

/* === IDA === */

struct ida_space {
	struct ida ida;
	unsigned int last;
};

static void *ida_begin(const struct bench_peer *peer, size_t quanta)
{
	struct ida_space *space = kzalloc(sizeof(*space), GFP_KERNEL);

	if (!space)
		return NULL;
	ida_init(&space->ida);
	space->last = quanta;
	return space;
}

static void ida_end(void *allocator)
{
	struct ida_space *space = allocator;

	ida_destroy(&space->ida);
	kfree(space);
}

static __always_inline unsigned long ida_take(void *allocator, size_t size,
					      unsigned int aux)
{
	struct ida_space *space = allocator;

	return ida_alloc_range(&space->ida, 1, space->last, GFP_NOWAIT);
}

static __always_inline void ida_give(void *allocator, unsigned long id, size_t size)
{
	struct ida_space *space = allocator;

	ida_free(&space->ida, id);
}

DEFINE_BENCH_LOOPS(ida);

const struct bench_peer bench_ida = {
	.name = "ida",
	.mode = "ids",
	.address = id_address,
	.create = ida_begin,
	.destroy = ida_end,
	BENCH_PEER(ida),
};

/* === XArray: ids of pointers === */

struct xa_space {
	struct xarray xa;
	struct xa_limit limit;
};

static void *xa_begin(const struct bench_peer *peer, size_t quanta)
{
	struct xa_space *space = kzalloc(sizeof(*space), GFP_KERNEL);

	if (!space)
		return NULL;
	xa_init_flags(&space->xa, XA_FLAGS_ALLOC);
	space->limit = XA_LIMIT(1, quanta);
	return space;
}

static void xa_end(void *allocator)
{
	struct xa_space *space = allocator;

	xa_destroy(&space->xa);
	kfree(space);
}

static __always_inline unsigned long xa_take(void *allocator, size_t size,
					     unsigned int aux)
{
	struct xa_space *space = allocator;
	u32 id;

	return xa_alloc(&space->xa, &id, space, space->limit, GFP_NOWAIT) ? 0 : id;
}

static __always_inline void xa_give(void *allocator, unsigned long id, size_t size)
{
	struct xa_space *space = allocator;

	xa_erase(&space->xa, id);
}

DEFINE_BENCH_LOOPS(xa);

const struct bench_peer bench_xarray = {
	.name = "xarray",
	.mode = "ids",
	.address = id_address,
	.rcu = true,
	.create = xa_begin,
	.destroy = xa_end,
	BENCH_PEER(xa),
};

/* === sbitmap: of a fixed depth === */

static void *sbitmap_begin(const struct bench_peer *peer, size_t quanta)
{
	struct sbitmap *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	unsigned int cpu;

	if (!sb)
		return NULL;
	if (sbitmap_init_node(sb, quanta, -1, GFP_KERNEL, NUMA_NO_NODE, false, true)) {
		kfree(sb);
		return NULL;
	}
	/* Hints of where to look begin at random numbers: let them be the same. */
	for_each_possible_cpu(cpu) {
		unsigned int *hint = per_cpu_ptr(sb->alloc_hint, cpu);

		*hint = 0;
	}
	return sb;
}

static void sbitmap_end(void *sb)
{
	sbitmap_free(sb);
	kfree(sb);
}

static __always_inline unsigned long sb_take(void *sb, size_t size, unsigned int aux)
{
	int nr = sbitmap_get(sb);

	return nr < 0 ? 0 : nr + 1;
}

static __always_inline void sb_give(void *sb, unsigned long id, size_t size)
{
	sbitmap_put(sb, id - 1);
}

DEFINE_BENCH_LOOPS(sb);

const struct bench_peer bench_sbitmap = {
	.name = "sbitmap",
	.mode = "ids",
	.address = id_address,
	.create = sbitmap_begin,
	.destroy = sbitmap_end,
	BENCH_PEER(sb),
};
