// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times: clocks, distributions, and the lines that are printed.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "time.h"

/* === Nothing: what loops take by themselves === */

static __always_inline unsigned long empty_take(void *allocator, size_t size,
						unsigned int aux)
{
	return BENCH_BASE;
}

static __always_inline void empty_give(void *allocator, unsigned long handle,
				       size_t size)
{
}

DEFINE_BENCH_LOOPS(empty);

static void *empty_begin(const struct bench_peer *peer, size_t quanta)
{
	return (void *)peer;
}

static void empty_end(void *allocator)
{
}

const struct bench_peer bench_empty = {
	.name = "none",
	.mode = "empty",
	.create = empty_begin,
	.destroy = empty_end,
	BENCH_PEER(empty),
};

/* === Clocks === */

static u64 clocks_per_ms;

/* How fast does bench_clock() go? */
void bench_calibrate(void)
{
	u64 clocks = bench_clock(), begin = ktime_get_ns(), ns;

	do {
		ns = ktime_get_ns() - begin;
	} while (ns < 50 * NSEC_PER_MSEC);
	clocks_per_ms = div64_u64((bench_clock() - clocks) * NSEC_PER_MSEC, ns);
}

/* Tenths of a nanosecond for one operation, rounded. */
u64 bench_tenths(u64 clocks, u64 ops)
{
	u64 tenths = div64_u64(clocks * 10 * NSEC_PER_MSEC, clocks_per_ms);

	return div64_u64(tenths + ops / 2, ops);
}

/* === Distributions === */

/* The end of a bucket: a time that none in it exceeds. */
static u64 bucket_end(unsigned int bucket)
{
	if (bucket < 8)
		return bucket;
	return ((8ull + bucket % 8 + 1) << (bucket / 8 - 1)) - 1;
}

/* So many percent of the times are no longer than this. */
u64 bench_quantile(const struct bench_hist *hist, unsigned int percent)
{
	u64 below = 0, wanted = div_u64(hist->total * percent + 99, 100);
	unsigned int i;

	for (i = 0; i < BENCH_BUCKETS; i++) {
		below += hist->bucket[i];
		if (below >= wanted)
			return min(bucket_end(i), hist->max);
	}
	return hist->max;
}

/* === Seats === */

/* Is the name in a list with commas? All are in none. */
bool bench_listed(const char *list, const char *name)
{
	const size_t length = strlen(name);
	const char *end;

	if (!list)
		return true;
	for (;; list = end + 1) {
		end = strchrnul(list, ',');
		if (end - list == length && !strncmp(list, name, length))
			return true;
		if (!*end)
			return false;
	}
}

/* Is it to be measured? What all others are compared with always is. */
bool bench_wanted(const struct bench_peer *peer)
{
	return peer == &bench_empty || !strcmp(peer->name, "vmem") ||
	       bench_listed(bench_options.peer, peer->name);
}

/* All but the allocator. */
bool bench_seat_take(struct bench_seat *seat, const struct bench_peer *peer,
		     unsigned int live)
{
	memset(seat, 0, sizeof(*seat));
	seat->peer = peer;
	seat->per = BENCH_CHUNK;
	seat->run.live = kvcalloc(live, sizeof(*seat->run.live), GFP_KERNEL);
	seat->run.hist = &seat->hist;
	return seat->run.live;
}

void bench_seat_leave(struct bench_seat *seat)
{
	kvfree(seat->run.live);
}

bool bench_seat_open(struct bench_seat *seat, const struct bench_peer *peer,
		     size_t quanta, unsigned int live)
{
	if (!bench_seat_take(seat, peer, live))
		return false;
	seat->allocator = peer->create(peer, quanta);
	if (seat->allocator)
		return true;
	bench_seat_leave(seat);
	return false;
}

void bench_seat_close(struct bench_seat *seat)
{
	seat->peer->destroy(seat->allocator);
	bench_seat_leave(seat);
}

/* Not timed: let RCU free what it was left, and others run. */
void bench_rest(const struct bench_peer *peer)
{
	if (peer->rcu)
		rcu_barrier();
	cond_resched();
}

/* In chunks, of which each is timed; what is between them is not. */
void bench_loop(struct bench_seat *seat, enum bench_loop_nr nr, unsigned int n)
{
	unsigned int chunk;
	u64 clocks;

	for (; n; n -= chunk) {
		chunk = min(n, BENCH_CHUNK);
		clocks = seat->peer->loop[nr](seat->allocator, &seat->run, chunk);
		seat->ops += chunk;
		seat->clocks += clocks;
		if (chunk == BENCH_CHUNK && seat->nr_times < BENCH_TIMES)
			seat->times[seat->nr_times++] = clocks;
		bench_rest(seat->peer);
	}
}

/* Each operation by itself, into a distribution; the loop is not counted. */
void bench_singles(struct bench_seat *seat, unsigned int n)
{
	unsigned int chunk;

	for (; n; n -= chunk) {
		chunk = min(n, BENCH_CHUNK);
		seat->peer->loop[BENCH_SINGLES](seat->allocator, &seat->run, chunk);
		bench_rest(seat->peer);
	}
}

/* The times so far were a warm-up. */
void bench_forget(struct bench_seat *seat)
{
	seat->ops = 0;
	seat->clocks = 0;
	seat->nr_times = 0;
}

void bench_give_all(struct bench_seat *seat, unsigned int n)
{
	const struct bench_peer *peer = seat->peer;
	struct bench_live *live = seat->run.live;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (bench_got(live[i].handle))
			peer->give(seat->allocator, live[i].handle, live[i].size);
		if (i % BENCH_CHUNK == 0)
			bench_rest(peer);
	}
	bench_rest(peer);
}

/* === Results === */

/* One at a time: the log would mix parts of lines with others. */
static char line[512];
static size_t line_length;

void bench_add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_length += vscnprintf(line + line_length, sizeof(line) - line_length, format,
				  args);
	va_end(args);
}

/* A line begins. */
void bench_line(const struct bench_peer *peer, const char *work)
{
	line_length = 0;
	bench_add("peer=%s mode=%s work=%s threads=1", peer->name, peer->mode, work);
}

void bench_add_tenths(const char *name, u64 tenths)
{
	u32 tenth;
	u64 whole = div_u64_rem(tenths, 10, &tenth);

	bench_add(" %s=%llu.%u", name, whole, tenth);
}

/* A time in nanoseconds, for one of so many operations. */
void bench_add_ns(const char *name, u64 clocks, u64 empty, u64 ops)
{
	bench_add_tenths(name, bench_tenths(clocks > empty ? clocks - empty : 0, ops));
}

void bench_print(void)
{
	pr_info("vmem_bench: %s\n", line);
}

static int compare_times(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * Of all chunks, rather than of a few repeats: a chunk is so short that what else the
 * machine does is in few of them.
 */
static void times_sort(struct bench_seat *seat)
{
	sort(seat->times, seat->nr_times, sizeof(*seat->times), compare_times, NULL);
}

/* The median of a loop around nothing. */
static u64 times_nothing(const struct bench_seat *empty)
{
	return empty && empty->nr_times ? empty->times[empty->nr_times / 2] : 0;
}

/* The median and the least of what was timed, and the mean of everything. */
void bench_add_times(struct bench_seat *seat, const struct bench_seat *empty)
{
	u64 nothing = times_nothing(empty);

	times_sort(seat);
	bench_add_ns("ns", seat->times[seat->nr_times / 2], nothing, seat->per);
	bench_add_ns("min", seat->times[0], nothing, seat->per);
	bench_add_ns("mean", seat->clocks, div_u64(nothing * seat->ops, seat->per),
		     seat->ops);
	if (!seat->hist.total)
		return;
	nothing = empty ? bench_quantile(&empty->hist, 50) : 0;
	bench_add_ns("p50", bench_quantile(&seat->hist, 50), nothing, 1);
	bench_add_ns("p99", bench_quantile(&seat->hist, 99), nothing, 1);
	bench_add_ns("max", seat->hist.max, nothing, 1);
}
