// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes with cached sizes. A magazine takes what it is given, so that most are
 * found when it is flushed, and at once with CONFIG_VMEM_AUDIT. Either way: one
 * report, one count, and records that are as good as before.
 *
 * E has caches for up to eight pages, with slabs of 32; F is too small for slabs,
 * so that its caches hand out single segments.
 */
#include "cached.h"

#define SLAB	0x20000ul
#define E_SIZE	0x400000ul
#define F_SIZE	(20 * PG)

static vmem_t *arena_e(struct kunit *test)
{
	return cached_arena(test, E_SIZE, PG, 8 * PG);
}

static vmem_t *arena_f(struct kunit *test)
{
	return cached_arena(test, F_SIZE, PG, 8 * PG);
}

static void expect_found(struct kunit *test, vmem_t *vmp, unsigned long addr)
{
	const char *line = fixture_next_report(test);
	char where[40];

	/* As the end of all addresses is the kernel's, it shows as its hash. */
	if (addr < CACHED_BASE + 4 * E_SIZE)
		snprintf(where, sizeof(where), " addr 0x%lx ", addr);
	else
		snprintf(where, sizeof(where), " addr 0x%p ", (void *)addr);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(line, "vmem: bad free: arena \"cached\"") ||
			      strstarts(line, "vmem: wrong size: arena \"cached\""),
			      "\"%s\"", line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, where), "\"%s\" without \"%s\"",
				  line, where);
}

/* A bad free of @addr, found when it is made or when the caches are flushed. */
#define EXPECT_FOUND(test, vmp, addr, size)				\
do {									\
	u64 __misuse = vmem_stat(vmp, VMEM_STAT_MISUSE) + 1;		\
	unsigned long __addr = (addr);					\
									\
	vmem_free(vmp, (void *)__addr, size);				\
	if (IS_ENABLED(CONFIG_VMEM_AUDIT))				\
		EXPECT_STAT(test, vmp, MISUSE, __misuse);		\
	cached_reap_misuse(test, vmp, __misuse);			\
	expect_found(test, vmp, __addr);				\
} while (0)

/* All of it free, and each page can be had, once. */
static void expect_undamaged(struct kunit *test, vmem_t *vmp, size_t size)
{
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, size, PG);
	char text[64];

	cached_reap(test, vmp, 0);
	snprintf(text, sizeof(text), "%lx+%zx", CACHED_BASE, size);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, text);
	EXPECT_STAT(test, vmp, FREE, vmem_stat(vmp, VMEM_STAT_ALLOC));
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, size / PG + 1), size / PG);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
}

/* === Requests === */

static void zero_size_with_caches(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);

	EXPECT_REFUSED(test, vmp, "zero size",
		       KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, 0, VM_NOSLEEP)));
	EXPECT_REFUSED(test, vmp, "zero size",
		       KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, 0, VM_SLEEP)));
	EXPECT_STAT(test, vmp, ALLOC, 0);
	EXPECT_STAT(test, vmp, FAIL, 0);
}

static void impossible_request_with_caches(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);

	EXPECT_REFUSED(test, vmp, "impossible request",
		       KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, SIZE_MAX, VM_SLEEP)));
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, SIZE_MAX, VM_NOSLEEP));
	EXPECT_STAT(test, vmp, FAIL, 1);
}

/* === vmem_xfree() === */

static void case_130_xfree_of_a_cached_object(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0), b = take(vmp, PG, 0);

	EXPECT_REFUSED(test, vmp, "bad free", xgive(vmp, a, PG));
	EXPECT_REFUSED(test, vmp, "bad free", xgive(vmp, b, PG));
	EXPECT_STAT(test, vmp, MEM_INUSE, SLAB);
	give(vmp, a, PG);
	give(vmp, b, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void case_130_xfree_of_a_slab(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	EXPECT_REFUSED(test, vmp, "bad free", xgive(vmp, CACHED_BASE, SLAB));
	EXPECT_STAT(test, vmp, MEM_INUSE, SLAB);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void xfree_of_a_single_segment(struct kunit *test)
{
	vmem_t *vmp = arena_f(test);
	unsigned long a = take(vmp, PG, 0);

	EXPECT_REFUSED(test, vmp, "bad free", xgive(vmp, a, PG));
	EXPECT_STAT(test, vmp, MEM_INUSE, PG);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, F_SIZE);
}

/* Its size is above the cached ones, so that the arena itself is to find out. */
static void free_of_a_slab(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);
	u64 misuse = vmem_stat(vmp, VMEM_STAT_MISUSE);

	give(vmp, CACHED_BASE, SLAB);
	EXPECT_STAT(test, vmp, MISUSE, misuse + 1);
	expect_found(test, vmp, CACHED_BASE);
	EXPECT_STAT(test, vmp, MEM_INUSE, SLAB);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void free_of_an_object_as_something_larger(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	give(vmp, a, 9 * PG);
	EXPECT_STAT(test, vmp, MISUSE, 1);
	expect_found(test, vmp, a);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

/* === vmem_free() of a cached size === */

static void double_free(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	give(vmp, a, PG);
	EXPECT_FOUND(test, vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void double_free_after_a_flush(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0), b = take(vmp, PG, 0);

	give(vmp, a, PG);
	cached_reap(test, vmp, SLAB);
	EXPECT_FOUND(test, vmp, a, PG);
	give(vmp, b, PG);
	cached_reap(test, vmp, 0);
	EXPECT_FOUND(test, vmp, b, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void double_free_of_a_single_segment(struct kunit *test)
{
	vmem_t *vmp = arena_f(test);
	unsigned long a = take(vmp, 2 * PG, 0);

	give(vmp, a, 2 * PG);
	EXPECT_FOUND(test, vmp, a, 2 * PG);
	expect_undamaged(test, vmp, F_SIZE);
}

static void double_frees_of_many(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long addr[100];
	int i, lines = 0;

	for (i = 0; i < 100; i++)
		addr[i] = take(vmp, PG, 0);
	for (i = 0; i < 200; i++)
		give(vmp, addr[i % 100], PG);
	cached_reap_misuse(test, vmp, 100);
	while (*fixture_next_report(test))
		lines++;
	KUNIT_EXPECT_GE(test, lines, 1);
	KUNIT_EXPECT_LE(test, lines, 20);
	expect_undamaged(test, vmp, E_SIZE);
}

static void double_free_is_found_at_the_end(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	give(vmp, a, PG);
	give(vmp, a, PG);
	cached_destroy(test, vmp);
	expect_found(test, vmp, a);
}

/* Never allocated: free, beyond the spans, nowhere. */
static void free_of_what_is_not_allocated(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	EXPECT_FOUND(test, vmp, CACHED_BASE + 2 * SLAB, PG);
	EXPECT_FOUND(test, vmp, CACHED_BASE + 2 * E_SIZE, PG);
	EXPECT_FOUND(test, vmp, TOP(PG), PG);
	EXPECT_FOUND(test, vmp, 0, PG);
	EXPECT_STAT(test, vmp, MEM_INUSE, SLAB);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void free_of_an_object_that_is_not_out(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	cached_reap(test, vmp, SLAB);
	EXPECT_FOUND(test, vmp, a == CACHED_BASE ? a + PG : a - PG, PG);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void free_within_an_object(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, 3 * PG, 0);

	EXPECT_FOUND(test, vmp, a + PG, 3 * PG);
	EXPECT_FOUND(test, vmp, a + 2 * PG, PG);
	EXPECT_FOUND(test, vmp, a + 1, 3 * PG);
	give(vmp, a, 3 * PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void free_of_the_tail_of_a_slab(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, 5 * PG, 0);

	/* 32 pages hold six objects of five. */
	EXPECT_FOUND(test, vmp, CACHED_BASE + 30 * PG, 5 * PG);
	give(vmp, a, 5 * PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void free_to_the_wrong_class(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, 2 * PG, 0), b = take(vmp, PG, 0);

	EXPECT_FOUND(test, vmp, a, PG);
	EXPECT_FOUND(test, vmp, a, 8 * PG);
	EXPECT_FOUND(test, vmp, b, 2 * PG);
	EXPECT_STAT(test, vmp, MEM_INUSE, 2 * SLAB);
	give(vmp, a, 2 * PG);
	give(vmp, b, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void free_of_a_single_segment_to_the_wrong_class(struct kunit *test)
{
	vmem_t *vmp = arena_f(test);
	unsigned long a = take(vmp, 2 * PG, 0), b = take(vmp, PG, 0);

	EXPECT_FOUND(test, vmp, a, PG);
	EXPECT_FOUND(test, vmp, b, 2 * PG);
	EXPECT_STAT(test, vmp, MEM_INUSE, 3 * PG);
	give(vmp, a, 2 * PG);
	give(vmp, b, PG);
	expect_undamaged(test, vmp, F_SIZE);
}

static void free_of_size_zero(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = take(vmp, PG, 0);

	EXPECT_FOUND(test, vmp, a, 0);
	give(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

/* Pairs do not mix where there are caches. */
static void free_of_what_xalloc_returned(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	unsigned long a = xtake(vmp, PG, 0, 0, 0, 0, 0, 0);

	EXPECT_FOUND(test, vmp, a, PG);
	EXPECT_STAT(test, vmp, MEM_INUSE, PG);
	xgive(vmp, a, PG);
	expect_undamaged(test, vmp, E_SIZE);
}

static void larger_sizes_may_be_mixed(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);

	give(vmp, xtake(vmp, 9 * PG, 0, 0, 0, 0, 0, 0), 9 * PG);
	xgive(vmp, take(vmp, 8 * PG + 1, 0), 8 * PG + 1);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	expect_undamaged(test, vmp, E_SIZE);
}

/* The exact size within a class is nobody's business. */
static void any_size_of_the_class_is_right(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);

	give(vmp, take(vmp, 1, 0), PG);
	give(vmp, take(vmp, 2 * PG, 0), PG + 1);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	expect_undamaged(test, vmp, E_SIZE);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

/* === Leaks === */

/* With auditing, the lines that follow tell who it was. */
static void expect_leak(struct kunit *test, const char *name, const char *amount)
{
	const char *line = fixture_next_report(test);

	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, name), "\"%s\"", line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, amount), "\"%s\"", line);
	while (IS_ENABLED(CONFIG_VMEM_AUDIT) && *fixture_next_report(test))
		;
}

static void leak_counts_objects(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	int i;

	for (i = 0; i < 3; i++)
		take(vmp, 2 * PG, 0);
	cached_destroy(test, vmp);
	expect_leak(test, "\"cached\"", " 24576 bytes");
}

static void leak_counts_objects_of_slabs_and_segments(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);

	take(vmp, 2 * PG, 0);
	take(vmp, 1, 0);
	take(vmp, 5 * PG, 0);
	take(vmp, 9 * PG, 0);
	xtake(vmp, 100, 0, 0, 0, 0, 0, 0);
	give(vmp, take(vmp, PG, 0), PG);
	give(vmp, take(vmp, 8 * PG, 0), 8 * PG);
	cached_destroy(test, vmp);
	/* 2 + 1 + 5 + 9 pages, and 100. */
	expect_leak(test, "\"cached\"", " 69732 bytes");
}

static void leak_of_single_segments(struct kunit *test)
{
	vmem_t *vmp = arena_f(test);

	take(vmp, 2 * PG - 1, 0);
	take(vmp, 1, 0);
	give(vmp, take(vmp, PG, 0), PG);
	cached_destroy(test, vmp);
	expect_leak(test, "\"cached\"", " 12288 bytes");
}

static void leak_of_identifiers(struct kunit *test)
{
	vmem_t *ids = cached_ids(test, 1000, 16);
	int i;

	for (i = 0; i < 7; i++)
		take(ids, 3, 0);
	cached_destroy(test, ids);
	expect_leak(test, "\"ids\"", " 21 identifiers");
}

static void what_magazines_hold_is_no_leak(struct kunit *test)
{
	vmem_t *vmp = arena_e(test);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, E_SIZE, PG);

	bag_fill(bag, PG, 100);
	bag_fill(bag, 3 * PG, 100);
	bag_give_all(bag);
	cached_destroy(test, vmp);
	KUNIT_EXPECT_STREQ(test, fixture_next_report(test), "");
}

static void leak_of_objects_goes_back_to_the_source(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE, E_SIZE, PG);
	vmem_t *c = cached_child(test, p, PG, 8 * PG);

	take(c, PG, 0);
	take(c, 3 * PG, 0);
	cached_destroy(test, c);
	expect_leak(test, "\"child\"", " 16384 bytes");
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

/* At once: from a magazine it would be handed out, and look like a failure. */
static void free_of_null_is_refused(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 8192 * PG, PG, 8 * PG);
	unsigned long addr = take(vmp, PG, 0);

	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, 0, PG));
	give(vmp, addr, PG);
	addr = take(vmp, PG, 0);
	KUNIT_EXPECT_NE(test, addr, 0ul);
	give(vmp, addr, PG);
	cached_reap(test, vmp, 0);
}

static struct kunit_case qcache_misuse_cases[] = {
	KUNIT_CASE(zero_size_with_caches),
	KUNIT_CASE(impossible_request_with_caches),
	KUNIT_CASE(case_130_xfree_of_a_cached_object),
	KUNIT_CASE(case_130_xfree_of_a_slab),
	KUNIT_CASE(xfree_of_a_single_segment),
	KUNIT_CASE(free_of_a_slab),
	KUNIT_CASE(free_of_an_object_as_something_larger),
	KUNIT_CASE(double_free),
	KUNIT_CASE(double_free_after_a_flush),
	KUNIT_CASE(double_free_of_a_single_segment),
	KUNIT_CASE(double_frees_of_many),
	KUNIT_CASE(double_free_is_found_at_the_end),
	KUNIT_CASE(free_of_what_is_not_allocated),
	KUNIT_CASE(free_of_an_object_that_is_not_out),
	KUNIT_CASE(free_within_an_object),
	KUNIT_CASE(free_of_the_tail_of_a_slab),
	KUNIT_CASE(free_to_the_wrong_class),
	KUNIT_CASE(free_of_a_single_segment_to_the_wrong_class),
	KUNIT_CASE(free_of_size_zero),
	KUNIT_CASE(free_of_what_xalloc_returned),
	KUNIT_CASE(larger_sizes_may_be_mixed),
	KUNIT_CASE(any_size_of_the_class_is_right),
	KUNIT_CASE(leak_counts_objects),
	KUNIT_CASE(leak_counts_objects_of_slabs_and_segments),
	KUNIT_CASE(leak_of_single_segments),
	KUNIT_CASE(leak_of_identifiers),
	KUNIT_CASE(what_magazines_hold_is_no_leak),
	KUNIT_CASE(leak_of_objects_goes_back_to_the_source),
	KUNIT_CASE(free_of_null_is_refused),
	{}
};

static struct kunit_suite qcache_misuse_suite = {
	.name = "vmem_qcache_misuse",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = qcache_misuse_cases,
};

kunit_test_suite(qcache_misuse_suite);
