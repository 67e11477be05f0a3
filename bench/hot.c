// SPDX-License-Identifier: GPL-2.0-only
/*
 * One unit at a time: a pair of calls, batches of which the last one is freed first,
 * and many that are freed in random order.
 */
#include <linux/mm.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "time.h"

#define QUANTA		4096u
#define OPS		(16 * BENCH_CHUNK)	/* of a repeat */
#define MANY		10000u
#define SEATS		16

static const struct bench_peer *const peers[] = {
	&bench_empty,
	&bench_vmem_instant_cached,
	&bench_vmem_instant,
	&bench_vmem_best,
	&bench_sbitmap,
	&bench_iova_fast,
	&bench_ida,
	&bench_xarray,
	&bench_iova,
	&bench_genalloc,
	&bench_drm_best,
	&bench_maple,
	NULL
};

struct hot {
	const char *name;
	enum bench_loop_nr loop;
	unsigned int batch;
};

static const struct hot hots[] = {
	{ "pair", BENCH_PAIRS },
	{ "batch-16", BENCH_BATCHES, 16 },
	{ "batch-64", BENCH_BATCHES, 64 },
	{ "batch-256", BENCH_BATCHES, 256 },
};

static unsigned int open_all(struct bench_seat *seats, unsigned int quanta,
			     unsigned int live)
{
	unsigned int count = 0, i;

	for (i = 0; peers[i]; i++) {
		if (!bench_wanted(peers[i]))
			continue;
		if (!bench_seat_open(&seats[count], peers[i], quanta, live))
			break;
		count++;
	}
	if (!peers[i])
		return count;
	while (count)
		bench_seat_close(&seats[--count]);
	return 0;
}

static void print_all(struct bench_seat *seats, unsigned int count, const char *work,
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		bench_line(seats[i].peer, work);
		bench_add(" n=%u", n);
		bench_add_times(&seats[i], i ? &seats[0] : NULL);
		bench_add(" refused=%llu", seats[i].run.refused);
		bench_print();
	}
}

static int hot_measure(const struct hot *hot, struct bench_seat *seats)
{
	unsigned int count = open_all(seats, QUANTA, max(hot->batch, 1u));
	unsigned int i, repeat;

	if (!count)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		seats[i].run.size = 1;
		seats[i].run.batch = hot->batch;
		bench_loop(&seats[i], hot->loop, OPS);
		bench_forget(&seats[i]);
	}
	for (repeat = 0; repeat < bench_options.repeats; repeat++) {
		for (i = 0; i < count; i++)
			bench_loop(&seats[i], hot->loop, OPS);
	}
	print_all(seats, count, hot->name, max(hot->batch, 1u));
	for (i = 0; i < count; i++)
		bench_seat_close(&seats[i]);
	return 0;
}

/* === Many, in random order === */

/* All of them once, each time anew. */
static void draw_order(struct bench_op *op, struct rnd_state *rnd)
{
	unsigned int i, other;

	for (i = 0; i < MANY; i++) {
		op[i].size = 1;
		op[i].victim = i;
	}
	for (i = MANY - 1; i; i--) {
		other = prandom_u32_state(rnd) % (i + 1);
		swap(op[i].victim, op[other].victim);
	}
}

/* A repeat is one time: allocation gets slower, or faster, in the course of it. */
static void order_repeat(struct bench_seat *seat, const struct bench_op *op)
{
	unsigned int count = seat->nr_times;
	u64 before = seat->clocks;

	seat->run.count = 0;
	seat->run.op = op;
	bench_loop(seat, BENCH_TAKES, MANY);
	seat->run.op = op;
	bench_loop(seat, BENCH_GIVES, MANY);
	seat->ops -= MANY;
	seat->nr_times = count;
	seat->times[seat->nr_times++] = seat->clocks - before;
}

static int order_turns(struct bench_seat *seats, struct bench_op *op)
{
	unsigned int count = open_all(seats, 2 * MANY, MANY), i, repeat;
	struct rnd_state rnd;

	if (!count)
		return -ENOMEM;
	prandom_seed_state(&rnd, bench_options.seed);
	for (repeat = 0; repeat <= bench_options.repeats; repeat++) {
		draw_order(op, &rnd);
		for (i = 0; i < count; i++) {
			seats[i].per = MANY;
			order_repeat(&seats[i], op);
			/* The first one is a warm-up. */
			if (!repeat)
				bench_forget(&seats[i]);
		}
	}
	print_all(seats, count, "random-order", MANY);
	for (i = 0; i < count; i++)
		bench_seat_close(&seats[i]);
	return 0;
}

static int order_measure(struct bench_seat *seats)
{
	struct bench_op *op = kvcalloc(MANY + BENCH_AHEAD, sizeof(*op), GFP_KERNEL);
	int ret = op ? order_turns(seats, op) : -ENOMEM;

	kvfree(op);
	return ret;
}

int bench_hot(void)
{
	struct bench_seat *seats = kvcalloc(SEATS, sizeof(*seats), GFP_KERNEL);
	unsigned int i;
	int ret = 0;

	if (!seats)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(hots) && !ret; i++) {
		if (bench_work(hots[i].name))
			ret = hot_measure(&hots[i], seats);
	}
	if (!ret && bench_work("random-order"))
		ret = order_measure(seats);
	kvfree(seats);
	return ret;
}
