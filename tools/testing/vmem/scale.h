/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scale ruler knows of an allocator.
 *
 * A peer is two inline functions, NAME_take() and NAME_give(). DEFINE_PEER() expands
 * them in the bodies of all loops, so that each loop has direct calls, or none.
 */
#ifndef _VMEM_TEST_SCALE_H
#define _VMEM_TEST_SCALE_H

#include "linux/main.h"

#include <time.h>

struct scale_live {
	unsigned long addr;
	unsigned long size;
};

/* Drawn before the clock starts. */
struct scale_op {
	u32 victim;			/* which of the live ones is freed, */
	u32 size;			/* and what is allocated then */
};

/*
 * Objects on their way from one thread to another. Each end tells the other how far
 * it is every SCALE_STEP objects only: an allocator is to be measured, not a ring.
 */
#define SCALE_RING	2048
#define SCALE_STEP	64

struct scale_ring {
	unsigned long head ____cacheline_aligned_in_smp;
	unsigned long tail ____cacheline_aligned_in_smp;
	unsigned long seen_head ____cacheline_aligned_in_smp;	/* by who receives */
	unsigned long seen_tail ____cacheline_aligned_in_smp;	/* by who sends */
	unsigned long slot[SCALE_RING] ____cacheline_aligned_in_smp;
};

struct scale_data {
	unsigned long size;
	struct scale_live *live;
	const struct scale_op *op;
	u32 *ticks;
	struct scale_ring *ring;
};

typedef void scale_loop_t(void *allocator, const struct scale_data *data,
			  unsigned long n);

enum scale_loop {
	SCALE_PAIRS,			/* allocate one, free it */
	SCALE_REPLACEMENTS,		/* free a random one, allocate another */
	SCALE_TICKS,			/* the same, each one timed */
	SCALE_ALLOCS,			/* into the ring */
	SCALE_FREES,			/* out of it */
	SCALE_RING_PAIRS,		/* both, by one thread */
	SCALE_LOOPS
};

struct scale_work;

/**
 * struct scale_peer - an allocator, by DEFINE_PEER().
 * @name: for the results
 * @create: make one with so many quanta; @cached: with what it has for each CPU
 * @destroy: end it
 * @where: where something begins that it has handed out, if that is not the address
 * @cached: has something for each CPU
 * @uncached: serves any size, and without that
 * @limit: the most live ones that it is worth to wait for
 * @search: what it counted of segments looked at, if it does
 */
struct scale_peer {
	const char *name;
	void *(*create)(unsigned long quanta, bool cached);
	void (*destroy)(void *allocator);
	unsigned long (*take)(void *allocator, unsigned long size);
	void (*give)(void *allocator, unsigned long addr, unsigned long size);
	unsigned long (*where)(unsigned long addr);
	bool cached;
	bool uncached;
	unsigned long limit;
	u64 (*search)(void *allocator);
	scale_loop_t *loop[SCALE_LOOPS];
};

extern const struct scale_peer scale_paper_instant, scale_paper_best;

static __always_inline u64 scale_ticks(void)
{
	u32 low, high;

	__asm__ __volatile__("rdtscp; lfence"
			     : "=a" (low), "=d" (high) : : "rcx", "memory");
	return (u64)high << 32 | low;
}

static __always_inline void scale_send(struct scale_ring *ring, unsigned long i,
				       unsigned long addr)
{
	while (unlikely(i - ring->seen_tail >= SCALE_RING)) {
		ring->seen_tail = smp_load_acquire(&ring->tail);	/* slots are read */
		__builtin_ia32_pause();
	}
	ring->slot[i % SCALE_RING] = addr;
	if (unlikely((i + 1) % SCALE_STEP == 0))
		smp_store_release(&ring->head, i + 1);	/* slots are written */
}

static __always_inline unsigned long scale_receive(struct scale_ring *ring,
						   unsigned long i)
{
	unsigned long addr;

	while (unlikely(ring->seen_head == i)) {
		ring->seen_head = smp_load_acquire(&ring->head);	/* see scale_send() */
		__builtin_ia32_pause();
	}
	addr = ring->slot[i % SCALE_RING];
	if (unlikely((i + 1) % SCALE_STEP == 0))
		smp_store_release(&ring->tail, i + 1);	/* see scale_send() */
	return addr;
}

#define DEFINE_PEER(peer, ...)						\
static noinline void peer##_pairs(void *allocator,			\
				  const struct scale_data *data,	\
				  unsigned long n)			\
{									\
	unsigned long size = data->size;				\
									\
	for (; n; n--) {						\
		peer##_give(allocator, peer##_take(allocator, size), size); \
		barrier();						\
	}								\
}									\
									\
static noinline void peer##_replacements(void *allocator,		\
					 const struct scale_data *data,	\
					 unsigned long n)		\
{									\
	const struct scale_op *op = data->op;				\
									\
	for (; n; n--, op++) {						\
		struct scale_live *live = &data->live[op->victim];	\
									\
		peer##_give(allocator, live->addr, live->size);		\
		live->size = op->size;					\
		live->addr = peer##_take(allocator, op->size);		\
		barrier();						\
	}								\
}									\
									\
static noinline void peer##_ticks(void *allocator,			\
				  const struct scale_data *data,	\
				  unsigned long n)			\
{									\
	const struct scale_op *op = data->op;				\
	u32 *ticks = data->ticks;					\
									\
	for (; n; n--, op++) {						\
		struct scale_live *live = &data->live[op->victim];	\
		unsigned long addr = live->addr, size = live->size;	\
		u64 begin = scale_ticks();				\
									\
		peer##_give(allocator, addr, size);			\
		addr = peer##_take(allocator, op->size);		\
		*ticks++ = scale_ticks() - begin;			\
		live->addr = addr;					\
		live->size = op->size;					\
	}								\
}									\
									\
static noinline void peer##_allocs(void *allocator,			\
				   const struct scale_data *data,	\
				   unsigned long n)			\
{									\
	unsigned long i;						\
									\
	for (i = 0; i < n; i++)						\
		scale_send(data->ring, i, peer##_take(allocator, data->size)); \
}									\
									\
static noinline void peer##_frees(void *allocator,			\
				  const struct scale_data *data,	\
				  unsigned long n)			\
{									\
	unsigned long i;						\
									\
	for (i = 0; i < n; i++)						\
		peer##_give(allocator, scale_receive(data->ring, i),	\
			    data->size);				\
}									\
									\
static noinline void peer##_ring_pairs(void *allocator,			\
				       const struct scale_data *data,	\
				       unsigned long n)			\
{									\
	unsigned long sent = 0, i;					\
									\
	for (i = 0; i < n; i++) {					\
		for (; sent < n && sent < i + SCALE_RING / 2; sent++)	\
			scale_send(data->ring, sent,			\
				   peer##_take(allocator, data->size));	\
		peer##_give(allocator, scale_receive(data->ring, i),	\
			    data->size);				\
	}								\
}									\
									\
static unsigned long peer##_take_one(void *allocator, unsigned long size) \
{									\
	return peer##_take(allocator, size);				\
}									\
									\
static void peer##_give_one(void *allocator, unsigned long addr,	\
			    unsigned long size)				\
{									\
	peer##_give(allocator, addr, size);				\
}									\
									\
const struct scale_peer scale_##peer = {				\
	.take = peer##_take_one,					\
	.give = peer##_give_one,					\
	.loop = {							\
		[SCALE_PAIRS] = peer##_pairs,				\
		[SCALE_REPLACEMENTS] = peer##_replacements,		\
		[SCALE_TICKS] = peer##_ticks,				\
		[SCALE_ALLOCS] = peer##_allocs,				\
		[SCALE_FREES] = peer##_frees,				\
		[SCALE_RING_PAIRS] = peer##_ring_pairs,			\
	},								\
	__VA_ARGS__							\
}

#endif /* _VMEM_TEST_SCALE_H */
