// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exhaustion: how much of a space can be had, and how long it takes to hear that there
 * is nothing left.
 *
 * At first half of the space is allocated and freed again, in random order, so that
 * whatever keeps something back has it. Then everything is taken: random sizes, and
 * smaller ones when they are refused, until not even a single unit is left.
 */
#include <linux/mm.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "time.h"

#define QUANTA		65536u
#define REFUSALS	16u	/* of one unit */

struct full {
	const char *name;
	unsigned int size;	/* at most */
	const struct bench_peer *peer[12];
};

static const struct full fulls[] = {
	{
		.name = "full-ids",
		.size = 1,
		.peer = {
			&bench_vmem_instant_cached,
			&bench_vmem_instant,
			&bench_sbitmap,
			&bench_ida,
			&bench_xarray,
			&bench_iova_fast,
			&bench_genalloc,
			&bench_drm_best,
			&bench_maple,
		},
	}, {
		.name = "full-sizes",
		.size = 16,
		.peer = {
			&bench_vmem_instant_cached,
			&bench_vmem_instant,
			&bench_vmem_best,
			&bench_iova_fast,
			&bench_genalloc,
			&bench_drm_best,
			&bench_maple,
		},
	},
};

/* Of each repeat; times are in clocks. */
struct full_result {
	u64 quanta[BENCH_REPEATS];	/* reached */
	u64 first[BENCH_REPEATS];	/* refusal */
	u64 longest[BENCH_REPEATS];	/* refusal */
};

static unsigned int draw_size(struct rnd_state *rnd, unsigned int most)
{
	return 1 + prandom_u32_state(rnd) % most;
}

/* Returns how long it took; whether it was met, is seen by the number of live ones. */
static u64 full_take(struct bench_seat *seat, unsigned int size)
{
	struct bench_live *live = &seat->run.live[seat->run.count];
	u64 begin = bench_clock();

	live->handle = seat->peer->take(seat->allocator, size, 0);
	begin = bench_clock() - begin;
	live->size = size;
	if (bench_got(live->handle) && ++seat->run.count % BENCH_CHUNK == 0)
		bench_rest(seat->peer);
	return begin;
}

static void full_give(struct bench_seat *seat, unsigned int nr)
{
	struct bench_live *live = &seat->run.live[nr];

	seat->peer->give(seat->allocator, live->handle, live->size);
	*live = seat->run.live[--seat->run.count];
	if (seat->run.count % BENCH_CHUNK == 0)
		bench_rest(seat->peer);
}

static void full_warm_up(struct bench_seat *seat, unsigned int most, struct rnd_state *rnd)
{
	unsigned int used = 0, size;

	while (used < QUANTA / 2) {
		size = draw_size(rnd, most);
		full_take(seat, size);
		used += size;
	}
	while (seat->run.count)
		full_give(seat, prandom_u32_state(rnd) % seat->run.count);
}

/* Ends when REFUSALS have been refused that are of one unit. */
static void full_fill(struct bench_seat *seat, unsigned int most, struct rnd_state *rnd,
		      struct full_result *result, unsigned int repeat)
{
	unsigned int refusals = 0, count, size;
	u64 took;

	while (refusals < REFUSALS) {
		count = seat->run.count;
		size = draw_size(rnd, most);
		took = full_take(seat, size);
		if (seat->run.count > count) {
			result->quanta[repeat] += size;
			continue;
		}
		if (!result->longest[repeat])
			result->first[repeat] = took;
		result->longest[repeat] = max(result->longest[repeat], took);
		if (size > 1)
			most = size - 1;
		else
			refusals++;
	}
}

static void full_repeat(struct bench_seat *seat, unsigned int most, unsigned int repeat,
			struct full_result *result)
{
	struct rnd_state rnd;

	prandom_seed_state(&rnd, bench_options.seed + repeat);
	full_warm_up(seat, most, &rnd);
	full_fill(seat, most, &rnd, result, repeat);
	while (seat->run.count)
		full_give(seat, seat->run.count - 1);
}

static int compare_u64(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The least that was reached; medians of times, and the worst of all. */
static void full_print(const struct bench_peer *peer, const struct full *full,
		       struct full_result *result)
{
	const unsigned int n = bench_options.repeats;

	sort(result->quanta, n, sizeof(u64), compare_u64, NULL);
	sort(result->first, n, sizeof(u64), compare_u64, NULL);
	sort(result->longest, n, sizeof(u64), compare_u64, NULL);
	bench_line(peer, full->name);
	bench_add(" n=%u", QUANTA);
	bench_add_tenths("reached", div_u64(1000 * result->quanta[0], QUANTA));
	bench_add_ns("first", result->first[n / 2], 0, 1);
	bench_add_ns("longest", result->longest[n / 2], 0, 1);
	bench_add_ns("max", result->longest[n - 1], 0, 1);
	bench_print();
}

static int full_measure(const struct bench_peer *peer, const struct full *full,
			struct bench_seat *seat)
{
	struct full_result result = {};
	unsigned int repeat;

	if (!bench_seat_open(seat, peer, QUANTA, QUANTA + 1))
		return -ENOMEM;
	for (repeat = 0; repeat < bench_options.repeats; repeat++)
		full_repeat(seat, full->size, repeat, &result);
	full_print(peer, full, &result);
	bench_seat_close(seat);
	return 0;
}

static int full_all(const struct full *full, struct bench_seat *seat)
{
	const struct bench_peer *const *peer;
	int ret = 0;

	if (!bench_work(full->name))
		return 0;
	for (peer = full->peer; *peer && !ret; peer++) {
		if (bench_wanted(*peer))
			ret = full_measure(*peer, full, seat);
	}
	return ret;
}

int bench_full(void)
{
	struct bench_seat *seat = kvmalloc(sizeof(*seat), GFP_KERNEL);
	unsigned int i;
	int ret = 0;

	if (!seat)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(fulls) && !ret; i++)
		ret = full_all(&fulls[i], seat);
	kvfree(seat);
	return ret;
}
