/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peers: the allocators that are timed, all behind one interface.
 *
 * A peer is a set of inline functions, NAME_take() and NAME_give(), and an object
 * that they work on. DEFINE_BENCH_LOOPS() expands them in the bodies of all loops,
 * so that each loop has direct calls (or none, if the peer's own are inline), and
 * around them the same code for every peer. The same loops around nothing are
 * measured in the same run and subtracted: what remains is the peer.
 *
 * A space is the numbers from BENCH_BASE on. Sizes are in units of it.
 */
#ifndef _VMEM_BENCH_PEER_H
#define _VMEM_BENCH_PEER_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/log2.h>
#include <linux/prefetch.h>
#include <linux/types.h>

#include "clock.h"

/*
 * For the iova allocator with its pages of 4096 bytes this is where 32 bits end. A
 * domain with space on both sides of it and a limit above forgets where it was.
 */
#define BENCH_BASE	BIT(20)

/* Entries of tables that are fetched before it is their turn. */
#define BENCH_AHEAD	8

/* Handed out, and to be given back. What failed has the handle 0. */
struct bench_live {
	unsigned long handle;
	unsigned int size;
};

/* An operation, drawn before the clock starts. */
struct bench_op {
	u32 victim;	/* which of the live ones is freed, */
	u16 size;	/* and what is allocated then, */
	u16 aux;	/* and under which constraint, where there are any */
};

/* Times of single operations: eight buckets for each power of two. */
#define BENCH_BUCKETS	(8 * 40)

struct bench_hist {
	u64 total;
	u64 max;
	u32 bucket[BENCH_BUCKETS];
};

static __always_inline unsigned int bench_bucket(u64 t)
{
	unsigned int log;

	if (t < 8)
		return t;
	log = ilog2(t);
	return 8 * (log - 2) + ((t >> (log - 3)) & 7);
}

static __always_inline void bench_count(struct bench_hist *hist, u64 t)
{
	unsigned int bucket = bench_bucket(t);

	if (bucket >= BENCH_BUCKETS)
		bucket = BENCH_BUCKETS - 1;
	hist->bucket[bucket]++;
	hist->total++;
	if (t > hist->max)
		hist->max = t;
}

/**
 * enum bench_loop_nr - what is done over and over.
 * @BENCH_PAIRS: allocate one, free it
 * @BENCH_BATCHES: allocate a batch, free it, the last one first
 * @BENCH_TAKES: allocate one after the other
 * @BENCH_GIVES: free victims
 * @BENCH_REPLACEMENTS: free a victim, allocate another
 * @BENCH_SINGLES: the same, each timed by itself
 * @BENCH_STEPS: allocate if there is a size, otherwise free a victim
 * @BENCH_LOOPS: how many there are
 */
enum bench_loop_nr {
	BENCH_PAIRS,
	BENCH_BATCHES,
	BENCH_TAKES,
	BENCH_GIVES,
	BENCH_REPLACEMENTS,
	BENCH_SINGLES,
	BENCH_STEPS,
	BENCH_LOOPS
};

/**
 * struct bench_run - what loops work on; which of it, depends on the loop.
 * @live: what has been allocated
 * @count: how many these are, for BENCH_TAKES and BENCH_STEPS
 * @op: the next operation
 * @size: for BENCH_PAIRS and BENCH_BATCHES
 * @batch: of how many
 * @refused: requests that were not met
 * @hist: for BENCH_SINGLES
 */
struct bench_run {
	struct bench_live *live;
	unsigned int count;
	const struct bench_op *op;
	unsigned int size;
	unsigned int batch;
	u64 refused;
	struct bench_hist *hist;
};

/* A loop, for @n operations. Returns how long they took by bench_clock(). */
typedef u64 bench_loop_t(void *allocator, struct bench_run *run, unsigned int n);

/**
 * struct bench_peer - an allocator, and a way to ask it.
 * @name: whose it is
 * @mode: which policy, or which of its functions
 * @cached: for vmem alone: the largest size to be cached
 * @most: with more live segments, a run would take minutes; 0 for no limit
 * @rcu: leaves memory to RCU, which is to be waited for outside of the timing
 * @create: a space of @quanta; NULL on failure
 * @destroy: the end of it
 * @take: allocate; returns a handle, or 0, or a negative errno
 * @give: free
 * @address: of a handle; NULL if the handle is the address
 * @rounded: what is really taken for a size; NULL if nothing is added
 * @loop: by DEFINE_BENCH_LOOPS()
 */
struct bench_peer {
	const char *name;
	const char *mode;
	size_t cached;
	unsigned int most;
	bool rcu;
	void *(*create)(const struct bench_peer *peer, size_t quanta);
	void (*destroy)(void *allocator);
	unsigned long (*take)(void *allocator, size_t size, unsigned int aux);
	void (*give)(void *allocator, unsigned long handle, size_t size);
	unsigned long (*address)(unsigned long handle);
	size_t (*rounded)(size_t size);
	bench_loop_t *const *loop;
};

/* Neither 0 nor a negative errno. */
static __always_inline bool bench_got(unsigned long handle)
{
	return handle - 1 < -4096ul;
}

#define DEFINE_BENCH_PAIRS(peer)						\
static noinline u64 peer##_pairs(void *allocator, struct bench_run *run,	\
				 unsigned int n)				\
{										\
	unsigned int size = run->size;						\
	unsigned int refused = 0;						\
	u64 begin = bench_clock();						\
										\
	for (; n; n--) {							\
		unsigned long handle = peer##_take(allocator, size, 0);		\
										\
		if (likely(bench_got(handle)))					\
			peer##_give(allocator, handle, size);			\
		else								\
			refused++;						\
		barrier();							\
	}									\
	begin = bench_clock() - begin;						\
	run->refused += refused;						\
	return begin;								\
}

#define DEFINE_BENCH_BATCHES(peer)						\
static noinline u64 peer##_batches(void *allocator, struct bench_run *run,	\
				   unsigned int n)				\
{										\
	struct bench_live *live = run->live;					\
	unsigned int batch = run->batch, size = run->size;			\
	unsigned int refused = 0, i;						\
	u64 begin = bench_clock();						\
										\
	for (; n >= batch; n -= batch) {					\
		for (i = 0; i < batch; i++) {					\
			live[i].handle = peer##_take(allocator, size, 0);	\
			barrier();						\
		}								\
		while (i--) {							\
			if (likely(bench_got(live[i].handle)))			\
				peer##_give(allocator, live[i].handle, size);	\
			else							\
				refused++;					\
			barrier();						\
		}								\
	}									\
	begin = bench_clock() - begin;						\
	run->refused += refused;						\
	return begin;								\
}

#define DEFINE_BENCH_TAKES(peer)						\
static noinline u64 peer##_takes(void *allocator, struct bench_run *run,	\
				 unsigned int n)				\
{										\
	struct bench_live *live = run->live + run->count;			\
	const struct bench_op *op = run->op;					\
	unsigned int refused = 0, i;						\
	u64 begin = bench_clock();						\
										\
	for (i = 0; i < n; i++) {						\
		live[i].size = op[i].size;					\
		live[i].handle = peer##_take(allocator, op[i].size, op[i].aux);	\
		refused += !bench_got(live[i].handle);				\
		barrier();							\
	}									\
	begin = bench_clock() - begin;						\
	run->refused += refused;						\
	run->count += n;							\
	run->op += n;								\
	return begin;								\
}

#define DEFINE_BENCH_GIVES(peer)						\
static noinline u64 peer##_gives(void *allocator, struct bench_run *run,	\
				 unsigned int n)				\
{										\
	struct bench_live *all = run->live;					\
	const struct bench_op *op = run->op;					\
	unsigned int i;								\
	u64 begin = bench_clock();						\
										\
	for (i = 0; i < n; i++) {						\
		struct bench_live *live = &all[op[i].victim];			\
										\
		prefetch(&all[op[i + BENCH_AHEAD].victim]);			\
		if (likely(bench_got(live->handle)))				\
			peer##_give(allocator, live->handle, live->size);	\
		barrier();							\
	}									\
	begin = bench_clock() - begin;						\
	run->count -= n;							\
	run->op += n;								\
	return begin;								\
}

/* Cache misses of the table of live segments are nobody's: hence prefetch(). */
#define BENCH_REPLACE(peer)							\
	do {									\
		struct bench_live *live = &all[op->victim];			\
										\
		if (likely(bench_got(live->handle)))				\
			peer##_give(allocator, live->handle, live->size);	\
		live->size = op->size;						\
		live->handle = peer##_take(allocator, op->size, op->aux);	\
		refused += !bench_got(live->handle);				\
		barrier();							\
	} while (0)

#define DEFINE_BENCH_REPLACEMENTS(peer)						\
static noinline u64 peer##_replacements(void *allocator, struct bench_run *run,	\
					unsigned int n)				\
{										\
	const struct bench_op *op = run->op, *end = op + n;			\
	struct bench_live *all = run->live;					\
	unsigned int refused = 0;						\
	u64 begin = bench_clock();						\
										\
	for (; op < end; op++) {						\
		prefetch(&all[op[BENCH_AHEAD].victim]);				\
		BENCH_REPLACE(peer);						\
	}									\
	begin = bench_clock() - begin;						\
	run->refused += refused;						\
	run->op = op;								\
	return begin;								\
}

#define DEFINE_BENCH_SINGLES(peer)						\
static noinline u64 peer##_singles(void *allocator, struct bench_run *run,	\
				   unsigned int n)				\
{										\
	const struct bench_op *op = run->op, *end = op + n;			\
	struct bench_live *all = run->live;					\
	unsigned int refused = 0;						\
	u64 begin, t, sum = 0;							\
										\
	for (; op < end; op++) {						\
		prefetch(&all[op[BENCH_AHEAD].victim]);				\
		begin = bench_clock();						\
		BENCH_REPLACE(peer);						\
		t = bench_clock() - begin;					\
		bench_count(run->hist, t);					\
		sum += t;							\
	}									\
	run->refused += refused;						\
	run->op = op;								\
	return sum;								\
}

/* The last one takes the place of one that is freed. */
#define DEFINE_BENCH_STEPS(peer)						\
static noinline u64 peer##_steps(void *allocator, struct bench_run *run,	\
				 unsigned int n)				\
{										\
	const struct bench_op *op = run->op, *end = op + n;			\
	struct bench_live *all = run->live, *live;				\
	unsigned int count = run->count, refused = 0;				\
	u64 begin = bench_clock();						\
										\
	for (; op < end; op++) {						\
		prefetch(&all[op[BENCH_AHEAD].victim]);				\
		if (op->size) {							\
			live = &all[count++];					\
			live->size = op->size;					\
			live->handle = peer##_take(allocator, op->size, 0);	\
			refused += !bench_got(live->handle);			\
		} else {							\
			live = &all[op->victim];				\
			if (likely(bench_got(live->handle)))			\
				peer##_give(allocator, live->handle, live->size); \
			*live = all[--count];					\
		}								\
		barrier();							\
	}									\
	begin = bench_clock() - begin;						\
	run->refused += refused;						\
	run->count = count;							\
	run->op = op;								\
	return begin;								\
}

#define DEFINE_BENCH_LOOPS(peer)						\
DEFINE_BENCH_PAIRS(peer)							\
DEFINE_BENCH_BATCHES(peer)							\
DEFINE_BENCH_TAKES(peer)							\
DEFINE_BENCH_GIVES(peer)							\
DEFINE_BENCH_REPLACEMENTS(peer)							\
DEFINE_BENCH_SINGLES(peer)							\
DEFINE_BENCH_STEPS(peer)							\
static bench_loop_t *const peer##_loops[BENCH_LOOPS] = {			\
	[BENCH_PAIRS] = peer##_pairs,						\
	[BENCH_BATCHES] = peer##_batches,					\
	[BENCH_TAKES] = peer##_takes,						\
	[BENCH_GIVES] = peer##_gives,						\
	[BENCH_REPLACEMENTS] = peer##_replacements,				\
	[BENCH_SINGLES] = peer##_singles,					\
	[BENCH_STEPS] = peer##_steps,						\
}

/* The members that all peers have. */
#define BENCH_PEER(peer)							\
	.take = peer##_take,							\
	.give = peer##_give,							\
	.loop = peer##_loops

extern const struct bench_peer bench_empty;

extern const struct bench_peer bench_vmem_instant;
extern const struct bench_peer bench_vmem_instant_cached;
extern const struct bench_peer bench_vmem_best;
extern const struct bench_peer bench_vmem_first;
extern const struct bench_peer bench_vmem_next;
extern const struct bench_peer bench_vmem_end;
extern const struct bench_peer bench_vmem_aligned;
extern const struct bench_peer bench_vmem_aligned_best;
extern const struct bench_peer bench_vmem_phase;
extern const struct bench_peer bench_vmem_nocross;
extern const struct bench_peer bench_vmem_window;
extern const struct bench_peer bench_vmem_window_best;
extern const struct bench_peer bench_vmem_window_first;

extern const struct bench_peer bench_drm_best;
extern const struct bench_peer bench_drm_low;
extern const struct bench_peer bench_drm_high;
extern const struct bench_peer bench_drm_aligned_best;
extern const struct bench_peer bench_drm_aligned_low;
extern const struct bench_peer bench_drm_window_best;
extern const struct bench_peer bench_drm_window_low;

extern const struct bench_peer bench_maple;
extern const struct bench_peer bench_maple_aligned;
extern const struct bench_peer bench_maple_window;

extern const struct bench_peer bench_iova;
extern const struct bench_peer bench_iova_fast;

extern const struct bench_peer bench_genalloc;
extern const struct bench_peer bench_genalloc_best;

extern const struct bench_peer bench_ida;
extern const struct bench_peer bench_xarray;
extern const struct bench_peer bench_sbitmap;

#endif /* _VMEM_BENCH_PEER_H */
