// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing is stranded: what caches hold, in magazines, depots and partly used
 * slabs, can be had by those who need it, and those who wait for it are woken.
 */
#include <linux/bitmap.h>
#include <linux/sched/signal.h>

#include "cached.h"

/* [CACHED_BASE, + quanta), with caches for up to five pages and slabs of 16. */
static vmem_t *arena_of_pages(struct kunit *test, unsigned long pages)
{
	return cached_arena(test, pages * PG, PG, 5 * PG);
}

static struct bag *bag_of_pages(struct kunit *test, vmem_t *vmp, unsigned long pages)
{
	return bag_new(test, vmp, CACHED_BASE, pages * PG, PG);
}

static unsigned long page(unsigned int n)
{
	return CACHED_BASE + n * PG;
}

/* Such an arena, all of it taken page by page. */
static struct bag *full_arena(struct kunit *test, unsigned long pages)
{
	vmem_t *vmp = arena_of_pages(test, pages);
	struct bag *bag = bag_of_pages(test, vmp, pages);

	KUNIT_ASSERT_EQ(test, bag_fill(bag, PG, pages), pages);
	return bag;
}

/* Take the rest of what there is, one sleeping request at a time. */
static void fill_sleeping(struct kunit *test, struct bag *bag, size_t size,
			  unsigned long nr)
{
	struct sleeper sleeper;

	while (nr--) {
		sleeper = sleep_for(test, bag->vmp, size);
		bag_put(bag, sleeper_result(test, &sleeper), size);
	}
}

/* At least 99 % of what is free without sleeping, and all of it with. */
static void expect_all_can_be_had(struct kunit *test, struct bag *bag, size_t size,
				  unsigned long nr)
{
	unsigned long got = bag_fill(bag, size, nr);

	KUNIT_EXPECT_GE_MSG(test, got * 100, nr * 99, "%lu of %lu of size %zu", got,
			    nr, size);
	fill_sleeping(test, bag, size, nr - got);
	KUNIT_EXPECT_EQ(test, take(bag->vmp, size, 0), 0ul);
}

/* === What other CPUs have used === */

static void touch(void *arg)
{
	static const size_t sizes[] = { 1, 2, 3, 16 };
	unsigned long addr;
	vmem_t *ids = arg;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		addr = take(ids, sizes[i], 0);
		if (addr)
			give(ids, addr, sizes[i]);
	}
}

static const struct space {
	const char *desc;
	unsigned long nr;
	size_t qcache_max;
} space_table[] = {
	{ "16 identifiers", 16, 1 },
	{ "64 identifiers", 64, 1 },
	{ "100 identifiers, one class", 100, 1 },
	{ "100 identifiers", 100, 16 },
	{ "1000 identifiers", 1000, 16 },
	{ "100000 identifiers", 100000, 16 },
};

KUNIT_ARRAY_PARAM_DESC(space, space_table, desc);

static void space_can_be_filled(struct kunit *test)
{
	const struct space *space = test->param_value;
	vmem_t *ids = cached_ids(test, space->nr, space->qcache_max);
	struct bag *bag = bag_of_ids(test, ids, space->nr);

	on_each_cpu_of(test, touch, ids);
	expect_all_can_be_had(test, bag, 1, space->nr);
	bag_give_all(bag);
	cached_expect_whole(test, ids, 1, space->nr);
}

static void space_of_a_million_can_be_filled(struct kunit *test)
{
	vmem_t *ids;
	struct bag *bag;

	if (IS_ENABLED(CONFIG_KCSAN))
		kunit_skip(test, "takes half a minute, and there is nobody to race with");
	ids = cached_ids(test, 1000000, 16);
	bag = bag_of_ids(test, ids, 1000000);
	on_each_cpu_of(test, touch, ids);
	expect_all_can_be_had(test, bag, 1, 1000000);
	bag_give_all(bag);
	cached_expect_whole(test, ids, 1, 1000000);
}

static void space_can_be_filled_again_and_again(struct kunit *test)
{
	vmem_t *ids = cached_ids(test, 1000, 16);
	struct bag *bag = bag_of_ids(test, ids, 1000);
	int i;

	for (i = 1; i <= 16; i++) {
		expect_all_can_be_had(test, bag, 1, 1000);
		bag_give_all(bag);
		bag_fill(bag, i, 1000);
		bag_give_all(bag);
	}
	cached_expect_whole(test, ids, 1, 1000);
}

struct parking {
	struct bag *bag;
	size_t size;
};

static void park(void *arg)
{
	struct parking *parking = arg;

	bag_fill(parking->bag, parking->size, parking->bag->quanta);
	bag_give_all(parking->bag);
}

/* Leave as much as they can hold in the caches of one class, on all CPUs. */
static void park_everywhere(struct kunit *test, struct bag *bag, size_t size)
{
	struct parking parking = { .bag = bag, .size = size };

	on_each_cpu_of(test, park, &parking);
}

static void case_118_parked_pages_serve_who_sleeps(struct kunit *test)
{
	vmem_t *vmp = arena_of_pages(test, 64);
	struct bag *bag = bag_of_pages(test, vmp, 64);
	struct sleeper t1;

	park_everywhere(test, bag, PG);
	t1 = sleep_for(test, vmp, 64 * PG);
	EXPECT_ADDR(test, sleeper_result(test, &t1), CACHED_BASE);
	give(vmp, CACHED_BASE, 64 * PG);
	cached_expect_whole(test, vmp, CACHED_BASE, 64 * PG);
}

static void parked_objects_of_one_class_serve_another(struct kunit *test)
{
	vmem_t *vmp = arena_of_pages(test, 256);
	struct bag *bag = bag_of_pages(test, vmp, 256);

	park_everywhere(test, bag, 2 * PG);
	expect_all_can_be_had(test, bag, PG, 256);
	bag_give_all(bag);
	park_everywhere(test, bag, 5 * PG);
	expect_all_can_be_had(test, bag, PG, 256);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, CACHED_BASE, 256 * PG);
}

static void parked_objects_serve_xalloc(struct kunit *test)
{
	vmem_t *vmp = arena_of_pages(test, 64);
	struct bag *bag = bag_of_pages(test, vmp, 64);
	struct sleeper t1;

	park_everywhere(test, bag, PG);
	t1 = sleep_for_window(test, vmp, 3 * PG, page(30), page(33));
	EXPECT_ADDR(test, sleeper_result(test, &t1), page(30));
	xgive(vmp, page(30), 3 * PG);
	cached_expect_whole(test, vmp, CACHED_BASE, 64 * PG);
}

static void parked_in_the_source_serves_a_child(struct kunit *test)
{
	vmem_t *p = arena_of_pages(test, 64);
	vmem_t *c = cached_child(test, p, PG, 0);
	struct bag *bag = bag_of_pages(test, p, 64);
	struct sleeper t1;

	park_everywhere(test, bag, PG);
	t1 = sleep_for(test, c, 64 * PG);
	EXPECT_ADDR(test, sleeper_result(test, &t1), CACHED_BASE);
	give(c, CACHED_BASE, 64 * PG);
	cached_expect_whole(test, p, CACHED_BASE, 64 * PG);
}

/* === Partly used slabs === */

/* Every other object is given back: half of the space, in holes. */
static struct bag *arena_with_holes(struct kunit *test, unsigned long pages,
				    unsigned long pages_each)
{
	vmem_t *vmp = arena_of_pages(test, pages);
	struct bag *bag = bag_of_pages(test, vmp, pages);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, pages_each * PG, pages / pages_each),
			pages / pages_each);
	bag_give_some(bag, 0, 2);
	return bag;
}

static void holes_serve_a_smaller_class(struct kunit *test)
{
	struct bag *bag = arena_with_holes(test, 256, 2);

	expect_all_can_be_had(test, bag, PG, 128);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 256 * PG);
}

static void holes_serve_several_classes(struct kunit *test)
{
	struct bag *bag = arena_with_holes(test, 256, 4);

	expect_all_can_be_had(test, bag, 4 * PG, 32);
	bag_give_some(bag, 0, 2);
	fill_sleeping(test, bag, 3 * PG, 16);
	fill_sleeping(test, bag, PG, 80);
	KUNIT_EXPECT_EQ(test, take(bag->vmp, PG, 0), 0ul);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 256 * PG);
}

static void holes_serve_xalloc(struct kunit *test)
{
	struct bag *bag = arena_with_holes(test, 64, 2);
	unsigned long hole = find_first_zero_bit(bag->taken, 64);
	struct sleeper t1;

	t1 = sleep_for_window(test, bag->vmp, 2 * PG, page(hole), page(hole + 2));
	EXPECT_ADDR(test, sleeper_result(test, &t1), page(hole));
	xgive(bag->vmp, page(hole), 2 * PG);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 64 * PG);
}

/* 21 objects of 3 leave one unit of a slab of 64, on no list of those with free ones. */
static void waste_of_a_full_slab_is_had(struct kunit *test)
{
	vmem_t *vmp = cached_ids(test, 64, 3);
	struct bag *bag = bag_of_ids(test, vmp, 64);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, 3, 21), 21ul);
	EXPECT_STAT(test, vmp, ALLOC, 1);
	KUNIT_EXPECT_NE(test, bag_take(bag, 1, 0), 0ul);
	EXPECT_STAT(test, vmp, MEM_INUSE, 64);
	EXPECT_VALID(test, vmp);
}

/* Of 48 objects in three slabs, six adjacent ones of each go. */
static void holes_serve_an_uncached_size(struct kunit *test)
{
	struct bag *bag = full_arena(test, 48);
	struct sleeper t1;
	unsigned int i;

	for (i = 0; i < 48; i++)
		if (i % 16 >= 5 && i % 16 < 11)
			bag_give(bag, page(i));
	for (i = 0; i < 3; i++) {
		t1 = sleep_for(test, bag->vmp, 6 * PG);
		bag_put(bag, sleeper_result(test, &t1), 6 * PG);
	}
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 48 * PG);
}

/* Objects of a slab that is no more are freed, and found missing, like others. */
static void misuse_after_a_slab_was_dissolved(struct kunit *test)
{
	struct bag *bag = full_arena(test, 16);
	struct sleeper t1;

	bag_give(bag, page(7));
	t1 = sleep_for_window(test, bag->vmp, PG, page(7), page(8));
	EXPECT_ADDR(test, sleeper_result(test, &t1), page(7));
	EXPECT_REFUSED(test, bag->vmp, "bad free", xgive(bag->vmp, page(3), PG));
	bag_give(bag, page(3));
	give(bag->vmp, page(3), PG);
	cached_reap_misuse(test, bag->vmp, 2);
	EXPECT_REPORT(test, "vmem: bad free: arena \"cached\"");
	xgive(bag->vmp, page(7), PG);
	bag_give_all(bag);
	cached_reap(test, bag->vmp, 0);
	EXPECT_LAYOUT(test, bag->vmp, VMEM_FREE, "1000000+10000");
}

/* === Sleepers === */

static void let_others_run(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, PG, PG);
	struct sleeper other = sleep_for(test, a, PG);

	xgive(a, sleeper_result(test, &other), PG);
}

/* Not done, and not woken in vain either. */
static void expect_still_asleep(struct kunit *test, struct sleeper *sleeper, u64 waits)
{
	let_others_run(test);
	KUNIT_EXPECT_FALSE(test, sleeper_done(sleeper));
	EXPECT_STAT(test, sleeper->vmp, WAIT, waits);
}

static void expect_gets(struct kunit *test, struct bag *bag, struct sleeper *sleeper,
			unsigned long addr)
{
	EXPECT_ADDR(test, sleeper_result(test, sleeper), addr);
	if (!sleeper->minaddr && sleeper->addr)
		bag_put(bag, sleeper->addr, sleeper->size);
}

static void free_wakes_a_sleeper_of_the_class(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	struct sleeper t1 = sleep_for(test, bag->vmp, PG);

	KUNIT_EXPECT_FALSE(test, sleeper_done(&t1));
	bag_give(bag, page(9));
	expect_gets(test, bag, &t1, page(9));
	EXPECT_STAT(test, bag->vmp, FAIL, 0);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

static void free_wakes_a_sleeper_of_another_class(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	struct sleeper t1 = sleep_for(test, bag->vmp, 3 * PG);
	u64 waits = vmem_stat(bag->vmp, VMEM_STAT_WAIT);

	bag_give(bag, page(20));
	bag_give(bag, page(22));
	bag_give(bag, page(24));
	expect_still_asleep(test, &t1, waits);
	bag_give(bag, page(21));
	expect_gets(test, bag, &t1, page(20));
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

static void free_of_a_larger_class_wakes(struct kunit *test)
{
	vmem_t *vmp = arena_of_pages(test, 16);
	struct bag *bag = bag_of_pages(test, vmp, 16);
	struct sleeper t1;
	unsigned long addr;

	KUNIT_EXPECT_EQ(test, bag_fill(bag, 4 * PG, 4), 4ul);
	t1 = sleep_for(test, vmp, PG);
	addr = bag->held[2].addr;
	bag_give(bag, addr);
	bag_put(bag, sleeper_result(test, &t1), PG);
	KUNIT_EXPECT_GE(test, t1.addr, addr);
	KUNIT_EXPECT_LT(test, t1.addr, addr + 4 * PG);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, CACHED_BASE, 16 * PG);
}

static void frees_that_join_wake_a_large_sleeper(struct kunit *test)
{
	struct bag *bag = full_arena(test, 48);
	struct sleeper t1 = sleep_for(test, bag->vmp, 9 * PG);
	u64 waits = vmem_stat(bag->vmp, VMEM_STAT_WAIT);
	unsigned int i;

	for (i = 20; i < 29; i++) {
		expect_still_asleep(test, &t1, waits);
		bag_give(bag, page(i));
	}
	expect_gets(test, bag, &t1, page(20));
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 48 * PG);
}

/* From the last page of a slab to the first one of the next. */
static void frees_in_two_slabs_join(struct kunit *test)
{
	struct bag *bag = full_arena(test, 48);
	struct sleeper t1 = sleep_for(test, bag->vmp, 6 * PG);
	unsigned int i;

	for (i = 13; i < 19; i++)
		bag_give(bag, page(i));
	expect_gets(test, bag, &t1, page(13));
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 48 * PG);
}

static void free_outside_the_window_does_not_wake(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	struct sleeper t1 = sleep_for_window(test, bag->vmp, PG, page(5), page(6));
	u64 waits = vmem_stat(bag->vmp, VMEM_STAT_WAIT);

	bag_give(bag, page(4));
	bag_give(bag, page(6));
	expect_still_asleep(test, &t1, waits);
	bag_give(bag, page(5));
	expect_gets(test, bag, &t1, page(5));
	xgive(bag->vmp, page(5), PG);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

static void eight_sleepers_and_eight_cached_frees(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	struct sleeper sleeper[8];
	int i;

	for (i = 0; i < 8; i++)
		sleeper[i] = sleep_for(test, bag->vmp, PG);
	for (i = 0; i < 8; i++)
		bag_give(bag, page(4 * i));
	for (i = 0; i < 8; i++)
		bag_put(bag, sleeper_result(test, &sleeper[i]), PG);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

/* The child has no space of its own; frees are into the source. */
static void cached_free_in_the_source_wakes_in_a_child(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	vmem_t *c = cached_child(test, bag->vmp, PG, 0);
	struct sleeper t1 = sleep_for(test, c, PG);

	bag_give(bag, page(11));
	EXPECT_ADDR(test, sleeper_result(test, &t1), page(11));
	give(c, page(11), PG);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

static void cached_free_in_the_source_wakes_in_a_cached_child(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	vmem_t *c = cached_child(test, bag->vmp, 0x100, 0x500);
	struct sleeper t1 = sleep_for(test, c, 0x200);

	bag_give(bag, page(11));
	KUNIT_EXPECT_EQ(test, sleeper_result(test, &t1) & ~(PG - 1), page(11));
	give(c, t1.addr, 0x200);
	cached_reap(test, c, 0);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

static void cached_free_in_a_child_wakes_in_a_sibling(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE, 16 * PG, PG);
	vmem_t *c = cached_child(test, p, PG, 5 * PG);
	vmem_t *sibling = cached_child(test, p, PG, 5 * PG);
	struct bag *bag = bag_of_pages(test, c, 16);
	struct sleeper t1;

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 16), 16ul);
	t1 = sleep_for(test, sibling, 16 * PG);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_ADDR(test, sleeper_result(test, &t1), CACHED_BASE);
	give(sibling, CACHED_BASE, 16 * PG);
	cached_reap(test, sibling, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void sleeper_in_a_cached_child_gets_its_own_frees(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE, 16 * PG, PG);
	vmem_t *c = cached_child(test, p, PG, 5 * PG);
	struct bag *bag = bag_of_pages(test, c, 16);
	struct sleeper t1;

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 16), 16ul);
	t1 = sleep_for(test, c, 2 * PG);
	bag_give(bag, page(8));
	bag_give(bag, page(9));
	expect_gets(test, bag, &t1, page(8));
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void fatal_signal_ends_a_wait_for_a_cached_size(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	struct sleeper t1 = sleep_for(test, bag->vmp, PG);

	send_sig(SIGKILL, t1.task, 1);
	EXPECT_ADDR(test, sleeper_result(test, &t1), 0);
	EXPECT_STAT(test, bag->vmp, FAIL, 1);
	bag_give_all(bag);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, 32 * PG);
}

static void new_span_serves_a_sleeper_of_a_cached_size(struct kunit *test)
{
	struct bag *bag = full_arena(test, 32);
	struct sleeper t1 = sleep_for(test, bag->vmp, PG);

	vmem_add(bag->vmp, (void *)page(100), PG, VM_SLEEP);
	EXPECT_ADDR(test, sleeper_result(test, &t1), page(100));
	give(bag->vmp, page(100), PG);
}

static struct kunit_case qcache_wait_cases[] = {
	KUNIT_CASE_PARAM(space_can_be_filled, space_gen_params),
	KUNIT_CASE_SLOW(space_of_a_million_can_be_filled),
	KUNIT_CASE(space_can_be_filled_again_and_again),
	KUNIT_CASE(case_118_parked_pages_serve_who_sleeps),
	KUNIT_CASE(parked_objects_of_one_class_serve_another),
	KUNIT_CASE(parked_objects_serve_xalloc),
	KUNIT_CASE(parked_in_the_source_serves_a_child),
	KUNIT_CASE(holes_serve_a_smaller_class),
	KUNIT_CASE(holes_serve_several_classes),
	KUNIT_CASE(holes_serve_xalloc),
	KUNIT_CASE(holes_serve_an_uncached_size),
	KUNIT_CASE(waste_of_a_full_slab_is_had),
	KUNIT_CASE(misuse_after_a_slab_was_dissolved),
	KUNIT_CASE(free_wakes_a_sleeper_of_the_class),
	KUNIT_CASE(free_wakes_a_sleeper_of_another_class),
	KUNIT_CASE(free_of_a_larger_class_wakes),
	KUNIT_CASE(frees_that_join_wake_a_large_sleeper),
	KUNIT_CASE(frees_in_two_slabs_join),
	KUNIT_CASE(free_outside_the_window_does_not_wake),
	KUNIT_CASE(eight_sleepers_and_eight_cached_frees),
	KUNIT_CASE(cached_free_in_the_source_wakes_in_a_child),
	KUNIT_CASE(cached_free_in_the_source_wakes_in_a_cached_child),
	KUNIT_CASE(cached_free_in_a_child_wakes_in_a_sibling),
	KUNIT_CASE(sleeper_in_a_cached_child_gets_its_own_frees),
	KUNIT_CASE(fatal_signal_ends_a_wait_for_a_cached_size),
	KUNIT_CASE(new_span_serves_a_sleeper_of_a_cached_size),
	{}
};

static struct kunit_suite qcache_wait_suite = {
	.name = "vmem_qcache_wait",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = qcache_wait_cases,
};

kunit_test_suite(qcache_wait_suite);
