// SPDX-License-Identifier: GPL-2.0-only
/*
 * Churn, of random sizes or of single units: of 2n segments every other one is freed;
 * then, again and again, a random one is freed and another allocated.
 *
 * All peers have the same sizes and victims, drawn before. Each replaces about twice
 * as many as are live before it is timed, or as many as it can in a few seconds. Then
 * they take turns. Whole loops give the mean, operations that are timed one by one
 * the distribution, from which the clock's own time is subtracted.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "time.h"

#define WARM_UP		2u	/* times n */
#define OPS		8192u	/* of a repeat */
#define SINGLES		8192u
#define SLOW		200000	/* tenths of a nanosecond: an eighth of that is done */
#define CHECKED		1000u	/* live segments of the pass that is checked */

#define SEATS		20

/**
 * struct churn - a workload.
 * @name: of it
 * @size: the largest; the smallest is 1
 * @room: units of the space, for each of the live segments
 * @aux: constraints are below this; 0 for none
 * @fits: does an address keep its constraint? NULL where there are none
 * @peer: who is asked
 */
struct churn {
	const char *name;
	unsigned int size;
	unsigned int room;
	unsigned int aux;
	bool (*fits)(unsigned long address, size_t size, unsigned int aux, size_t quanta);
	const struct bench_peer *peer[SEATS];
};

/* === What is measured === */

static bool fits_aligned(unsigned long address, size_t size, unsigned int aux,
			 size_t quanta)
{
	return !(address & ((1ul << aux) - 1));
}

static bool fits_phase(unsigned long address, size_t size, unsigned int aux,
		       size_t quanta)
{
	return address % 64 == 16;
}

static bool fits_nocross(unsigned long address, size_t size, unsigned int aux,
			 size_t quanta)
{
	return address / 128 == (address + size - 1) / 128;
}

static bool fits_window(unsigned long address, size_t size, unsigned int aux,
			size_t quanta)
{
	unsigned long from = BENCH_BASE + aux * (quanta / 16);

	return address >= from && address + size <= from + quanta / 16;
}

/* A quarter is in use on average. */
#define SIZES	.size = 64, .room = 128

static const struct churn churns[] = {
	{
		.name = "ids",
		.size = 1,
		.room = 4,
		.peer = {
			&bench_empty,
			&bench_vmem_instant_cached,
			&bench_vmem_instant,
			&bench_vmem_best,
			&bench_vmem_next,
			&bench_sbitmap,
			&bench_iova_fast,
			&bench_ida,
			&bench_xarray,
			&bench_genalloc,
			&bench_drm_best,
			&bench_maple,
		},
	}, {
		.name = "churn",
		SIZES,
		.peer = {
			&bench_empty,
			&bench_vmem_instant,
			&bench_vmem_best,
			&bench_vmem_first,
			&bench_vmem_next,
			&bench_vmem_end,
			&bench_vmem_instant_cached,
			&bench_drm_best,
			&bench_drm_low,
			&bench_drm_high,
			&bench_maple,
			&bench_iova_fast,
			&bench_iova,
			&bench_genalloc,
			&bench_genalloc_best,
		},
	}, {
		.name = "churn-aligned",
		SIZES,
		.aux = 7,
		.fits = fits_aligned,
		.peer = {
			&bench_empty,
			&bench_vmem_aligned,
			&bench_vmem_aligned_best,
			&bench_drm_aligned_best,
			&bench_drm_aligned_low,
			&bench_maple_aligned,
		},
	}, {
		.name = "churn-phase",
		SIZES,
		.fits = fits_phase,
		.peer = {
			&bench_empty,
			&bench_vmem_phase,
		},
	}, {
		.name = "churn-nocross",
		SIZES,
		.fits = fits_nocross,
		.peer = {
			&bench_empty,
			&bench_vmem_nocross,
		},
	}, {
		.name = "churn-window",
		SIZES,
		.aux = 16,
		.fits = fits_window,
		.peer = {
			&bench_empty,
			&bench_vmem_window,
			&bench_vmem_window_best,
			&bench_vmem_window_first,
			&bench_drm_window_best,
			&bench_drm_window_low,
			&bench_maple_window,
		},
	},
};

/* === Preparation === */

struct churn_plan {
	const struct churn *churn;
	unsigned int n;
	unsigned int warm;
	size_t quanta;
	struct bench_op *fill;		/* 2n, of which the odd ones are freed */
	struct bench_op *op;		/* warm-up, then what is timed */
	struct bench_live *odd;
};

static void plan_end(struct churn_plan *plan)
{
	kvfree(plan->fill);
	kvfree(plan->op);
	kvfree(plan->odd);
}

static void plan_draw(struct churn_plan *plan, struct rnd_state *rnd, struct bench_op *op,
		      unsigned int count)
{
	for (; count; count--, op++) {
		op->victim = prandom_u32_state(rnd) % plan->n;
		op->size = 1 + prandom_u32_state(rnd) % plan->churn->size;
		op->aux = plan->churn->aux ? prandom_u32_state(rnd) % plan->churn->aux : 0;
	}
}

static bool plan_begin(struct churn_plan *plan, const struct churn *churn, unsigned int n)
{
	unsigned int ops = bench_options.repeats * (OPS + SINGLES) + BENCH_AHEAD;
	struct rnd_state rnd;

	*plan = (struct churn_plan) {
		.churn = churn,
		.n = n,
		.warm = max(WARM_UP * n, OPS),
		.quanta = (size_t)churn->room * n,
	};
	ops += plan->warm;
	plan->fill = kvcalloc(2 * n, sizeof(*plan->fill), GFP_KERNEL);
	plan->op = kvcalloc(ops, sizeof(*plan->op), GFP_KERNEL);
	plan->odd = kvcalloc(n, sizeof(*plan->odd), GFP_KERNEL);
	if (!plan->fill || !plan->op || !plan->odd) {
		plan_end(plan);
		return false;
	}
	prandom_seed_state(&rnd, bench_options.seed);
	plan_draw(plan, &rnd, plan->fill, 2 * n);
	plan_draw(plan, &rnd, plan->op, ops);
	return true;
}

static void fill_one(struct bench_seat *seat, struct bench_live *live,
		     const struct bench_op *op)
{
	live->size = op->size;
	live->handle = seat->peer->take(seat->allocator, op->size, op->aux);
	seat->run.refused += !bench_got(live->handle);
}

static void churn_fill(struct bench_seat *seat, const struct churn_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->n; i++) {
		fill_one(seat, &seat->run.live[i], &plan->fill[2 * i]);
		fill_one(seat, &plan->odd[i], &plan->fill[2 * i + 1]);
		if (i % BENCH_CHUNK == 0)
			bench_rest(seat->peer);
	}
	for (i = 0; i < plan->n; i++) {
		if (bench_got(plan->odd[i].handle))
			seat->peer->give(seat->allocator, plan->odd[i].handle,
					 plan->odd[i].size);
		if (i % BENCH_CHUNK == 0)
			bench_rest(seat->peer);
	}
}

static void churn_warm_up(struct bench_seat *seat, const struct churn_plan *plan)
{
	u64 enough = ktime_get_ns() + (bench_options.quick ? 300 : 3000) * NSEC_PER_MSEC;
	unsigned int left, part;

	seat->run.op = plan->op;
	for (left = plan->warm; left && ktime_get_ns() < enough; left -= part) {
		part = min(left, 4096u);
		bench_loop(seat, BENCH_REPLACEMENTS, part);
	}
	seat->run.op = plan->op + plan->warm;
	seat->slow = bench_tenths(seat->clocks, seat->ops) > SLOW;
	bench_forget(seat);
}

/* === Measurement === */

static void churn_print(struct bench_seat *seat, const struct bench_seat *empty,
			const struct churn_plan *plan, u64 searched)
{
	bench_line(seat->peer, plan->churn->name);
	bench_add(" n=%u", plan->n);
	bench_add_times(seat, seat == empty ? NULL : empty);
	if (searched != BENCH_UNKNOWN)
		bench_add_tenths("search", searched);
	bench_add(" refused=%llu", seat->run.refused);
	bench_print();
}

/* Free segments that vmem has looked at, so far. */
static u64 churn_searched(const struct bench_seat *seat)
{
	if (strcmp(seat->peer->name, "vmem"))
		return BENCH_UNKNOWN;
	return bench_kstat(seat->peer->mode, "search");
}

/* Loops of which each operation is timed are no loops to be timed. */
static void churn_repeat(struct bench_seat *seat)
{
	bench_loop(seat, BENCH_REPLACEMENTS, seat->slow ? OPS / 8 : OPS);
	bench_singles(seat, seat->slow ? SINGLES / 8 : SINGLES);
}

static void churn_measure(struct bench_seat *seats, unsigned int count,
			  const struct churn_plan *plan)
{
	u64 searched[SEATS], now, ops;
	unsigned int i, repeat;

	for (i = 0; i < count; i++)
		searched[i] = churn_searched(&seats[i]);
	for (repeat = 0; repeat < bench_options.repeats; repeat++) {
		for (i = 0; i < count; i++)
			churn_repeat(&seats[i]);
	}
	for (i = 0; i < count; i++) {
		ops = seats[i].ops + seats[i].hist.total;
		now = churn_searched(&seats[i]);
		if (searched[i] != BENCH_UNKNOWN && now != BENCH_UNKNOWN)
			searched[i] = div64_u64(10 * (now - searched[i]), ops);
		churn_print(&seats[i], &seats[0], plan, searched[i]);
	}
}

static int churn_turns(const struct churn_plan *plan, struct bench_seat *seats)
{
	const struct bench_peer *const *peer = plan->churn->peer;
	unsigned int count = 0, i;
	int ret = 0;

	for (; *peer && !ret; peer++) {
		if (!bench_wanted(*peer) || ((*peer)->most && plan->n > (*peer)->most))
			continue;
		/* Where it takes a while to fill them. */
		if (plan->n >= 100000)
			pr_info("vmem_bench: step: %s n=%u: filling %s %s\n",
				plan->churn->name, plan->n, (*peer)->name, (*peer)->mode);
		if (!bench_seat_open(&seats[count], *peer, plan->quanta, plan->n)) {
			ret = -ENOMEM;
			break;
		}
		churn_fill(&seats[count], plan);
		churn_warm_up(&seats[count], plan);
		count++;
	}
	if (!ret)
		churn_measure(seats, count, plan);
	for (i = 0; i < count; i++) {
		bench_give_all(&seats[i], plan->n);
		bench_seat_close(&seats[i]);
	}
	return ret;
}

/* === The same, looked at and not timed === */

static bool checked_take(struct bench_seat *seat, const struct churn_plan *plan,
			 struct bench_shadow *shadow, struct bench_live *live,
			 const struct bench_op *op)
{
	const struct bench_peer *peer = seat->peer;
	unsigned long address;

	fill_one(seat, live, op);
	if (!bench_got(live->handle))
		return true;
	address = peer->address ? peer->address(live->handle) : live->handle;
	if (plan->churn->fits &&
	    !plan->churn->fits(address, op->size, op->aux, plan->quanta))
		return false;
	return bench_shadow_take(shadow, address,
				 peer->rounded ? peer->rounded(op->size) : op->size);
}

static bool checked_give(struct bench_seat *seat, struct bench_shadow *shadow,
			 struct bench_live *live)
{
	const struct bench_peer *peer = seat->peer;
	unsigned long address;
	bool was_taken;

	if (!bench_got(live->handle))
		return true;
	address = peer->address ? peer->address(live->handle) : live->handle;
	was_taken = bench_shadow_give(shadow, address, peer->rounded ?
				      peer->rounded(live->size) : live->size);
	peer->give(seat->allocator, live->handle, live->size);
	live->handle = 0;
	return was_taken;
}

static bool checked_pass(struct bench_seat *seat, const struct churn_plan *plan,
			 struct bench_shadow *shadow)
{
	struct bench_live *live = seat->run.live;
	const struct bench_op *op = plan->op;
	unsigned int i;

	for (i = 0; i < plan->n; i++) {
		if (!checked_take(seat, plan, shadow, &live[i], &plan->fill[i]))
			return false;
	}
	for (i = 0; i < plan->warm; i++, op++) {
		if (!checked_give(seat, shadow, &live[op->victim]) ||
		    !checked_take(seat, plan, shadow, &live[op->victim], op))
			return false;
	}
	return true;
}

/* What was taken for what was asked for, in percent. */
static unsigned int rounding(const struct bench_peer *peer, const struct churn_plan *plan)
{
	u64 asked = 0, got = 0;
	unsigned int i;

	for (i = 0; i < plan->warm; i++) {
		asked += plan->op[i].size;
		got += peer->rounded ? peer->rounded(plan->op[i].size) : plan->op[i].size;
	}
	return div64_u64(100 * got, asked);
}

static int churn_check(const struct bench_peer *peer, const struct churn_plan *plan)
{
	struct bench_shadow *shadow = bench_shadow_begin(plan->quanta);
	struct bench_seat *seat = kvmalloc(sizeof(*seat), GFP_KERNEL);
	unsigned int percent = rounding(peer, plan);
	int ret = -ENOMEM;

	if (shadow && seat && bench_seat_open(seat, peer, plan->quanta, plan->n)) {
		ret = checked_pass(seat, plan, shadow) ? 0 : -EIO;
		bench_line(peer, plan->churn->name);
		bench_add(" check=%s rounding=%u.%02u refused=%llu", ret ? "FAILED" : "ok",
			  percent / 100, percent % 100, seat->run.refused);
		bench_print();
		bench_give_all(seat, plan->n);
		bench_seat_close(seat);
	}
	kvfree(seat);
	bench_shadow_end(shadow);
	return ret;
}

static int churn_checks(const struct churn *churn)
{
	const struct bench_peer *const *peer = churn->peer;
	struct churn_plan plan;
	int ret = 0;

	if (!plan_begin(&plan, churn, CHECKED))
		return -ENOMEM;
	/* Nothing is no allocator. */
	for (peer++; *peer && !ret; peer++) {
		if (bench_wanted(*peer))
			ret = churn_check(*peer, &plan);
	}
	plan_end(&plan);
	return ret;
}

/* === All of them === */

static int churn_all(const struct churn *churn, struct bench_seat *seats)
{
	struct churn_plan plan;
	unsigned int n;
	int ret;

	ret = churn_checks(churn);
	for (n = 1000; n <= bench_options.most && !ret; n *= 10) {
		pr_info("vmem_bench: step: %s n=%u\n", churn->name, n);
		if (!plan_begin(&plan, churn, n))
			return -ENOMEM;
		ret = churn_turns(&plan, seats);
		plan_end(&plan);
	}
	return ret;
}

int bench_churn(void)
{
	struct bench_seat *seats = kvcalloc(SEATS, sizeof(*seats), GFP_KERNEL);
	unsigned int i;
	int ret = 0;

	if (!seats)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(churns) && !ret; i++) {
		if (bench_work(churns[i].name))
			ret = churn_all(&churns[i], seats);
	}
	kvfree(seats);
	return ret;
}
