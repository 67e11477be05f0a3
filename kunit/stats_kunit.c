// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics: that each counts what its name says, and nothing else.
 */
#include <linux/log2.h>
#include <linux/prandom.h>

#include "fixture.h"

static vmem_t *pages(struct kunit *test, unsigned int nr)
{
	return fixture_arena(test, PG, nr * PG, PG);
}

static u64 stat(vmem_t *vmp, enum vmem_stat which)
{
	return vmem_stat(vmp, which);
}

/* === Sizes === */

static void mem_inuse_is_what_was_asked_for(struct kunit *test)
{
	vmem_t *a = pages(test, 16);

	EXPECT_STAT(test, a, MEM_INUSE, 0);
	take(a, 100, 0);
	EXPECT_STAT(test, a, MEM_INUSE, 100);
	take(a, PG, 0);
	EXPECT_STAT(test, a, MEM_INUSE, 100 + PG);
	give(a, 0x1000, 100);
	EXPECT_STAT(test, a, MEM_INUSE, PG);
}

static void mem_total_is_the_spans(struct kunit *test)
{
	vmem_t *a = pages(test, 16);

	EXPECT_STAT(test, a, MEM_TOTAL, 16 * PG);
	vmem_add(a, (void *)0x100000, PG, VM_SLEEP);
	EXPECT_STAT(test, a, MEM_TOTAL, 17 * PG);
	take(a, PG, 0);
	EXPECT_STAT(test, a, MEM_TOTAL, 17 * PG);
}

static void mem_import_is_the_imported_spans(struct kunit *test)
{
	vmem_t *p = pages(test, 16);
	vmem_t *c = fixture_child(test, p, 0x100);

	EXPECT_STAT(test, c, MEM_IMPORT, 0);
	take(c, 0x100, 0);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
	take(c, 0x1100, 0);
	EXPECT_STAT(test, c, MEM_IMPORT, 3 * PG);
	give(c, 0x1000, 0x100);
	EXPECT_STAT(test, c, MEM_IMPORT, 2 * PG);
	vmem_add(c, (void *)0x100000, PG, VM_SLEEP);
	EXPECT_STAT(test, c, MEM_IMPORT, 2 * PG);
	EXPECT_STAT(test, c, MEM_TOTAL, 3 * PG);
	EXPECT_STAT(test, p, MEM_IMPORT, 0);
}

static void vmem_size_by_type(struct kunit *test)
{
	vmem_t *a = pages(test, 16);

	take(a, 100, 0);
	KUNIT_EXPECT_EQ(test, vmem_size(a, VMEM_ALLOC), 100ul);
	KUNIT_EXPECT_EQ(test, vmem_size(a, VMEM_FREE), 16 * PG - 100);
	KUNIT_EXPECT_EQ(test, vmem_size(a, VMEM_ALLOC | VMEM_FREE), 16 * PG);
}

static void vmem_size_ignores_other_bits(struct kunit *test)
{
	vmem_t *a = pages(test, 16);
	int others = ~(VMEM_ALLOC | VMEM_FREE);

	take(a, 100, 0);
	KUNIT_EXPECT_EQ(test, vmem_size(a, 0), 0ul);
	KUNIT_EXPECT_EQ(test, vmem_size(a, others), 0ul);
	KUNIT_EXPECT_EQ(test, vmem_size(a, VMEM_ALLOC | others), 100ul);
}

static void vmem_size_of_all_addresses(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 1, TOP(1), 1);

	KUNIT_EXPECT_EQ(test, vmem_size(a, VMEM_FREE), TOP(1));
	take(a, TOP(1), 0);
	EXPECT_STAT(test, a, MEM_INUSE, TOP(1));
	KUNIT_EXPECT_EQ(test, vmem_size(a, VMEM_FREE), 0ul);
}

struct sums {
	size_t quantum;
	u64 alloc;
	u64 rounded;
	u64 free;
	u64 segments;
};

static void sum_allocated(void *arg, void *start, size_t size)
{
	struct sums *sums = arg;

	sums->segments++;
	sums->alloc += size;
	sums->rounded += round_up(size, sums->quantum);
}

static void sum_free(void *arg, void *start, size_t size)
{
	struct sums *sums = arg;

	sums->free += size;
}

static struct sums sums_of(vmem_t *vmp, size_t quantum)
{
	struct sums sums = { .quantum = quantum };

	vmem_walk(vmp, VMEM_ALLOC, sum_allocated, &sums);
	vmem_walk(vmp, VMEM_FREE, sum_free, &sums);
	return sums;
}

/* 32 blocks of random sizes; each step frees one of them, and takes it anew. */
static void work_at_random(vmem_t *vmp, unsigned int steps)
{
	struct { unsigned long addr; size_t size; } block[32] = {}, *b;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 101);
	while (steps--) {
		b = &block[prandom_u32_state(&rnd) % ARRAY_SIZE(block)];
		if (b->addr)
			give(vmp, b->addr, b->size);
		b->size = prandom_u32_state(&rnd) % 0x8000 + 1;
		b->addr = take(vmp, b->size, 0);
	}
}

static void case_101_sums_after_a_random_workload(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, PG, 128 * PG, PG);
	vmem_t *c = fixture_child(test, p, 0x100);
	struct sums sums;

	vmem_add(c, (void *)0x10000000, 16 * PG, VM_SLEEP);
	work_at_random(c, 2000);
	sums = sums_of(c, 0x100);
	EXPECT_STAT(test, c, MEM_TOTAL, sums.free + sums.rounded);
	EXPECT_STAT(test, c, MEM_INUSE, sums.alloc);
	KUNIT_EXPECT_LE(test, stat(c, VMEM_STAT_MEM_IMPORT),
			stat(c, VMEM_STAT_MEM_TOTAL));
	EXPECT_STAT(test, p, MEM_INUSE, stat(c, VMEM_STAT_MEM_IMPORT));
}

/* === Events === */

static void case_097_alloc_less_free_is_segments(struct kunit *test)
{
	vmem_t *a = pages(test, 64);

	work_at_random(a, 1000);
	KUNIT_EXPECT_EQ(test, stat(a, VMEM_STAT_ALLOC) - stat(a, VMEM_STAT_FREE),
			sums_of(a, PG).segments);
}

static void alloc_and_free_count_each_call(struct kunit *test)
{
	vmem_t *a = pages(test, 16);

	take(a, PG, 0);
	xtake(a, PG, 0x4000, 0, 0, 0, 0, 0);
	EXPECT_STAT(test, a, ALLOC, 2);
	EXPECT_STAT(test, a, FREE, 0);
	give(a, 0x1000, PG);
	EXPECT_STAT(test, a, ALLOC, 2);
	EXPECT_STAT(test, a, FREE, 1);
}

static void alloc_and_free_do_not_count_failures(struct kunit *test)
{
	vmem_t *a = pages(test, 1);

	take(a, 2 * PG, 0);
	EXPECT_STAT(test, a, ALLOC, 0);
	EXPECT_REFUSED(test, a, "bad free", give(a, 0x1000, PG));
	EXPECT_STAT(test, a, FREE, 0);
}

static void wait_counts_sleeps(struct kunit *test)
{
	vmem_t *a = pages(test, 1);
	struct sleeper t1 = { .vmp = a, .size = PG, .vmflag = VM_SLEEP };

	take(a, PG, 0);
	EXPECT_STAT(test, a, WAIT, 0);
	sleeper_start(test, &t1);
	EXPECT_STAT(test, a, WAIT, 1);
	give(a, PG, PG);
	sleeper_result(test, &t1);
	EXPECT_STAT(test, a, WAIT, 1);
}

static void fail_counts_whatever_returns_null(struct kunit *test)
{
	vmem_t *a = pages(test, 4);

	take(a, 5 * PG, 0);
	EXPECT_STAT(test, a, FAIL, 1);
	xtake(a, PG, 0x8000, 0, 0, 0, 0, 0);
	EXPECT_STAT(test, a, FAIL, 2);
	xtake(a, PG, 0, 0, 0, 0x100000, 0, 0);
	EXPECT_STAT(test, a, FAIL, 3);
	take(a, TOP(1), 0);
	EXPECT_STAT(test, a, FAIL, 4);
	take(a, 4 * PG, 0);
	EXPECT_STAT(test, a, FAIL, 4);
}

static void fail_counts_at_every_level_that_was_asked(struct kunit *test)
{
	vmem_t *p = pages(test, 1);
	vmem_t *c = fixture_child(test, p, PG);

	take(c, 2 * PG, 0);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, p, FAIL, 1);
}

static void misuse_is_no_failure(struct kunit *test)
{
	vmem_t *a = pages(test, 4);

	EXPECT_REFUSED(test, a, "zero size", take(a, 0, 0));
	EXPECT_REFUSED(test, a, "bad constraint",
		       xtake(a, PG, 0x3000, 0, 0, 0, 0, 0));
	EXPECT_STAT(test, a, MISUSE, 2);
	EXPECT_STAT(test, a, FAIL, 0);
}

/* The counter goes on where the log has had enough. */
static void misuse_counts_beyond_the_reports(struct kunit *test)
{
	vmem_t *a = pages(test, 4);
	int i;

	for (i = 0; i < 1000; i++)
		give(a, 0x1000, PG);
	EXPECT_STAT(test, a, MISUSE, 1000);
	for (i = 0; *fixture_next_report(test); i++)
		;
	KUNIT_EXPECT_GE(test, i, 1);
	KUNIT_EXPECT_LE(test, i, 50);
}

static void case_100_source_is_the_parents_id(struct kunit *test)
{
	vmem_t *p = pages(test, 4);
	vmem_t *c = fixture_child(test, p, PG);
	vmem_t *leaf = fixture_child(test, c, PG);

	EXPECT_STAT(test, p, SOURCE, 0);
	EXPECT_STAT(test, c, SOURCE, p->id);
	EXPECT_STAT(test, leaf, SOURCE, c->id);
}

static void ids_are_not_used_again(struct kunit *test)
{
	vmem_t *a = pages(test, 4);
	unsigned int id = a->id;

	KUNIT_EXPECT_GT(test, id, 0);
	fixture_destroy(test, a);
	a = pages(test, 4);
	KUNIT_EXPECT_EQ(test, a->id, id + 1);
}

/* === Effort === */

/* 64 blocks at random places: some of them share a chain of the hash table. */
static void lookup_counts_steps_along_a_chain(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, PG, TOP(2 * PG), PG);
	unsigned long addr[64];
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = xtake(a, PG, 0, 0, 0, prandom_u32_state(&rnd), 0, 0);
	EXPECT_STAT(test, a, LOOKUP, 0);

	/* Whether new ones go to the head of the chain or to its end. */
	for (i = 0; i < ARRAY_SIZE(addr) / 2; i++)
		xgive(a, addr[i], PG);
	for (i = ARRAY_SIZE(addr); i-- > ARRAY_SIZE(addr) / 2;)
		xgive(a, addr[i], PG);
	KUNIT_EXPECT_GT(test, stat(a, VMEM_STAT_LOOKUP), 0ull);
	KUNIT_EXPECT_LE(test, stat(a, VMEM_STAT_LOOKUP), 3ull * ARRAY_SIZE(addr));
}

static void lookup_of_the_only_block_steps_over_none(struct kunit *test)
{
	vmem_t *a = pages(test, 4);

	give(a, take(a, PG, 0), PG);
	EXPECT_STAT(test, a, LOOKUP, 0);
}

/* @k free segments of three pages each, and a larger one. */
static vmem_t *candidates(struct kunit *test, unsigned int k)
{
	vmem_t *a = pages(test, 1000);
	unsigned long addr[32];
	int i;

	for (i = 0; i < k; i++) {
		addr[i] = take(a, 3 * PG, 0);
		take(a, PG, 0);
	}
	for (i = 0; i < k; i++)
		give(a, addr[i], 3 * PG);
	return a;
}

static void case_098_instant_fit_hit_does_not_search(struct kunit *test)
{
	vmem_t *a = candidates(test, 8);
	u64 before = stat(a, VMEM_STAT_SEARCH);

	KUNIT_EXPECT_NE(test, take(a, 2 * PG, 0), 0ul);
	KUNIT_EXPECT_NE(test, take(a, 16 * PG, 0), 0ul);
	EXPECT_STAT(test, a, SEARCH, before);
}

static void case_098_best_fit_searches_a_class(struct kunit *test)
{
	const unsigned int k = 8;
	vmem_t *a = candidates(test, k);
	u64 before = stat(a, VMEM_STAT_SEARCH);
	u64 added;

	KUNIT_EXPECT_NE(test, take(a, 3 * PG, VM_BESTFIT), 0ul);
	added = stat(a, VMEM_STAT_SEARCH) - before;
	KUNIT_EXPECT_GE(test, added, 1ull);
	KUNIT_EXPECT_LE(test, added, k + 1ull);
}

static void search_counts_candidates_that_do_not_fit(struct kunit *test)
{
	vmem_t *a = candidates(test, 8);
	u64 before = stat(a, VMEM_STAT_SEARCH);

	xtake(a, 3 * PG, 0x2000000, 0, 0, 0, 0, VM_FIRSTFIT);
	KUNIT_EXPECT_GE(test, stat(a, VMEM_STAT_SEARCH) - before, 8ull);
}

static void searches_with_order_count(struct kunit *test)
{
	static const int policies[] = { VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT };
	vmem_t *a = candidates(test, 8);
	u64 before;
	int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		before = stat(a, VMEM_STAT_SEARCH);
		KUNIT_EXPECT_NE(test, take(a, PG, policies[i]), 0ul);
		KUNIT_EXPECT_GT(test, stat(a, VMEM_STAT_SEARCH), before);
	}
}

/* @k spans of a page, none beside another. */
static vmem_t *spans(struct kunit *test, unsigned int k)
{
	vmem_t *a = pages(test, 1);
	unsigned int i;

	for (i = 1; i < k; i++)
		KUNIT_ASSERT_NOT_NULL(test, vmem_add(a, (void *)((2 * i + 1) * PG),
						     PG, VM_SLEEP));
	return a;
}

static void case_099_contains_examines_few_spans(struct kunit *test)
{
	const unsigned int k = 100;
	vmem_t *a = spans(test, k);
	u64 bound = 2 * order_base_2(k + 1);
	u64 before;
	unsigned int i;

	for (i = 0; i < k; i++) {
		before = stat(a, VMEM_STAT_CONTAINS_SEARCH);
		KUNIT_EXPECT_EQ(test, vmem_contains(a, (void *)(2 * i * PG), PG), 0);
		EXPECT_STAT(test, a, CONTAINS, i + 1);
		KUNIT_EXPECT_LE(test, stat(a, VMEM_STAT_CONTAINS_SEARCH) - before,
				bound);
	}
}

static void contains_counts_either_answer(struct kunit *test)
{
	vmem_t *a = spans(test, 3);

	KUNIT_EXPECT_EQ(test, vmem_contains(a, (void *)0x1000, PG), 1);
	EXPECT_STAT(test, a, CONTAINS, 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(a, (void *)0x2000, PG), 0);
	EXPECT_STAT(test, a, CONTAINS, 2);
	KUNIT_EXPECT_GE(test, stat(a, VMEM_STAT_CONTAINS_SEARCH), 1ull);
}

static void contains_of_the_only_span_examines_it(struct kunit *test)
{
	vmem_t *a = pages(test, 1);

	vmem_contains(a, (void *)0x1000, PG);
	EXPECT_STAT(test, a, CONTAINS_SEARCH, 1);
}

static void new_arena_has_counted_nothing(struct kunit *test)
{
	vmem_t *a = pages(test, 1);
	enum vmem_stat which;

	for (which = 0; which < VMEM_NR_STATS; which++)
		if (which != VMEM_STAT_MEM_TOTAL)
			KUNIT_EXPECT_EQ_MSG(test, vmem_stat(a, which), 0ull,
					    "statistic %d", which);
}

/* === Requests that fail, and why === */

static void stop_explaining(void *unused)
{
	vmem_verbose_fail = false;
}

static void failure_explains_itself(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 8 * PG, PG);
	unsigned long addr;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_explaining, NULL));
	EXPECT_ADDR(test, take(vmp, 9 * PG, 0), 0);
	vmem_verbose_fail = true;
	EXPECT_ADDR(test, take(vmp, 9 * PG, 0), 0);
	EXPECT_REPORT(test, " size 0x9000 free 32768 largest 32768: less is free");
	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, 9 * PG, 10 * PG, 0), 0);
	EXPECT_REPORT(test, " free 32768 largest 32768: no free piece meets its constr");
	while ((addr = take(vmp, PG, VM_NEXTFIT)))
		;
	EXPECT_REPORT(test, " size 0x1000 free 0 largest 0: less is free");
	for (addr = PG; addr < 9 * PG; addr += 2 * PG)
		give(vmp, addr, PG);
	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0);
	EXPECT_REPORT(test, " free 16384 largest 4096: no free piece is long enough");
	EXPECT_ADDR(test, xtake(vmp, PG, 2 * PG, 0, 0, 0, 0, 0), 0);
	EXPECT_REPORT(test, " free 16384 largest 4096: no free piece meets its constr");
	/* What sizes were rounded up by is free to nobody. */
	while (take(vmp, 100, 0))
		;
	EXPECT_REPORT(test, " free 15984 largest 0: less is free");
	vmem_verbose_fail = false;
	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(case_097_alloc_less_free_is_segments),
	KUNIT_CASE(case_098_instant_fit_hit_does_not_search),
	KUNIT_CASE(case_098_best_fit_searches_a_class),
	KUNIT_CASE(case_099_contains_examines_few_spans),
	KUNIT_CASE(case_100_source_is_the_parents_id),
	KUNIT_CASE(case_101_sums_after_a_random_workload),
	KUNIT_CASE(mem_inuse_is_what_was_asked_for),
	KUNIT_CASE(mem_total_is_the_spans),
	KUNIT_CASE(mem_import_is_the_imported_spans),
	KUNIT_CASE(vmem_size_by_type),
	KUNIT_CASE(vmem_size_ignores_other_bits),
	KUNIT_CASE(vmem_size_of_all_addresses),
	KUNIT_CASE(alloc_and_free_count_each_call),
	KUNIT_CASE(alloc_and_free_do_not_count_failures),
	KUNIT_CASE(wait_counts_sleeps),
	KUNIT_CASE(fail_counts_whatever_returns_null),
	KUNIT_CASE(fail_counts_at_every_level_that_was_asked),
	KUNIT_CASE(misuse_is_no_failure),
	KUNIT_CASE(misuse_counts_beyond_the_reports),
	KUNIT_CASE(ids_are_not_used_again),
	KUNIT_CASE(lookup_counts_steps_along_a_chain),
	KUNIT_CASE(lookup_of_the_only_block_steps_over_none),
	KUNIT_CASE(search_counts_candidates_that_do_not_fit),
	KUNIT_CASE(searches_with_order_count),
	KUNIT_CASE(contains_counts_either_answer),
	KUNIT_CASE(contains_of_the_only_span_examines_it),
	KUNIT_CASE(new_arena_has_counted_nothing),
	KUNIT_CASE(failure_explains_itself),
	{}
};

static struct kunit_suite vmem_stats_suite = {
	.name = "vmem_stats",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(vmem_stats_suite);
