/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path lengths: instructions that an allocation and a free take.
 *
 * A peer is an allocator: two inline functions, NAME_take() and NAME_give(), and
 * an object that they work on. DEFINE_PATH_PEER() expands them in the bodies of
 * three loops, so that each loop has direct calls (or none, if the peer's own are
 * inline), and around them the same code for every peer. The same loops around
 * nothing are measured in the same run and subtracted: what remains is the peer.
 */
#ifndef _VMEM_BENCH_PATH_H
#define _VMEM_BENCH_PATH_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/tsc.h>

#define PATH_ROUND	1000	/* operations that are timed at once */
#define PATH_BATCH	100

/**
 * enum path_loop - what is done over and over.
 * @PATH_PAIRS: allocate one, free it
 * @PATH_BATCHES: allocate PATH_BATCH, free them, the last one first
 * @PATH_REPLACEMENTS: free a random one of those alive, allocate another
 * @PATH_LOOPS: how many there are
 */
enum path_loop {
	PATH_PAIRS,
	PATH_BATCHES,
	PATH_REPLACEMENTS,
	PATH_LOOPS
};

struct path_live {
	unsigned long addr;
	size_t size;
};

/* A replacement, drawn before the clock starts. */
struct path_op {
	unsigned int victim;	/* which of the live ones is freed, */
	unsigned int size;	/* and what is allocated then */
};

/* What the loops work on; which of it, depends on the loop. */
struct path_data {
	size_t size;
	struct path_live *live;
	const struct path_op *op;
};

struct path_work;

/* A loop, for @n operations. Returns how many instructions they took. */
typedef u64 path_loop_t(void *allocator, const struct path_data *data,
			unsigned int n);

/**
 * struct path_peer - an allocator, by DEFINE_PATH_PEER().
 * @name: for the results
 * @ids: hands out ids from 0 on, and negative numbers on failure; not NULL
 * @create: make what is measured; NULL on failure
 * @destroy: and end it
 * @take: the pair, for what is not timed
 * @give: the pair, for what is not timed
 * @loop: the loops
 */
struct path_peer {
	const char *name;
	bool ids;
	void *(*create)(const struct path_work *work);
	void (*destroy)(void *allocator);
	unsigned long (*take)(void *allocator, size_t size);
	void (*give)(void *allocator, unsigned long addr, size_t size);
	path_loop_t *loop[PATH_LOOPS];
};

/**
 * struct path_work - one thing to be measured.
 * @name: its name
 * @peer: the allocator
 * @loop: which loop
 * @quantum: unit of what follows
 * @quanta: how much there is to be had
 * @size: allocated each time, in quanta; the largest size if they are random
 * @qcache_max: for vmem alone: the largest size to be cached, in quanta
 * @live: allocated beforehand, for replacements
 * @fails: there is nothing to be had
 */
struct path_work {
	const char *name;
	const struct path_peer *peer;
	enum path_loop loop;
	size_t quantum;
	size_t quanta;
	size_t size;
	size_t qcache_max;
	unsigned int live;
	bool fails;
};

/* barrier() keeps a loop as it is, even one around nothing. */
#define DEFINE_PATH_PAIRS(peer)						\
static noinline u64 peer##_pairs(void *allocator,			\
				 const struct path_data *data,		\
				 unsigned int n)			\
{									\
	size_t size = data->size;					\
	u64 begin = rdtsc_ordered();					\
									\
	for (; n; n--) {						\
		unsigned long addr = peer##_take(allocator, size);	\
									\
		peer##_give(allocator, addr, size);			\
		barrier();						\
	}								\
	return rdtsc_ordered() - begin;					\
}

#define DEFINE_PATH_BATCHES(peer)					\
static noinline u64 peer##_batches(void *allocator,			\
				   const struct path_data *data,	\
				   unsigned int n)			\
{									\
	struct path_live *live = data->live;				\
	size_t size = data->size;					\
	u64 begin = rdtsc_ordered();					\
	unsigned int i;							\
									\
	for (; n; n -= PATH_BATCH) {					\
		for (i = 0; i < PATH_BATCH; i++) {			\
			live[i].addr = peer##_take(allocator, size);	\
			barrier();					\
		}							\
		while (i--) {						\
			peer##_give(allocator, live[i].addr, size);	\
			barrier();					\
		}							\
	}								\
	return rdtsc_ordered() - begin;					\
}

#define DEFINE_PATH_REPLACEMENTS(peer)					\
static noinline u64 peer##_replacements(void *allocator,		\
					const struct path_data *data,	\
					unsigned int n)			\
{									\
	const struct path_op *op = data->op;				\
	u64 begin = rdtsc_ordered();					\
									\
	for (; n; n--, op++) {						\
		struct path_live *live = &data->live[op->victim];	\
									\
		peer##_give(allocator, live->addr, live->size);		\
		live->size = op->size;					\
		live->addr = peer##_take(allocator, op->size);		\
		barrier();						\
	}								\
	return rdtsc_ordered() - begin;					\
}

#define DEFINE_PATH_PEER(peer, ...)					\
DEFINE_PATH_PAIRS(peer)							\
DEFINE_PATH_BATCHES(peer)						\
DEFINE_PATH_REPLACEMENTS(peer)						\
static const struct path_peer path_##peer = {				\
	.take = peer##_take,						\
	.give = peer##_give,						\
	.loop = {							\
		[PATH_PAIRS] = peer##_pairs,				\
		[PATH_BATCHES] = peer##_batches,			\
		[PATH_REPLACEMENTS] = peer##_replacements,		\
	},								\
	__VA_ARGS__							\
}

/* Tables that end with an entry without a name. */
extern const struct path_work path_vmem[];
extern const struct path_work path_peers[];

#endif /* _VMEM_BENCH_PATH_H */
