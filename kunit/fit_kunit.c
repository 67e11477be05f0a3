// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies: which free segment serves a request, and which end of it.
 */
#include "fixture.h"

struct piece {
	unsigned long base;
	size_t size;
};

/* Spans of quantum 1, in the order in which they are added. */
static const struct piece three_spans[] = {
	{ 0x1000, 1000 }, { 0x3000, 1100 }, { 0x10000, 4096 }, {}
};

static const struct piece four_spans[] = {
	{ 0x3000, 600 }, { 0x1000, 1000 }, { 0x10000, 4096 }, { 0x20000, 700 }, {}
};

static const struct piece one_span[] = {
	{ 0x1000, 1000 }, {}
};

static vmem_t *arena_of(struct kunit *test, const struct piece *spans)
{
	vmem_t *vmp = fixture_arena(test, 0, 0, 1);

	for (; spans->size; spans++)
		EXPECT_ADDR(test, vmem_add(vmp, (void *)spans->base, spans->size,
					   VM_NOSLEEP), spans->base);
	return vmp;
}

static vmem_t *sixteen_pages(struct kunit *test)
{
	return fixture_arena(test, 0x1000, 0x10000, PG);
}

/* One request in a fresh arena, and the addresses that are right. */
static const struct fit_case {
	const char *desc;
	const struct piece *spans;
	size_t size;
	int vmflag;
	unsigned long want[4];
} fit_table[] = {
	{ "case_016 instant fit takes what surely fits", three_spans, 1000, 0,
	  { 0x3000 } },
	{ "case_017 best fit takes the exact one", three_spans, 1000, VM_BESTFIT,
	  { 0x1000 } },
	{ "case_018 first fit takes the lowest", three_spans, 1000, VM_FIRSTFIT,
	  { 0x1000 } },
	{ "case_019 instant fit may take any", four_spans, 600, 0,
	  { 0x1000, 0x3000, 0x10000, 0x20000 } },
	{ "case_020 best fit, added first", four_spans, 600, VM_BESTFIT,
	  { 0x3000 } },
	{ "case_021 first fit by address, not by age", four_spans, 600, VM_FIRSTFIT,
	  { 0x1000 } },
	{ "case_022 instant fit spares the larger class", four_spans, 512, 0,
	  { 0x1000, 0x3000, 0x20000 } },
	{ "case_023 best fit of the whole arena", four_spans, 650, VM_BESTFIT,
	  { 0x20000 } },
	{ "case_023 best fit, at its end", four_spans, 650, VM_BESTFIT | VM_ENDALLOC,
	  { 0x20032 } },
	{ "case_024 instant fit finds what might fit", one_span, 600, 0,
	  { 0x1000 } },
};

KUNIT_ARRAY_PARAM_DESC(fit, fit_table, desc);

static bool is_wanted(const struct fit_case *fit, unsigned long addr)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(fit->want); i++)
		if (addr && addr == fit->want[i])
			return true;
	return false;
}

static void expect_wanted(struct kunit *test, const struct fit_case *fit, vmem_t *vmp)
{
	unsigned long addr = take(vmp, fit->size, fit->vmflag);

	KUNIT_EXPECT_TRUE_MSG(test, is_wanted(fit, addr), "got 0x%lx", addr);
	EXPECT_STAT(test, vmp, MEM_INUSE, fit->size);
}

static void policy_chooses_segment(struct kunit *test)
{
	const struct fit_case *fit = test->param_value;

	expect_wanted(test, fit, arena_of(test, fit->spans));
}

static void policy_chooses_segment_in_order(struct kunit *test)
{
	const struct fit_case *fit = test->param_value;
	vmem_t *vmp = arena_of(test, fit->spans);

	fixture_order(test, vmp);
	expect_wanted(test, fit, vmp);
}

static void case_025_endalloc_from_above(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, PG, VM_ENDALLOC), 0x10000);
	EXPECT_ADDR(test, take(vmp, 0x2000, VM_ENDALLOC), 0xe000);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+d000");
}

static void case_026_nextfit_ignores_endalloc(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT | VM_ENDALLOC), 0x1000);
}

static void case_027_nextfit_before_bestfit(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT | VM_BESTFIT), 0x1000);
	EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT | VM_BESTFIT), 0x2000);
	EXPECT_STAT(test, vmp, ALLOC, 2);
}

/* BESTFIT would choose the hole, FIRSTFIT the low end: of both, best fit wins. */
static void bestfit_before_firstfit(struct kunit *test)
{
	vmem_t *vmp = arena_of(test, four_spans);

	EXPECT_ADDR(test, take(vmp, 600, VM_BESTFIT | VM_FIRSTFIT), 0x3000);
}

/* NEXTFIT goes on from where it was, and leaves the hole that has come behind. */
static void nextfit_goes_on_from_the_cursor(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, 100, VM_NEXTFIT), 0x1000);
	give(vmp, 0x1000, 100);
	EXPECT_ADDR(test, take(vmp, 100, VM_NEXTFIT), 0x2000);
	EXPECT_ADDR(test, take(vmp, PG, VM_FIRSTFIT), 0x1000);
	EXPECT_ADDR(test, take(vmp, 0xd000, VM_NEXTFIT), 0x3000);
	give(vmp, 0x1000, PG);
	EXPECT_ADDR(test, take(vmp, 2 * PG, VM_NEXTFIT), 0);
	EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT), 0x10000);
	EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT), 0x1000);
}

/* Holes of 1 to 40 units, the longest one lowest. */
static vmem_t *forty_holes(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 1000, 1000, 1);
	unsigned long addr[40];
	int i;

	for (i = 0; i < 40; i++) {
		addr[i] = take(vmp, 40 - i, VM_FIRSTFIT);
		take(vmp, 1, VM_FIRSTFIT);
	}
	take(vmp, vmem_size(vmp, VMEM_FREE), 0);
	for (i = 0; i < 40; i++)
		give(vmp, addr[i], 40 - i);
	return vmp;
}

/* Where the hole of that size begins: after all the longer ones. */
static unsigned long hole_of(size_t size)
{
	unsigned long addr = 1000;
	size_t longer;

	for (longer = 40; longer > size; longer--)
		addr += longer + 1;
	return addr;
}

static void bestfit_among_many(struct kunit *test)
{
	vmem_t *vmp = forty_holes(test);
	size_t size;

	for (size = 1; size <= 40; size++)
		EXPECT_ADDR(test, take(vmp, size, VM_BESTFIT), hole_of(size));
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "");
}

/* Whichever was freed last, of holes as long as each other. */
static void low_hole_is_taken_first(struct kunit *test)
{
	static const int policy[] = { 0, VM_BESTFIT };
	vmem_t *vmp = fixture_arena(test, PG, 8 * PG, PG);
	int i;

	for (i = 1; i <= 8; i++)
		EXPECT_ADDR(test, take(vmp, PG, 0), i * PG);
	for (i = 0; i < ARRAY_SIZE(policy); i++) {
		give(vmp, 2 * PG, PG);
		give(vmp, 4 * PG, PG);
		give(vmp, 6 * PG, PG);
		EXPECT_ADDR(test, take(vmp, PG, policy[i]), 2 * PG);
		EXPECT_ADDR(test, take(vmp, PG, policy[i]), 4 * PG);
		EXPECT_ADDR(test, take(vmp, PG, policy[i]), 6 * PG);
	}
}

/* In the next longer hole, as their own have gone, and at its end. */
static void bestfit_endalloc_among_many(struct kunit *test)
{
	vmem_t *vmp = forty_holes(test);
	size_t size;

	for (size = 1; size <= 39; size += 2)
		EXPECT_ADDR(test, take(vmp, size, VM_BESTFIT), hole_of(size));
	for (size = 1; size <= 39; size += 2)
		EXPECT_ADDR(test, take(vmp, size, VM_BESTFIT | VM_ENDALLOC),
			    hole_of(size + 1) + 1);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_FREE), 20);
}

static void firstfit_among_many(struct kunit *test)
{
	vmem_t *vmp = forty_holes(test);
	size_t size;

	for (size = 40; size >= 1; size--)
		EXPECT_ADDR(test, take(vmp, size, VM_FIRSTFIT), hole_of(size));
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "");
}

/* Round after round: 20 fits once in each hole of 20 to 39, in the last twice. */
static void nextfit_among_many(struct kunit *test)
{
	vmem_t *vmp = forty_holes(test);
	size_t size;

	EXPECT_ADDR(test, take(vmp, 20, VM_NEXTFIT), hole_of(40));
	EXPECT_ADDR(test, take(vmp, 20, VM_NEXTFIT), hole_of(40) + 20);
	for (size = 39; size >= 20; size--)
		EXPECT_ADDR(test, take(vmp, 20, VM_NEXTFIT), hole_of(size));
	EXPECT_ADDR(test, take(vmp, 20, VM_NEXTFIT), 0);
	EXPECT_ADDR(test, take(vmp, 19, VM_NEXTFIT), hole_of(19));
	EXPECT_ADDR(test, take(vmp, 19, VM_NEXTFIT), hole_of(39) + 20);
}

static void case_028_abort_fails_at_once(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, PG, PG);

	EXPECT_ADDR(test, take(vmp, PG, 0), 0x1000);
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, PG, VM_SLEEP | VM_ABORT));
	EXPECT_STAT(test, vmp, WAIT, 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

static void case_028_abort_fails_at_once_nextfit(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, PG, PG);

	EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT), 0x1000);
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, PG,
					   VM_SLEEP | VM_ABORT | VM_NEXTFIT));
	EXPECT_STAT(test, vmp, WAIT, 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

static void case_029_panic_instead_of_null(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, PG, PG);

	fixture_catch_panic(test);
	EXPECT_ADDR(test, take(vmp, PG, VM_PANIC), 0x1000);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 0);
	take(vmp, PG, VM_PANIC);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 1);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

/* The cursor is no segment: it is not in the way of the space around it. */
static void case_030_cursor_stops_no_coalescing(struct kunit *test)
{
	static const int last[] = { 0, VM_NEXTFIT };
	unsigned long id;
	vmem_t *vmp;
	int i;

	for (i = 0; i < ARRAY_SIZE(last); i++) {
		vmp = fixture_arena(test, 1, 8, 1);
		for (id = 1; id <= 4; id++)
			EXPECT_ADDR(test, take(vmp, 1, VM_NEXTFIT), id);
		for (id = 1; id <= 4; id++)
			give(vmp, id, 1);
		EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1+8");
		EXPECT_ADDR(test, take(vmp, 8, last[i]), 1);
	}
}

static void case_031_holes_are_used(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);
	int i;

	for (i = 0; i < 16; i++)
		EXPECT_ADDR(test, take(vmp, PG, 0), 0x1000 + i * PG);
	give(vmp, 0x4000, PG);
	give(vmp, 0xa000, PG);
	give(vmp, 0x7000, PG);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "4000+1000 7000+1000 a000+1000");
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NE(test, take(vmp, PG, 0), 0);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "");
	EXPECT_STAT(test, vmp, FAIL, 0);
}

static void case_124_firstfit_end_of_the_lowest(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x10000, 0x4000, PG);

	EXPECT_ADDR(test, vmem_add(vmp, (void *)0x1000, 0x2000, VM_NOSLEEP), 0x1000);
	EXPECT_ADDR(test, take(vmp, PG, VM_FIRSTFIT | VM_ENDALLOC), 0x2000);
}

static void case_125_endalloc_of_odd_size(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, 100, VM_ENDALLOC), 0x10000);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+f000");
	give(vmp, 0x10000, 100);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+10000");
}

static struct kunit_case fit_cases[] = {
	KUNIT_CASE_PARAM(policy_chooses_segment, fit_gen_params),
	KUNIT_CASE_PARAM(policy_chooses_segment_in_order, fit_gen_params),
	KUNIT_CASE(case_025_endalloc_from_above),
	KUNIT_CASE(case_026_nextfit_ignores_endalloc),
	KUNIT_CASE(case_027_nextfit_before_bestfit),
	KUNIT_CASE(bestfit_before_firstfit),
	KUNIT_CASE(nextfit_goes_on_from_the_cursor),
	KUNIT_CASE(bestfit_among_many),
	KUNIT_CASE(bestfit_endalloc_among_many),
	KUNIT_CASE(low_hole_is_taken_first),
	KUNIT_CASE(firstfit_among_many),
	KUNIT_CASE(nextfit_among_many),
	KUNIT_CASE(case_028_abort_fails_at_once),
	KUNIT_CASE(case_028_abort_fails_at_once_nextfit),
	KUNIT_CASE(case_029_panic_instead_of_null),
	KUNIT_CASE(case_030_cursor_stops_no_coalescing),
	KUNIT_CASE(case_031_holes_are_used),
	KUNIT_CASE(case_124_firstfit_end_of_the_lowest),
	KUNIT_CASE(case_125_endalloc_of_odd_size),
	{}
};

static struct kunit_suite fit_suite = {
	.name = "vmem_fit",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = fit_cases,
};

kunit_test_suite(fit_suite);
