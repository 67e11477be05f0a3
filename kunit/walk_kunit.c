// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks: what they visit, in which order, and what happens to them when the
 * arena changes under their feet.
 */
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/sched/task.h>

#include "fixture.h"
#include "patience.h"

/* === What is visited === */

static void case_092_segments_by_type(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x10000, PG);
	int i;

	for (i = 0; i < 3; i++)
		take(a, PG, 0);
	give(a, 0x2000, PG);
	EXPECT_LAYOUT(test, a, VMEM_ALLOC, "1000+1000 3000+1000");
	EXPECT_LAYOUT(test, a, VMEM_FREE, "2000+1000 4000+d000");
	EXPECT_LAYOUT(test, a, VMEM_ALLOC | VMEM_FREE,
		      "1000+1000 2000+1000 3000+1000 4000+d000");
}

static void case_093_walker_bit_walks_nothing(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x10000, PG);

	take(a, PG, 0);
	EXPECT_LAYOUT(test, a, VMEM_WALKER, "");
	EXPECT_LAYOUT(test, a, VMEM_WALKER | VMEM_ALLOC | VMEM_FREE | VMEM_SPAN, "");
	EXPECT_LAYOUT(test, a, VMEM_WALKER | VMEM_ALLOC | VMEM_REENTRANT, "");
}

static void rotor_bit_matches_nothing(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x10000, PG);

	take(a, PG, VM_NEXTFIT);
	EXPECT_LAYOUT(test, a, VMEM_ROTOR, "");
	EXPECT_LAYOUT(test, a, VMEM_ROTOR | VMEM_ALLOC, "1000+1000");
}

static void empty_mask_walks_nothing(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x10000, PG);

	EXPECT_LAYOUT(test, a, 0, "");
	EXPECT_LAYOUT(test, a, VMEM_REENTRANT, "");
}

static void arena_without_spans_walks_nothing(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0, 0, PG);

	EXPECT_LAYOUT(test, a, VMEM_SPAN | VMEM_ALLOC | VMEM_FREE, "");
	EXPECT_LAYOUT(test, a, VMEM_SPAN | VMEM_FREE | VMEM_REENTRANT, "");
}

struct seen {
	unsigned int calls;
	unsigned long start;
	size_t size;
};

static void see(void *arg, void *start, size_t size)
{
	struct seen *seen = arg;

	seen->calls++;
	seen->start = (unsigned long)start;
	seen->size = size;
}

static void case_094_callback_arguments(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x10000, PG);
	struct seen seen = {};

	take(a, 100, 0);
	vmem_walk(a, VMEM_ALLOC, see, &seen);
	KUNIT_EXPECT_EQ(test, seen.calls, 1);
	EXPECT_ADDR(test, seen.start, 0x1000);
	KUNIT_EXPECT_EQ(test, seen.size, 100);
}

static void case_096_spans_in_address_order(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x5000, PG, PG);

	vmem_add(a, (void *)0x1000, PG, VM_SLEEP);
	vmem_add(a, (void *)0x3000, PG, VM_SLEEP);
	EXPECT_LAYOUT(test, a, VMEM_SPAN, "1000+1000 3000+1000 5000+1000");
	EXPECT_LAYOUT(test, a, VMEM_FREE, "1000+1000 3000+1000 5000+1000");
}

static void span_comes_before_its_segments(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x2000, PG);

	vmem_add(a, (void *)0x3000, 0x2000, VM_SLEEP);
	xtake(a, 100, 0, 0, 0, 0x1000, 0x2000, 0);
	xtake(a, PG, 0, 0, 0, 0x4000, 0x5000, 0);
	EXPECT_LAYOUT(test, a, VMEM_SPAN | VMEM_ALLOC | VMEM_FREE,
		      "1000+2000 1000+64 2000+1000 3000+2000 3000+1000 4000+1000");
}

static void span_at_the_top(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, TOP(0x2000), 0x2000, PG);
	struct seen seen = {};

	take(a, PG, VM_ENDALLOC);
	vmem_walk(a, VMEM_ALLOC, see, &seen);
	KUNIT_EXPECT_EQ(test, seen.calls, 1);
	EXPECT_ADDR(test, seen.start, TOP(0x1000));
	KUNIT_EXPECT_EQ(test, seen.size, PG);
}

static void reentrant_walk_sees_the_same(struct kunit *test)
{
	int all = VMEM_SPAN | VMEM_ALLOC | VMEM_FREE;
	vmem_t *a = fixture_arena(test, 0x5000, 0x4000, PG);

	vmem_add(a, (void *)0x1000, 0x2000, VM_SLEEP);
	take(a, 100, VM_FIRSTFIT);
	take(a, 2 * PG, VM_FIRSTFIT);
	EXPECT_LAYOUT(test, a, all, "1000+2000 1000+64 2000+1000 5000+4000 5000+2000 7000+2000");
	EXPECT_LAYOUT(test, a, all | VMEM_REENTRANT, fixture_layout(test, a, all));
	EXPECT_LAYOUT(test, a, VMEM_ALLOC | VMEM_REENTRANT, "1000+64 5000+2000");
	EXPECT_LAYOUT(test, a, VMEM_SPAN | VMEM_REENTRANT, "1000+2000 5000+4000");
}

/* === Changes during a walk === */

#define NR_PAGES	64

/*
 * A walk over an arena of pages from 0x1000 on, which counts how often it saw
 * each of them allocated, and in each callback does what the test wants.
 */
struct tour {
	struct kunit *test;
	vmem_t *vmp;
	void (*act)(struct tour *tour, unsigned long start, size_t size);
	struct rnd_state rnd;
	unsigned int calls;
	unsigned int visits[NR_PAGES];
};

static unsigned long page_at(unsigned int i)
{
	return (i + 1) * PG;
}

static void visit(void *arg, void *start, size_t size)
{
	unsigned long addr = (unsigned long)start;
	struct tour *tour = arg;

	tour->calls++;
	tour->visits[(addr / PG - 1) % NR_PAGES]++;
	tour->act(tour, addr, size);
}

static void nothing(struct tour *tour, unsigned long start, size_t size)
{
}

/* All the pages of a fresh arena or, if @source is given, each a span from it. */
static struct tour *new_tour(struct kunit *test, vmem_t *source,
			     void (*act)(struct tour *tour, unsigned long start,
					 size_t size))
{
	struct tour *tour = kunit_kzalloc(test, sizeof(*tour), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, tour);
	tour->test = test;
	tour->act = act;
	prandom_seed_state(&tour->rnd, 131);
	if (source)
		tour->vmp = fixture_child(test, source, PG);
	else
		tour->vmp = fixture_arena(test, PG, NR_PAGES * PG, PG);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_ASSERT_EQ(test, take(tour->vmp, PG, 0), page_at(i));
	return tour;
}

static void walk(struct tour *tour)
{
	vmem_walk(tour->vmp, VMEM_ALLOC | VMEM_REENTRANT, visit, tour);
}

static void free_it(struct tour *tour, unsigned long start, size_t size)
{
	give(tour->vmp, start, size);
}

static void case_095_callback_frees_what_it_is_given(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, free_it);
	int i;

	walk(tour);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	EXPECT_LAYOUT(test, tour->vmp, VMEM_FREE, "1000+40000");
	EXPECT_STAT(test, tour->vmp, MEM_INUSE, 0);
}

/* Every callback frees or takes a page with an odd number, at random. */
static void change_an_odd_page(struct tour *tour, unsigned long start, size_t size)
{
	unsigned int i = prandom_u32_state(&tour->rnd) % NR_PAGES | 1;
	unsigned long addr = page_at(i);

	if (!xtake(tour->vmp, PG, 0, 0, 0, addr, addr + PG, 0))
		xgive(tour->vmp, addr, PG);
}

static void case_131_untouched_segments_are_visited_once(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, change_an_odd_page);
	int i;

	walk(tour);
	for (i = 0; i < NR_PAGES; i += 2)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	KUNIT_EXPECT_NE(test, vmem_size(tour->vmp, VMEM_FREE), 0ul);
	EXPECT_VALID(test, tour->vmp);
}

static void case_131_many_seeds(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, change_an_odd_page);
	int i, seed;

	for (seed = 0; seed < 200; seed++) {
		prandom_seed_state(&tour->rnd, seed);
		memset(tour->visits, 0, sizeof(tour->visits));
		walk(tour);
		for (i = 0; i < NR_PAGES; i += 2)
			KUNIT_EXPECT_EQ_MSG(test, tour->visits[i], 1,
					    "page %d, seed %d", i, seed);
	}
	EXPECT_VALID(test, tour->vmp);
}

static void free_all(struct tour *tour, unsigned long start, size_t size)
{
	int i;

	for (i = 0; tour->calls == 1 && i < NR_PAGES; i++)
		give(tour->vmp, page_at(i), PG);
	EXPECT_LAYOUT(tour->test, tour->vmp, VMEM_FREE, "1000+40000");
}

static void case_131_all_freed_during_the_walk_is_one_segment(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, free_all);

	walk(tour);
	KUNIT_EXPECT_GE(test, tour->calls, 1);
	EXPECT_STAT(test, tour->vmp, MEM_INUSE, 0);
}

/* Which side of the walk they are on matters to it most. */
static void free_the_neighbours(struct tour *tour, unsigned long start, size_t size)
{
	unsigned int i = start / PG - 1;

	if (i % 3 != 1)
		return;
	give(tour->vmp, start - PG, PG);
	give(tour->vmp, start + PG, PG);
}

static void callback_frees_the_segments_on_both_sides(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, free_the_neighbours);
	int i;

	walk(tour);
	for (i = 1; i < NR_PAGES; i += 3)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	for (i = 2; i < NR_PAGES - 1; i += 3)
		KUNIT_EXPECT_LE(test, tour->visits[i], 1);
	EXPECT_VALID(test, tour->vmp);
}

/* What is taken behind the walk is never reached, so that the walk ends. */
static void take_it_again(struct tour *tour, unsigned long start, size_t size)
{
	give(tour->vmp, start, size);
	EXPECT_ADDR(tour->test, take(tour->vmp, PG, VM_FIRSTFIT), start);
}

static void segment_replaced_by_the_callback_is_not_revisited(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, take_it_again);

	walk(tour);
	KUNIT_EXPECT_EQ(test, tour->calls, NR_PAGES);
}

static void free_ahead_and_take_in_halves(struct tour *tour, unsigned long start,
					  size_t size)
{
	if (tour->calls > 1)
		return;
	give(tour->vmp, page_at(2), PG);
	give(tour->vmp, page_at(3), PG);
	EXPECT_ADDR(tour->test, take(tour->vmp, 2 * PG, 0), page_at(2));
}

static void segment_made_ahead_of_the_walk(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, free_ahead_and_take_in_halves);

	walk(tour);
	KUNIT_EXPECT_EQ(test, tour->visits[1], 1);
	KUNIT_EXPECT_LE(test, tour->visits[2], 2);
	KUNIT_EXPECT_LE(test, tour->visits[3], 1);
	KUNIT_EXPECT_EQ(test, tour->visits[4], 1);
}

static void add_spans(struct tour *tour, unsigned long start, size_t size)
{
	unsigned long addr = 0x1000000 + tour->calls * PG;

	EXPECT_ADDR(tour->test, vmem_add(tour->vmp, (void *)addr, PG, VM_SLEEP),
		    addr);
}

static void callback_adds_spans(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, add_spans);
	int i;

	walk(tour);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	EXPECT_STAT(test, tour->vmp, MEM_TOTAL, 2 * NR_PAGES * PG);
}

/* === Spans that vanish during a walk === */

static vmem_t *source(struct kunit *test)
{
	return fixture_arena(test, PG, NR_PAGES * PG, PG);
}

static void span_vanishes_with_the_segment_given(struct kunit *test)
{
	vmem_t *p = source(test);
	struct tour *tour = new_tour(test, p, free_it);
	int i;

	walk(tour);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	EXPECT_STAT(test, tour->vmp, MEM_TOTAL, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void spans_vanish_on_both_sides(struct kunit *test)
{
	struct tour *tour = new_tour(test, source(test), free_the_neighbours);
	int i;

	walk(tour);
	for (i = 1; i < NR_PAGES; i += 3)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	EXPECT_VALID(test, tour->vmp);
}

static void free_all_spans(struct tour *tour, unsigned long start, size_t size)
{
	int i;

	for (i = 0; tour->calls == 1 && i < NR_PAGES; i++)
		give(tour->vmp, page_at(i), PG);
	EXPECT_STAT(tour->test, tour->vmp, MEM_TOTAL, 0);
}

static void all_spans_vanish(struct kunit *test)
{
	vmem_t *p = source(test);
	struct tour *tour = new_tour(test, p, free_all_spans);

	walk(tour);
	KUNIT_EXPECT_GE(test, tour->calls, 1);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "1000+40000");
}

/* The walk stands before the span itself when that goes. */
static void span_vanishes_when_it_is_itself_visited(struct kunit *test)
{
	vmem_t *p = source(test);
	struct tour *tour = new_tour(test, p, free_it);
	int i;

	vmem_walk(tour->vmp, VMEM_SPAN | VMEM_REENTRANT, visit, tour);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 1);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

/* A span goes and comes back at the same place: it may be seen anew. */
static void span_vanishes_and_reappears(struct kunit *test)
{
	struct tour *tour = new_tour(test, source(test), take_it_again);

	walk(tour);
	KUNIT_EXPECT_EQ(test, tour->calls, NR_PAGES);
	EXPECT_STAT(test, tour->vmp, MEM_IMPORT, NR_PAGES * PG);
}

/* === Walks within walks, and beside them === */

static void walk_again(struct tour *tour, unsigned long start, size_t size)
{
	struct tour inner = { .vmp = tour->vmp, .act = nothing };

	vmem_walk(tour->vmp, VMEM_ALLOC | VMEM_REENTRANT, visit, &inner);
	KUNIT_EXPECT_EQ(tour->test, inner.calls, NR_PAGES);
}

static void walks_within_a_walk(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, walk_again);

	walk(tour);
	KUNIT_EXPECT_EQ(test, tour->calls, NR_PAGES);
}

/* The inner walk frees what the outer one would come to next. */
static void free_all_by_a_walk(struct tour *tour, unsigned long start, size_t size)
{
	struct tour inner = { .vmp = tour->vmp, .act = free_it };

	vmem_walk(tour->vmp, VMEM_ALLOC | VMEM_REENTRANT, visit, &inner);
}

static void walk_whose_arena_is_emptied_by_another(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, free_all_by_a_walk);
	int i;

	walk(tour);
	for (i = 0; i < NR_PAGES; i++)
		KUNIT_EXPECT_LE(test, tour->visits[i], 1);
	EXPECT_LAYOUT(test, tour->vmp, VMEM_FREE, "1000+40000");
}

static void walk_whose_spans_are_returned_by_another(struct kunit *test)
{
	vmem_t *p = source(test);
	struct tour *tour = new_tour(test, p, free_all_by_a_walk);

	walk(tour);
	EXPECT_STAT(test, tour->vmp, MEM_TOTAL, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void snapshot_within_a_walk(struct tour *tour, unsigned long start,
				   size_t size)
{
	EXPECT_LAYOUT(tour->test, tour->vmp, VMEM_SPAN | VMEM_FREE, "1000+40000");
}

static void walk_is_no_segment(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, snapshot_within_a_walk);

	walk(tour);
	KUNIT_EXPECT_EQ(test, tour->calls, NR_PAGES);
	EXPECT_STAT(test, tour->vmp, ALLOC, NR_PAGES);
}

struct walker {
	struct tour *tour;
	struct task_struct *task;
	struct completion done;
};

static void let_others_run(struct tour *tour, unsigned long start, size_t size)
{
	cond_resched();
}

static int walker_thread(void *arg)
{
	struct walker *walker = arg;
	int i;

	for (i = 0; i < 100; i++)
		walk(walker->tour);
	complete(&walker->done);
	return 0;
}

static struct walker *start_walker(struct kunit *test, struct tour *tour)
{
	struct walker *walker = kunit_kzalloc(test, sizeof(*walker), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, walker);
	walker->tour = tour;
	init_completion(&walker->done);
	walker->task = kthread_create(walker_thread, walker, "vmem-walker");
	KUNIT_ASSERT_FALSE(test, IS_ERR(walker->task));
	get_task_struct(walker->task);
	wake_up_process(walker->task);
	return walker;
}

static void walk_beside_changes_by_another_thread(struct kunit *test)
{
	struct tour *tour = new_tour(test, NULL, let_others_run);
	struct tour change = { .vmp = tour->vmp };
	struct walker *walker = start_walker(test, tour);
	unsigned int turns = 0;
	int i;

	prandom_seed_state(&change.rnd, 131);
	while (!completion_done(&walker->done) && patience_lasts(&turns))
		for (i = 0; i < 100; i++)
			change_an_odd_page(&change, 0, 0);
	KUNIT_ASSERT_TRUE(test, completion_done(&walker->done));
	kthread_stop(walker->task);
	put_task_struct(walker->task);
	for (i = 0; i < NR_PAGES; i += 2)
		KUNIT_EXPECT_EQ(test, tour->visits[i], 100);
	EXPECT_VALID(test, tour->vmp);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(case_092_segments_by_type),
	KUNIT_CASE(case_093_walker_bit_walks_nothing),
	KUNIT_CASE(case_094_callback_arguments),
	KUNIT_CASE(case_095_callback_frees_what_it_is_given),
	KUNIT_CASE(case_096_spans_in_address_order),
	KUNIT_CASE(case_131_untouched_segments_are_visited_once),
	KUNIT_CASE(case_131_many_seeds),
	KUNIT_CASE(case_131_all_freed_during_the_walk_is_one_segment),
	KUNIT_CASE(rotor_bit_matches_nothing),
	KUNIT_CASE(empty_mask_walks_nothing),
	KUNIT_CASE(arena_without_spans_walks_nothing),
	KUNIT_CASE(span_comes_before_its_segments),
	KUNIT_CASE(span_at_the_top),
	KUNIT_CASE(reentrant_walk_sees_the_same),
	KUNIT_CASE(callback_frees_the_segments_on_both_sides),
	KUNIT_CASE(segment_replaced_by_the_callback_is_not_revisited),
	KUNIT_CASE(segment_made_ahead_of_the_walk),
	KUNIT_CASE(callback_adds_spans),
	KUNIT_CASE(span_vanishes_with_the_segment_given),
	KUNIT_CASE(spans_vanish_on_both_sides),
	KUNIT_CASE(all_spans_vanish),
	KUNIT_CASE(span_vanishes_when_it_is_itself_visited),
	KUNIT_CASE(span_vanishes_and_reappears),
	KUNIT_CASE(walks_within_a_walk),
	KUNIT_CASE(walk_whose_arena_is_emptied_by_another),
	KUNIT_CASE(walk_whose_spans_are_returned_by_another),
	KUNIT_CASE(walk_is_no_segment),
	KUNIT_CASE(walk_beside_changes_by_another_thread),
	{}
};

static struct kunit_suite vmem_walk_suite = {
	.name = "vmem_walk",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(vmem_walk_suite);
