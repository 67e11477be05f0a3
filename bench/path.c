// SPDX-License-Identifier: GPL-2.0-only
/*
 * Path lengths: the ruler.
 *
 * Under QEMU's "-icount shift=0" an instruction takes one virtual nanosecond and
 * the TSC runs at 1 GHz: a difference of the TSC is a number of instructions of
 * this very kernel, and the same each time. It is no time: there are no caches,
 * no wrong predictions and no other CPUs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/printk.h>

#include "main.h"
#include "path.h"

#define ROUNDS		20
#define WARM_UP		300		/* twice */
#define OPS		(2 * WARM_UP + ROUNDS * PATH_ROUND)
#define LIVE_MAX	1000

/* path_fill() takes sizes from there as well. */
static_assert(OPS >= 2 * LIVE_MAX);

/**
 * struct path_run - a measurement in progress.
 * @work: of what
 * @allocator: made by the peer
 * @data: what the loops see
 * @live: LIVE_MAX segments, of which work->live exist
 * @ops: all replacements to come
 */
struct path_run {
	const struct path_work *work;
	void *allocator;
	struct path_data data;
	struct path_live *live;
	struct path_op *ops;
};

/* In instructions for PATH_ROUND operations. */
struct path_result {
	u64 sum;
	u64 min;
	u64 max;
};

/* === A loop around nothing === */

static __always_inline unsigned long empty_take(void *allocator, size_t size)
{
	return size;
}

static __always_inline void empty_give(void *allocator, unsigned long addr,
				       size_t size)
{
}

static void *empty_create(const struct path_work *work)
{
	return (void *)work;
}

static void empty_destroy(void *allocator)
{
}

DEFINE_PATH_PEER(empty,
		 .name = "none",
		 .create = empty_create,
		 .destroy = empty_destroy);

static const struct path_work empty_paths[PATH_LOOPS] = {
	[PATH_PAIRS] = {
		.name = "empty-loop", .peer = &path_empty,
		.loop = PATH_PAIRS, .quantum = 1, .size = 1,
	},
	[PATH_BATCHES] = {
		.name = "empty-batch", .peer = &path_empty,
		.loop = PATH_BATCHES, .quantum = 1, .size = 1,
	},
	[PATH_REPLACEMENTS] = {
		.name = "empty-replace", .peer = &path_empty,
		.loop = PATH_REPLACEMENTS, .quantum = 1, .size = 1,
		.live = LIVE_MAX,
	},
};

/* What the loops themselves take, in instructions for PATH_ROUND operations. */
static u64 overhead[PATH_LOOPS];

/* === Preparation: not timed === */

static unsigned long path_take(const struct path_run *run, size_t size)
{
	return run->work->peer->take(run->allocator, size);
}

static void path_give(const struct path_run *run, const struct path_live *live)
{
	run->work->peer->give(run->allocator, live->addr, live->size);
}

static bool path_got(const struct path_run *run, unsigned long addr)
{
	return run->work->peer->ids ? (int)addr >= 0 : addr != 0;
}

/* Loops check nothing: so see here that the pair does what it is to do. */
static int path_prove(const struct path_run *run)
{
	struct path_live one = { .size = run->data.size };
	bool got;

	one.addr = path_take(run, one.size);
	got = path_got(run, one.addr);
	if (got)
		path_give(run, &one);
	return got == run->work->fails ? -ENOSPC : 0;
}

/* Each peer gets the same numbers. */
static void path_draw(struct path_run *run, unsigned int seed)
{
	const struct path_work *work = run->work;
	struct rnd_state rnd;
	unsigned int i, quanta;

	prandom_seed_state(&rnd, seed);
	for (i = 0; i < OPS; i++) {
		quanta = 1 + prandom_u32_state(&rnd) % work->size;
		run->ops[i].size = quanta * work->quantum;
		if (work->live)
			run->ops[i].victim = prandom_u32_state(&rnd) % work->live;
	}
}

/* Leaves holes: of twice as many, every other one is freed again. */
static int path_fill(struct path_run *run)
{
	const unsigned int n = run->work->live;
	struct path_live *odd;
	unsigned int i;
	int ret = 0;

	odd = kvcalloc(LIVE_MAX, sizeof(*odd), GFP_KERNEL);
	if (!odd)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		run->live[i].size = run->ops[i].size;
		run->live[i].addr = path_take(run, run->live[i].size);
		odd[i].size = run->ops[n + i].size;
		odd[i].addr = path_take(run, odd[i].size);
	}
	for (i = 0; i < n; i++) {
		if (path_got(run, odd[i].addr))
			path_give(run, &odd[i]);
		else
			ret = -ENOSPC;
	}
	kvfree(odd);
	return ret;
}

/* Were all allocations met, the timed ones among them? */
static int path_empty_out(struct path_run *run)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < run->work->live; i++) {
		if (path_got(run, run->live[i].addr))
			path_give(run, &run->live[i]);
		else
			ret = -ENOSPC;
	}
	return ret;
}

/* === Measurement === */

static u64 path_loop(struct path_run *run, unsigned int n)
{
	const struct path_work *work = run->work;
	unsigned long flags;
	u64 insns;

	local_irq_save(flags);
	insns = work->peer->loop[work->loop](run->allocator, &run->data, n);
	local_irq_restore(flags);
	run->data.op += n;
	return insns;
}

/*
 * The sleep lets work run that the first operations may have left to others, such
 * as getting memory for more of a cache.
 */
static void path_warm_up(struct path_run *run)
{
	path_loop(run, WARM_UP);
	msleep(50);
	path_loop(run, WARM_UP);
}

static void path_measure(struct path_run *run, struct path_result *result)
{
	unsigned int i;
	u64 insns;

	*result = (struct path_result) { .min = U64_MAX };
	path_warm_up(run);
	for (i = 0; i < ROUNDS; i++) {
		insns = path_loop(run, PATH_ROUND);
		result->sum += insns;
		result->min = min(result->min, insns);
		result->max = max(result->max, insns);
	}
}

/* In tenths for one operation, rounded. */
static u64 tenths(u64 insns, u64 operations)
{
	return DIV_ROUND_CLOSEST_ULL(10 * insns, operations);
}

static void path_print(const struct path_work *work, const struct path_result *result,
		       u64 empty)
{
	u64 mean = tenths(result->sum - ROUNDS * empty, ROUNDS * PATH_ROUND);
	u64 low = tenths(result->min - empty, PATH_ROUND);
	u64 high = tenths(result->max - empty, PATH_ROUND);

	pr_info("peer=%s work=%s insns=%llu.%llu min=%llu.%llu max=%llu.%llu per op\n",
		work->peer->name, work->name, mean / 10, mean % 10,
		low / 10, low % 10, high / 10, high % 10);
}

static int path_run(struct path_run *run, unsigned int seed,
		    struct path_result *result)
{
	int ret, left;

	run->data = (struct path_data) {
		.size = run->work->size * run->work->quantum,
		.live = run->live,
		.op = run->ops,
	};
	path_draw(run, seed);
	ret = path_prove(run);
	if (ret)
		return ret;
	ret = path_fill(run);
	if (!ret)
		path_measure(run, result);
	left = path_empty_out(run);
	return ret ? ret : left;
}

static int path_length(struct path_run *run, const struct path_work *work,
		       unsigned int seed, struct path_result *result)
{
	int ret;

	run->work = work;
	run->allocator = work->peer->create(work);
	if (!run->allocator)
		return -ENOMEM;
	memset(run->live, 0, LIVE_MAX * sizeof(*run->live));
	ret = path_run(run, seed, result);
	work->peer->destroy(run->allocator);
	if (ret)
		pr_err("peer=%s work=%s FAILED: %d\n", work->peer->name,
		       work->name, ret);
	return ret;
}

static int path_overheads(struct path_run *run, unsigned int seed)
{
	struct path_result result;
	unsigned int i;
	int ret;

	for (i = 0; i < PATH_LOOPS; i++) {
		ret = path_length(run, &empty_paths[i], seed, &result);
		if (ret)
			return ret;
		overhead[i] = result.min;
		path_print(&empty_paths[i], &result, 0);
	}
	return 0;
}

static int path_table(struct path_run *run, const struct path_work *work,
		      unsigned int seed)
{
	struct path_result result;
	int ret = 0;

	for (; work->name && !ret; work++) {
		ret = path_length(run, work, seed, &result);
		if (!ret)
			path_print(work, &result, overhead[work->loop]);
	}
	return ret;
}

/* A thousand instructions must make a difference of about a thousand. */
static bool tsc_counts_instructions(void)
{
	u64 begin, nothing, nops;
	unsigned long flags;

	local_irq_save(flags);
	begin = rdtsc_ordered();
	nothing = rdtsc_ordered() - begin;
	begin = rdtsc_ordered();
	asm volatile(".rept 1000; nop; .endr");
	nops = rdtsc_ordered() - begin;
	local_irq_restore(flags);
	return abs_diff(nops - nothing, 1000ull) < 10;
}

/**
 * path_lengths() - measure and print all path lengths.
 * @seed: What the random choices begin with.
 *
 * Context: May sleep.
 * Return: 0, also where instructions cannot be counted; or an error.
 */
int path_lengths(unsigned int seed)
{
	struct path_run run = {};
	int ret = -ENOMEM;

	if (!tsc_counts_instructions()) {
		pr_info("no path lengths: the TSC does not count instructions\n");
		return 0;
	}
	pr_info("seed=%u operations=%u rounds=%u\n", seed, PATH_ROUND, ROUNDS);
	run.live = kvcalloc(LIVE_MAX, sizeof(*run.live), GFP_KERNEL);
	run.ops = kvcalloc(OPS, sizeof(*run.ops), GFP_KERNEL);
	if (run.live && run.ops) {
		ret = path_overheads(&run, seed);
		if (!ret)
			ret = path_table(&run, path_vmem, seed);
		if (!ret)
			ret = path_table(&run, path_peers, seed);
	}
	kvfree(run.ops);
	kvfree(run.live);
	return ret;
}
