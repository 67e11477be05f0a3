/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times: what the workloads share.
 */
#ifndef _VMEM_BENCH_TIME_H
#define _VMEM_BENCH_TIME_H

#include <linux/prandom.h>

#include "peer.h"

/* Operations that are timed at once. What RCU was left is freed in between. */
#define BENCH_CHUNK	512u
#define BENCH_REPEATS	15u	/* at most */
#define BENCH_TIMES	512u	/* that are remembered of a loop */

/**
 * struct bench_options - what is to be measured, and how thoroughly.
 * @work: names of workloads; NULL for all
 * @peer: names of the peers besides vmem; NULL for all
 * @seed: what the random choices begin with
 * @most: the largest number of live segments
 * @repeats: how often each is measured
 * @quick: less of everything
 */
struct bench_options {
	const char *work;
	const char *peer;
	unsigned int seed;
	unsigned int most;
	unsigned int repeats;
	bool quick;
};

extern struct bench_options bench_options;

/* No statistic. */
#define BENCH_UNKNOWN	U64_MAX

/**
 * struct bench_seat - a peer in a workload.
 * @peer: which
 * @allocator: made by it
 * @run: what its loops see
 * @ops: operations of all loops so far
 * @clocks: what they took, as bench_clock() counts
 * @per: operations of each of @times
 * @nr_times: how many of them there are
 * @times: of chunks, unless a workload has its own
 * @slow: does less of everything
 * @hist: of single operations
 */
struct bench_seat {
	const struct bench_peer *peer;
	void *allocator;
	struct bench_run run;
	u64 ops;
	u64 clocks;
	unsigned int per;
	unsigned int nr_times;
	u64 times[BENCH_TIMES];
	bool slow;
	struct bench_hist hist;
};

/* === measure.c === */

void bench_calibrate(void);
u64 bench_tenths(u64 clocks, u64 ops);
u64 bench_quantile(const struct bench_hist *hist, unsigned int percent);
void bench_loop(struct bench_seat *seat, enum bench_loop_nr nr, unsigned int n);
void bench_singles(struct bench_seat *seat, unsigned int n);
void bench_forget(struct bench_seat *seat);
void bench_rest(const struct bench_peer *peer);
bool bench_listed(const char *list, const char *name);
bool bench_wanted(const struct bench_peer *peer);
bool bench_seat_take(struct bench_seat *seat, const struct bench_peer *peer,
		     unsigned int live);
void bench_seat_leave(struct bench_seat *seat);
bool bench_seat_open(struct bench_seat *seat, const struct bench_peer *peer,
		     size_t quanta, unsigned int live);
void bench_seat_close(struct bench_seat *seat);
void bench_give_all(struct bench_seat *seat, unsigned int n);
void bench_line(const struct bench_peer *peer, const char *work);
__printf(1, 2) void bench_add(const char *format, ...);
void bench_add_tenths(const char *name, u64 tenths);
void bench_add_ns(const char *name, u64 clocks, u64 empty, u64 ops);
void bench_add_times(struct bench_seat *seat, const struct bench_seat *empty);
void bench_print(void);

/* === kstat.c === */

u64 bench_kstat(const char *arena, const char *statistic);

/* === check.c === */

struct bench_shadow;
struct bench_shadow *bench_shadow_begin(size_t quanta);
void bench_shadow_end(struct bench_shadow *shadow);
bool bench_shadow_take(struct bench_shadow *shadow, unsigned long address, size_t size);
bool bench_shadow_give(struct bench_shadow *shadow, unsigned long address, size_t size);

/* === Workloads === */

bool bench_work(const char *name);
int bench_memory(void);
int bench_hot(void);
int bench_churn(void);
int bench_full(void);
int bench_ageing(void);

#endif /* _VMEM_BENCH_TIME_H */
