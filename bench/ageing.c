// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ageing: sizes of all kinds come and go for a long time, while a quarter to three
 * quarters of the space are in use.
 *
 * The operations, drawn before, are the same for all peers: whether one allocates
 * depends on how much has been asked for, and not on what a peer has given. What it
 * has refused stays so until it would have been freed. Before the clock starts, the
 * space is filled and a tenth more of such operations is done.
 *
 * All of it is done several times, in new spaces. As a chunk of operations is the same
 * work each time, the fastest of each counts: in the others, the machine did something
 * else, too. After each tenth the gaps between the live segments are measured.
 */
#include <linux/mm.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "time.h"

#define QUANTA		1048576u
#define LIVE		131072u	/* never as many: sizes are 27 on average */
#define TENTHS		10u
#define TENTH		(1960 * BENCH_CHUNK)	/* 10^6 */
#define RUNS		3u
#define SEATS		8

static const struct bench_peer *const peers[] = {
	&bench_empty,
	&bench_vmem_instant,
	&bench_vmem_best,
	&bench_vmem_instant_cached,
	&bench_drm_best,
	&bench_drm_low,
	&bench_maple,
	NULL
};

/* === The operations === */

/* Where the fullness wanders to. */
struct ageing_draw {
	struct rnd_state rnd;
	u16 *size;		/* of the live ones */
	unsigned int count;
	unsigned int used;
	unsigned int target;
	bool up;
};

static unsigned int below(struct ageing_draw *draw, unsigned int end)
{
	return prandom_u32_state(&draw->rnd) % end;
}

static unsigned int draw_size(struct ageing_draw *draw)
{
	unsigned int percent = below(draw, 100);

	return 1 + below(draw, percent < 90 ? 8 : percent < 99 ? 64 : 4096);
}

/* Three of four steps go there. */
static bool draw_direction(struct ageing_draw *draw)
{
	if (draw->up ? draw->used >= draw->target : draw->used <= draw->target) {
		draw->target = QUANTA / 4 + below(draw, QUANTA / 2);
		draw->up = draw->target > draw->used;
	}
	return below(draw, 4) ? draw->up : !draw->up;
}

static void draw_op(struct ageing_draw *draw, struct bench_op *op)
{
	bool takes = draw_direction(draw);

	*op = (struct bench_op) {};
	if (!draw->count || (takes && draw->used < QUANTA / 4 * 3 && draw->count < LIVE)) {
		op->size = draw_size(draw);
		draw->size[draw->count++] = op->size;
		draw->used += op->size;
	} else {
		op->victim = below(draw, draw->count);
		draw->used -= draw->size[op->victim];
		draw->size[op->victim] = draw->size[--draw->count];
	}
}

struct ageing_plan {
	unsigned int tenth;		/* operations */
	unsigned int warm;
	struct bench_op *op;
};

/* As many as it takes to fill half, and a tenth more; then what is timed. */
static bool ageing_draw(struct ageing_plan *plan)
{
	struct ageing_draw draw = { .target = QUANTA / 2, .up = true };
	unsigned int ops, i;

	plan->tenth = bench_options.quick ? TENTH / 20 : TENTH;
	plan->warm = LIVE + plan->tenth;
	ops = plan->warm + TENTHS * plan->tenth + BENCH_AHEAD;
	plan->op = kvcalloc(ops, sizeof(*plan->op), GFP_KERNEL);
	draw.size = kvcalloc(LIVE, sizeof(*draw.size), GFP_KERNEL);
	if (!plan->op || !draw.size) {
		kvfree(plan->op);
		kvfree(draw.size);
		return false;
	}
	prandom_seed_state(&draw.rnd, bench_options.seed);
	for (i = 0; i < ops; i++)
		draw_op(&draw, &plan->op[i]);
	kvfree(draw.size);
	return true;
}

/* === What is left === */

struct ageing_gaps {
	u64 free;
	u64 largest;
	u64 count;
};

static void gaps_add(struct ageing_gaps *gaps, u64 length)
{
	gaps->free += length;
	gaps->largest = max(gaps->largest, length);
	gaps->count += !!length;
}

/* Those that were refused are in front. */
static int compare_addresses(const void *a, const void *b)
{
	const struct bench_live *x = a, *y = b;

	return x->handle < y->handle ? -1 : x->handle > y->handle;
}

/* Not by asking the peers: by what they have given. */
static struct ageing_gaps ageing_gaps(const struct bench_seat *seat)
{
	struct bench_live *live = kvcalloc(LIVE, sizeof(*live), GFP_KERNEL);
	const struct bench_peer *peer = seat->peer;
	struct ageing_gaps gaps = {};
	unsigned long at = BENCH_BASE;
	unsigned int i, count = 0;

	if (!live || peer == &bench_empty) {
		kvfree(live);
		return gaps;
	}
	for (i = 0; i < seat->run.count; i++) {
		live[count] = seat->run.live[i];
		if (!bench_got(live[count].handle))
			continue;
		if (peer->address)
			live[count].handle = peer->address(live[count].handle);
		count++;
	}
	sort(live, count, sizeof(*live), compare_addresses, NULL);
	for (i = 0; i < count; i++) {
		gaps_add(&gaps, live[i].handle - at);
		at = live[i].handle + live[i].size;
	}
	gaps_add(&gaps, BENCH_BASE + QUANTA - at);
	kvfree(live);
	return gaps;
}

/* === Measurement === */

/* The fastest of all runs. */
struct ageing_best {
	u32 *clocks;			/* of each chunk */
	unsigned int live[TENTHS];	/* afterwards, */
	struct ageing_gaps gaps[TENTHS];	/* and what is between them */
};

static unsigned int tenth_chunks(const struct ageing_plan *plan)
{
	return plan->tenth / BENCH_CHUNK;
}

static u64 tenth_clocks(const struct ageing_best *best, const struct ageing_plan *plan,
			unsigned int tenth)
{
	const unsigned int chunks = tenth_chunks(plan);
	u64 clocks = 0;
	unsigned int i;

	for (i = 0; i < chunks; i++)
		clocks += best->clocks[tenth * chunks + i];
	return clocks;
}

static void print_tenths(const struct bench_peer *peer, const struct ageing_best *best,
			 const struct ageing_best *empty, const struct ageing_plan *plan)
{
	unsigned int i;

	for (i = 0; i < TENTHS; i++) {
		bench_line(peer, "ageing");
		bench_add(" n=%u ops=%u tenth=%u", best->live[i], (i + 1) * plan->tenth,
			  i + 1);
		bench_add_ns("ns", tenth_clocks(best, plan, i),
			     best == empty ? 0 : tenth_clocks(empty, plan, i), plan->tenth);
		bench_add(" free=%llu largest=%llu gaps=%llu", best->gaps[i].free,
			  best->gaps[i].largest, best->gaps[i].count);
		bench_print();
	}
}

static void print_end(const struct bench_seat *seat, struct ageing_gaps gaps)
{
	bench_line(seat->peer, "ageing-end");
	bench_add(" n=%u free=%llu largest=%llu gaps=%llu refused=%llu", seat->run.count,
		  gaps.free, gaps.largest, gaps.count, seat->run.refused);
	bench_print();
}

static void ageing_warm_up(struct bench_seat *seat, const struct ageing_plan *plan)
{
	seat->run.op = plan->op;
	bench_loop(seat, BENCH_STEPS, plan->warm);
}

static void ageing_tenth(struct bench_seat *seat, const struct ageing_plan *plan,
			 struct ageing_best *best, unsigned int tenth)
{
	const unsigned int chunks = tenth_chunks(plan);
	u32 *clocks = best->clocks + tenth * chunks;
	unsigned int i;

	for (i = 0; i < chunks; i++) {
		bench_forget(seat);
		bench_loop(seat, BENCH_STEPS, BENCH_CHUNK);
		clocks[i] = min_t(u64, clocks[i], seat->clocks);
	}
	best->live[tenth] = seat->run.count;
	best->gaps[tenth] = ageing_gaps(seat);
}

static int ageing_run(const struct ageing_plan *plan, struct bench_seat *seats,
		      struct ageing_best *best, bool last)
{
	unsigned int count = 0, i, tenth;
	int ret = 0;

	for (i = 0; peers[i]; i++) {
		if (!bench_wanted(peers[i]))
			continue;
		if (!bench_seat_open(&seats[count], peers[i], QUANTA, LIVE)) {
			ret = -ENOMEM;
			break;
		}
		ageing_warm_up(&seats[count++], plan);
	}
	for (tenth = 0; tenth < TENTHS && !ret; tenth++) {
		for (i = 0; i < count; i++)
			ageing_tenth(&seats[i], plan, &best[i], tenth);
	}
	for (i = 0; i < count; i++) {
		if (last && !ret) {
			print_tenths(seats[i].peer, &best[i], &best[0], plan);
			if (i)
				print_end(&seats[i], best[i].gaps[TENTHS - 1]);
		}
		bench_give_all(&seats[i], seats[i].run.count);
		bench_seat_close(&seats[i]);
	}
	return ret;
}

static void best_end(struct ageing_best *best)
{
	unsigned int i;

	for (i = 0; best && i < SEATS; i++)
		kvfree(best[i].clocks);
	kvfree(best);
}

static struct ageing_best *best_begin(const struct ageing_plan *plan)
{
	struct ageing_best *best = kvcalloc(SEATS, sizeof(*best), GFP_KERNEL);
	size_t size = array3_size(TENTHS, tenth_chunks(plan), sizeof(u32));
	unsigned int i;

	for (i = 0; best && i < SEATS; i++) {
		best[i].clocks = kvmalloc(size, GFP_KERNEL);
		if (!best[i].clocks) {
			best_end(best);
			return NULL;
		}
		memset(best[i].clocks, 0xff, size);
	}
	return best;
}

static int ageing_runs(const struct ageing_plan *plan)
{
	struct bench_seat *seats = kvcalloc(SEATS, sizeof(*seats), GFP_KERNEL);
	struct ageing_best *best = best_begin(plan);
	int ret = seats && best ? 0 : -ENOMEM;
	unsigned int run;

	for (run = 1; run <= RUNS && !ret; run++) {
		pr_info("vmem_bench: step: ageing: run %u of %u\n", run, RUNS);
		ret = ageing_run(plan, seats, best, run == RUNS);
	}
	best_end(best);
	kvfree(seats);
	return ret;
}

int bench_ageing(void)
{
	struct ageing_plan plan;
	int ret;

	if (!bench_work("ageing"))
		return 0;
	if (!ageing_draw(&plan))
		return -ENOMEM;
	ret = ageing_runs(&plan);
	kvfree(plan.op);
	return ret;
}
