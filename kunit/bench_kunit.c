// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long an allocation and a free take. Prints, and expects nothing: times
 * depend on the machine, so a limit would only be right on one of them.
 *
 * "pair" allocates a segment of 1 to 64 quanta among the live ones and frees it.
 * "replace" frees a random one of the live segments, which is in no cache if they
 * are many, and allocates another in its place. "hot" is a pair of one quantum.
 * All that is random is drawn before the clock starts.
 */
#include <linux/ktime.h>
#include <linux/prefetch.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "fixture.h"
#include "oracle.h"

#define RUNS		15
#define FEW		1000
/* With KASAN the times mean nothing, and this is to show that all goes well. */
#define MANY		(IS_ENABLED(CONFIG_KASAN) ? 10000 : 100000)
#define BATCH		16384		/* pairs of a run, well above 1 ms */
#define AHEAD		8		/* pairs to come whose table entry is read */
#define QUANTUM		64ul
#define QUANTA		64		/* of a segment, at most */

struct block {
	unsigned long addr;
	unsigned int quanta;
};

struct bench {
	vmem_t *vmp;
	unsigned int live;
	struct rnd_state rnd;
	struct block *block;		/* the live ones */
	struct block **victim;		/* which of them each pair replaces, */
	u8 *quanta;			/* and with what length */
};

static size_t bytes(unsigned int quanta)
{
	return quanta * QUANTUM;
}

static void *array(struct kunit *test, size_t n, size_t size)
{
	void *p = kvcalloc(n, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void free_arrays(void *ctx)
{
	struct bench *bench = ctx;

	kvfree(bench->block);
	kvfree(bench->victim);
	kvfree(bench->quanta);
}

static void block_take(struct bench *bench, struct block *block,
		       unsigned int quanta, int policy)
{
	block->quanta = quanta;
	block->addr = take(bench->vmp, bytes(quanta), policy);
}

static void block_give(struct bench *bench, struct block *block)
{
	give(bench->vmp, block->addr, bytes(block->quanta));
}

/* Twice as many as wanted, then every second one freed: holes of all lengths. */
static void bench_fill(struct bench *bench, int policy)
{
	unsigned int i;

	for (i = 0; i < 2 * bench->live; i++) {
		block_take(bench, &bench->block[i],
			   1 + below(&bench->rnd, QUANTA), policy);
		if (i % 1024 == 0)
			cond_resched();
	}
	for (i = 0; i < bench->live; i++) {
		block_give(bench, &bench->block[2 * i]);
		bench->block[i] = bench->block[2 * i + 1];
		if (i % 1024 == 0)
			cond_resched();
	}
}

static struct bench *bench_begin(struct kunit *test, unsigned int live, int policy)
{
	struct bench *bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bench);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, free_arrays, bench), 0);
	bench->live = live;
	bench->block = array(test, 2 * live, sizeof(*bench->block));
	bench->victim = array(test, BATCH + AHEAD, sizeof(*bench->victim));
	bench->quanta = array(test, BATCH, sizeof(*bench->quanta));
	prandom_seed_state(&bench->rnd, vmem_kunit_seed ?: 1);

	/* Room for all of them at their longest: nothing below ever fails. */
	bench->vmp = fixture_arena(test, QUANTUM, 2 * live * bytes(2 * QUANTA),
				   QUANTUM);
	bench_fill(bench, policy);
	return bench;
}

/* ns of a run of pairs, whose choices are drawn anew. */
static u64 bench_run(struct bench *bench, int policy)
{
	unsigned int i;
	u64 start;

	for (i = 0; i < BATCH + AHEAD; i++)
		bench->victim[i] = &bench->block[below(&bench->rnd, bench->live)];
	for (i = 0; i < BATCH; i++)
		bench->quanta[i] = 1 + below(&bench->rnd, QUANTA);

	start = ktime_get_ns();
	for (i = 0; i < BATCH; i++) {
		/* Cache misses of this table are not the library's. */
		prefetch(bench->victim[i + AHEAD]);
		block_give(bench, bench->victim[i]);
		block_take(bench, bench->victim[i], bench->quanta[i], policy);
	}
	return ktime_get_ns() - start;
}

/* Random sizes, each freed at once, among the live segments. */
static u64 bench_pairs(struct bench *bench, int policy)
{
	unsigned int i;
	u64 start;

	for (i = 0; i < BATCH; i++)
		bench->quanta[i] = 1 + below(&bench->rnd, QUANTA);

	start = ktime_get_ns();
	for (i = 0; i < BATCH; i++) {
		size_t size = bytes(bench->quanta[i]);

		give(bench->vmp, take(bench->vmp, size, policy), size);
	}
	return ktime_get_ns() - start;
}

/* One quantum, freed at once: the shortest way through the library. */
static u64 bench_hot(struct bench *bench, int policy)
{
	unsigned int i;
	u64 start;

	start = ktime_get_ns();
	for (i = 0; i < BATCH; i++)
		give(bench->vmp, take(bench->vmp, QUANTUM, policy),
		     QUANTUM);
	return ktime_get_ns() - start;
}

static int compare_times(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Replace every live segment about twice: as holes are after a long time. */
static void warm_up(struct bench *bench, int policy)
{
	unsigned int i;

	for (i = 0; i <= 2 * bench->live / BATCH; i++) {
		cond_resched();
		bench_run(bench, policy);
	}
}

static u64 median(u64 times[RUNS])
{
	sort(times, RUNS, sizeof(times[0]), compare_times, NULL);
	return div_u64(times[RUNS / 2], BATCH);
}

struct policy {
	const char *name;
	int vmflag;
};

static const struct policy policies[] = {
	{ "instant", 0 },
	{ "best", VM_BESTFIT },
};

KUNIT_ARRAY_PARAM_DESC(policy, policies, name);

/* In turns, so that a machine whose speed drifts is fair to both. */
static void few_against_many(struct kunit *test, const char *what,
			     u64 (*fn)(struct bench *bench, int policy))
{
	const struct policy *policy = test->param_value;
	static const unsigned int live[] = { FEW, MANY };
	struct bench *bench[2];
	u64 times[2][RUNS];
	unsigned int i, run;
	u32 ratio;
	u64 ns[2];

	for (i = 0; i < 2; i++) {
		bench[i] = bench_begin(test, live[i], policy->vmflag);
		warm_up(bench[i], policy->vmflag);
	}
	for (run = 0; run < RUNS; run++) {
		for (i = 0; i < 2; i++) {
			cond_resched();
			times[i][run] = fn(bench[i], policy->vmflag);
		}
	}
	for (i = 0; i < 2; i++) {
		ns[i] = median(times[i]);
		kunit_info(test, "vmem_bench: %s %s n=%u %llu ns/pair", policy->name,
			   what, live[i], ns[i]);
		EXPECT_STAT(test, bench[i]->vmp, FAIL, 0);
	}
	ratio = div_u64(ns[1] * 100, max(ns[0], 1ull));
	kunit_info(test, "vmem_bench: %s %s ratio %u.%02u", policy->name, what,
		   ratio / 100, ratio % 100);
}

static void bench_random_pairs(struct kunit *test)
{
	few_against_many(test, "pair", bench_pairs);
}

static void bench_random_replacements(struct kunit *test)
{
	few_against_many(test, "replace", bench_run);
}

static void bench_hot_pair(struct kunit *test)
{
	const struct policy *policy = test->param_value;
	struct bench *bench = bench_begin(test, FEW, policy->vmflag);
	u64 times[RUNS];
	unsigned int run;

	warm_up(bench, policy->vmflag);
	for (run = 0; run < RUNS; run++) {
		cond_resched();
		times[run] = bench_hot(bench, policy->vmflag);
	}
	kunit_info(test, "vmem_bench: %s hot n=%u %llu ns/pair", policy->name, FEW,
		   median(times));
}

static struct kunit_case bench_cases[] = {
	KUNIT_CASE_PARAM_ATTR(bench_random_pairs, policy_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(bench_random_replacements, policy_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(bench_hot_pair, policy_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite bench_suite = {
	.name = "vmem_bench",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = bench_cases,
};

kunit_test_suite(bench_suite);
