// SPDX-License-Identifier: GPL-2.0-only
/*
 * Create, allocate, free, destroy: what every user relies on.
 */
#include "fixture.h"

#define BOTH	(VMEM_ALLOC | VMEM_FREE)

static vmem_t *sixteen_pages(struct kunit *test)
{
	return fixture_arena(test, 0x1000, 0x10000, PG);
}

static void case_001_fresh_sizes(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_ALLOC), 0);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_FREE), 0x10000);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, BOTH), 0x10000);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, 0), 0);
}

static void case_002_one_after_the_other(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, 0x1000, 0), 0x1000);
	EXPECT_ADDR(test, take(vmp, 0x2000, 0), 0x2000);
	EXPECT_ADDR(test, take(vmp, 0x1000, 0), 0x4000);
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC, "1000+1000 2000+2000 4000+1000");
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "5000+c000");
}

static void case_003_requested_size_recorded(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, 100, 0), 0x1000);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_ALLOC), 100);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_FREE), 0x10000 - 100);
	EXPECT_ADDR(test, take(vmp, PG, 0), 0x2000);
	give(vmp, 0x1000, 100);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	EXPECT_LAYOUT(test, vmp, BOTH, "1000+1000 2000+1000 3000+e000");
}

static void case_004_rounded_size_refused(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, 100, 0), 0x1000);
	EXPECT_REFUSED(test, vmp, "wrong size", give(vmp, 0x1000, PG));
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC, "1000+64");
}

static void case_005_coalesce_on_both_sides(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);
	unsigned long a = take(vmp, PG, 0);
	unsigned long b = take(vmp, PG, 0);
	unsigned long c = take(vmp, PG, 0);

	give(vmp, a, PG);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+1000 4000+d000");
	give(vmp, c, PG);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+1000 3000+e000");
	give(vmp, b, PG);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+10000");
}

static void case_006_exhaust_and_refill(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);
	int i;

	for (i = 1; i <= 16; i++)
		EXPECT_ADDR(test, take(vmp, PG, 0), i * PG);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "");
	EXPECT_ADDR(test, take(vmp, PG, 0), 0);
	EXPECT_STAT(test, vmp, FAIL, 1);

	for (i = 1; i <= 16; i++)
		give(vmp, i * PG, PG);
	EXPECT_ADDR(test, take(vmp, 0x10000, 0), 0x1000);
	EXPECT_STAT(test, vmp, ALLOC, 17);
	EXPECT_STAT(test, vmp, FREE, 16);
}

static void case_007_double_free(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, PG, 0), 0x1000);
	give(vmp, 0x1000, PG);
	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, 0x1000, PG));
	EXPECT_STAT(test, vmp, FREE, 1);
	EXPECT_LAYOUT(test, vmp, BOTH, "1000+10000");
}

static void case_008_interior_free(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0x1000);
	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, 0x2000, PG));
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC, "1000+2000");
}

static void case_009_zero_size(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	EXPECT_REFUSED(test, vmp, "zero size",
		       EXPECT_ADDR(test, take(vmp, 0, 0), 0));
	EXPECT_REFUSED(test, vmp, "zero size",
		       EXPECT_ADDR(test, take(vmp, 0, VM_NEXTFIT), 0));
	EXPECT_REFUSED(test, vmp, "zero size",
		       EXPECT_ADDR(test, xtake(vmp, 0, 0, 0, 0, 0, 0, 0), 0));
	EXPECT_REFUSED(test, vmp, "zero size",
		       EXPECT_ADDR(test, xtake(vmp, 0, 0, 0, 0, 0, 0, VM_NEXTFIT), 0));
	EXPECT_STAT(test, vmp, FAIL, 0);
	EXPECT_LAYOUT(test, vmp, BOTH, "1000+10000");
}

/* An add that must be refused, and leave the arena as it is. */
static void refuse_span(struct kunit *test, vmem_t *vmp, unsigned long addr,
			size_t size, int vmflag)
{
	const char *before = fixture_layout(test, vmp, BOTH | VMEM_SPAN);

	EXPECT_REFUSED(test, vmp, "bad span",
		       KUNIT_EXPECT_NULL(test, vmem_add(vmp, (void *)addr, size,
							vmflag)));
	EXPECT_LAYOUT(test, vmp, BOTH | VMEM_SPAN, before);
}

/* A creation that must be refused. There is no arena to count it. */
static void refuse_creation(struct kunit *test, const char *label,
			    unsigned long base, size_t size, size_t quantum,
			    int vmflag)
{
	KUNIT_EXPECT_NULL(test, vmem_create("A", (void *)base, size, quantum, NULL,
					    NULL, NULL, 0, vmflag));
	EXPECT_REPORT(test, label);
}

static void case_010_span_without_start_or_length(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	refuse_span(test, vmp, 0, PG, VM_NOSLEEP);
	refuse_span(test, vmp, 0, PG, VM_SLEEP);
	refuse_span(test, vmp, 0x20000, 0, VM_NOSLEEP);
	refuse_span(test, vmp, 0x20000, 0, VM_SLEEP);
	refuse_creation(test, "vmem: bad span: ", 0, PG, PG, VM_NOSLEEP);
	refuse_creation(test, "vmem: bad span: ", 0, PG, PG, VM_SLEEP);
	refuse_creation(test, "vmem: bad span: ", PG, 0, PG, VM_NOSLEEP);
	refuse_creation(test, "vmem: bad span: ", PG, 0, PG, VM_SLEEP);
}

static void case_011_span_off_the_quantum(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0, 0, PG);

	refuse_span(test, vmp, 0x1800, PG, VM_NOSLEEP);
	refuse_span(test, vmp, 0x1000, 0x1800, VM_NOSLEEP);
}

static void case_012_arena_without_span(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0, 0, PG);

	EXPECT_ADDR(test, take(vmp, PG, 0), 0);
	EXPECT_ADDR(test, take(vmp, 1, VM_NEXTFIT), 0);
	EXPECT_STAT(test, vmp, FAIL, 2);
	EXPECT_ADDR(test, vmem_add(vmp, (void *)0x5000, PG, VM_NOSLEEP), 0x5000);
	EXPECT_ADDR(test, take(vmp, PG, 0), 0x5000);
}

static void case_013_adjacent_spans_stay_apart(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, PG, PG);

	EXPECT_ADDR(test, vmem_add(vmp, (void *)0x2000, PG, VM_NOSLEEP), 0x2000);
	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_ADDR(test, take(vmp, PG, VM_FIRSTFIT), 0x1000);
	EXPECT_ADDR(test, take(vmp, PG, VM_FIRSTFIT), 0x2000);
	give(vmp, 0x1000, PG);
	give(vmp, 0x2000, PG);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+1000 2000+1000");
}

static void case_014_name_cut(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "0123456789012345678901234567890123456789",
				     0, 0, 1, NULL, NULL, NULL, 0, VM_SLEEP);

	KUNIT_EXPECT_STREQ(test, vmp->name, "01234567890123456789012345678");
}

static void case_015_bad_quantum(struct kunit *test)
{
	refuse_creation(test, "vmem: bad quantum: ", 0, 0, 3, VM_NOSLEEP);
	refuse_creation(test, "vmem: bad quantum: ", 0, 0, 0, VM_NOSLEEP);
	refuse_creation(test, "vmem: bad quantum: ", 0x3000, 0x3000, 3, VM_SLEEP);
}

/* The fixture fails a test that leaves a report, of a destroy for example. */
static void case_102_clean_destroy_is_silent(struct kunit *test)
{
	vmem_t *vmp = sixteen_pages(test);

	give(vmp, take(vmp, 100, 0), 100);
	fixture_destroy(test, vmp);
	KUNIT_EXPECT_STREQ(test, fixture_next_report(test), "");
}

static void case_103_leak_named_at_destroy(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "leaky", 0x1000, 0x10000, PG, NULL, NULL,
				     NULL, 0, VM_SLEEP);
	const char *report;

	EXPECT_ADDR(test, take(vmp, 100, 0), 0x1000);
	fixture_destroy(test, vmp);
	report = fixture_next_report(test);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(report, "\"leaky\""), "%s", report);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(report, "100 bytes"), "%s", report);
}

/* A child left behind would keep its source from being destroyed. */
static void case_105_refused_creation_leaves_nothing(struct kunit *test)
{
	vmem_t *source = sixteen_pages(test);

	KUNIT_EXPECT_NULL(test, vmem_create("C", (void *)0x1800, PG, PG, vmem_alloc,
					    vmem_free, source, 0, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: bad span: arena \"C\"");
	KUNIT_EXPECT_TRUE(test, list_empty(&source->children));
	EXPECT_STAT(test, source, ALLOC, 0);
	fixture_destroy(test, source);
	KUNIT_EXPECT_STREQ(test, fixture_next_report(test), "");
}

static struct kunit_case basic_cases[] = {
	KUNIT_CASE(case_001_fresh_sizes),
	KUNIT_CASE(case_002_one_after_the_other),
	KUNIT_CASE(case_003_requested_size_recorded),
	KUNIT_CASE(case_004_rounded_size_refused),
	KUNIT_CASE(case_005_coalesce_on_both_sides),
	KUNIT_CASE(case_006_exhaust_and_refill),
	KUNIT_CASE(case_007_double_free),
	KUNIT_CASE(case_008_interior_free),
	KUNIT_CASE(case_009_zero_size),
	KUNIT_CASE(case_010_span_without_start_or_length),
	KUNIT_CASE(case_011_span_off_the_quantum),
	KUNIT_CASE(case_012_arena_without_span),
	KUNIT_CASE(case_013_adjacent_spans_stay_apart),
	KUNIT_CASE(case_014_name_cut),
	KUNIT_CASE(case_015_bad_quantum),
	KUNIT_CASE(case_102_clean_destroy_is_silent),
	KUNIT_CASE(case_103_leak_named_at_destroy),
	KUNIT_CASE(case_105_refused_creation_leaves_nothing),
	{}
};

static struct kunit_suite basic_suite = {
	.name = "vmem",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = basic_cases,
};

kunit_test_suite(basic_suite);
