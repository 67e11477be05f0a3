// SPDX-License-Identifier: GPL-2.0-only
/*
 * The top of the address space, where start + size is 0 again.
 */
#include "fixture.h"

static vmem_t *top_four_pages(struct kunit *test)
{
	return fixture_arena(test, TOP(0x4000), 0x4000, PG);
}

/* A layout of one segment. */
static const char *one(struct kunit *test, unsigned long base, size_t size)
{
	char *text = kunit_kzalloc(test, 64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	snprintf(text, 64, "%lx+%zx", base, size);
	return text;
}

static void case_106_up_to_the_top(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	EXPECT_ADDR(test, take(vmp, 0x4000, 0), TOP(0x4000));
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "");
}

static void case_107_coalesce_at_the_top(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	EXPECT_ADDR(test, take(vmp, PG, 0), TOP(0x4000));
	EXPECT_ADDR(test, take(vmp, 0x3000, 0), TOP(0x3000));
	give(vmp, TOP(0x4000), PG);
	give(vmp, TOP(0x3000), 0x3000);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, one(test, TOP(0x4000), 0x4000));
}

static void case_108_endalloc_at_the_top(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	EXPECT_ADDR(test, take(vmp, PG, VM_ENDALLOC), TOP(0x1000));
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, one(test, TOP(0x4000), 0x3000));
}

static void case_109_align_would_wrap(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, TOP(0x3000), 0x3000, PG);

	EXPECT_ADDR(test, xtake(vmp, PG, 0x4000, 0, 0, 0, 0, 0), 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

static void case_109_max_below_the_top(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, TOP(0x3000), 0x3000, PG);

	EXPECT_ADDR(test, xtake(vmp, 0x2000, 0, 0, 0, 0, TOP(0x1000), 0),
		    TOP(0x3000));
}

static void case_110_contains_at_the_top(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(0x1000), 0x1000), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, NULL, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(0x1000), 0x2000), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(0x4000), 0x4000), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(0x5000), 0x2000), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(1), 1), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(1), 2), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(1), SIZE_MAX), 0);
	EXPECT_STAT(test, vmp, CONTAINS, 8);
}

static void case_111_min_at_the_last_page(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, TOP(0x1000), 0, 0), TOP(0x1000));
}

static void case_111_min_beyond_the_last_page(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, TOP(0xfff), 0, 0), 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

static void case_112_boundary_at_the_top(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	EXPECT_ADDR(test, xtake(vmp, 0x4000, 0, 0, 0x4000, 0, 0, 0), TOP(0x4000));
}

/* Sizes that no arena of a few pages has; the last one cannot even be rounded. */
static void case_113_enormous_sizes(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, 0x4000, PG);

	EXPECT_ADDR(test, take(vmp, BIT(BITS_PER_LONG - 1), 0), 0);
	EXPECT_ADDR(test, take(vmp, BIT(BITS_PER_LONG - 1) + 1, 0), 0);
	EXPECT_ADDR(test, take(vmp, SIZE_MAX, 0), 0);
	EXPECT_STAT(test, vmp, FAIL, 3);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

/* The same under each policy, and for ids, of which there may be that many. */
static void enormous_sizes_under_each_policy(struct kunit *test)
{
	static const int policy[] = { 0, VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT };
	vmem_t *vmp = fixture_arena(test, 1, SIZE_MAX, 1);
	int i;

	for (i = 0; i < ARRAY_SIZE(policy); i++) {
		EXPECT_ADDR(test, take(vmp, SIZE_MAX, policy[i]), 1);
		EXPECT_LAYOUT(test, vmp, VMEM_FREE, "");
		give(vmp, 1, SIZE_MAX);
		EXPECT_ADDR(test, take(vmp, BIT(BITS_PER_LONG - 1), policy[i]), 1);
		EXPECT_ADDR(test, take(vmp, BIT(BITS_PER_LONG - 1), policy[i]), 0);
		give(vmp, 1, BIT(BITS_PER_LONG - 1));
		EXPECT_LAYOUT(test, vmp, VMEM_FREE, one(test, 1ul, SIZE_MAX));
	}
}

static void case_114_create_beyond_the_top(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, vmem_create("A", (void *)TOP(0x1000), 0x2000, PG, NULL,
					    NULL, NULL, 0, VM_NOSLEEP));
	EXPECT_REPORT(test, "vmem: bad span: arena \"A\"");
}

static void case_114_add_beyond_the_top(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0, 0, PG);

	EXPECT_REFUSED(test, vmp, "bad span",
		       KUNIT_EXPECT_NULL(test, vmem_add(vmp, (void *)TOP(0x1000),
							0x2000, VM_NOSLEEP)));
	EXPECT_ADDR(test, vmem_add(vmp, (void *)TOP(0x2000), 0x2000, VM_NOSLEEP),
		    TOP(0x2000));
	EXPECT_LAYOUT(test, vmp, VMEM_SPAN, one(test, TOP(0x2000), 0x2000));
}

/* Spans that share something with [0x10000, 0x14000), and ones that do not. */
static const struct overlap_case {
	const char *desc;
	unsigned long addr;
	size_t size;
	bool accepted;
} overlap_table[] = {
	{ "case_115 reaches in from below", 0xf000, 0x2000, false },
	{ "case_115 reaches out above", 0x13000, 0x2000, false },
	{ "case_115 contained", 0x11000, 0x1000, false },
	{ "case_115 contained at the start", 0x10000, 0x1000, false },
	{ "case_115 contained at the end", 0x13000, 0x1000, false },
	{ "case_115 containing", 0xf000, 0x6000, false },
	{ "case_115 containing, up to the top", 0xf000, TOP(0xf000), false },
	{ "case_115 identical", 0x10000, 0x4000, false },
	{ "case_115 adjacent below", 0xf000, 0x1000, true },
	{ "case_115 adjacent above", 0x14000, 0x1000, true },
	{ "case_115 adjacent, up to the top", 0x14000, TOP(0x14000), true },
};

KUNIT_ARRAY_PARAM_DESC(overlap, overlap_table, desc);

static void span_overlaps(struct kunit *test)
{
	const struct overlap_case *c = test->param_value;
	vmem_t *vmp = fixture_arena(test, 0x10000, 0x4000, PG);

	if (c->accepted) {
		EXPECT_ADDR(test, vmem_add(vmp, (void *)c->addr, c->size, VM_NOSLEEP),
			    c->addr);
		KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_FREE), 0x4000 + c->size);
		return;
	}
	EXPECT_REFUSED(test, vmp, "overlap",
		       KUNIT_EXPECT_NULL(test, vmem_add(vmp, (void *)c->addr, c->size,
							VM_NOSLEEP)));
	EXPECT_LAYOUT(test, vmp, VMEM_SPAN, "10000+4000");
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_FREE), 0x4000);
}

static void case_116_contains_across_spans(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, PG, PG);

	EXPECT_ADDR(test, vmem_add(vmp, (void *)0x2000, PG, VM_NOSLEEP), 0x2000);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x1000, 0x1000), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x2000, 0x1000), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x1000, 0x2000), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x1fff, 2), 0);
}

static void case_116_contains_nothing(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, PG, PG);

	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x1000, 0), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x1800, 0), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x2000, 0), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0x2001, 0), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)0xfff, 0), 0);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, NULL, 0), 0);
}

/* The end of a span up to the top would be address 0, which is in no arena. */
static void contains_nothing_at_the_top(struct kunit *test)
{
	vmem_t *vmp = top_four_pages(test);

	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, (void *)TOP(1), 0), 1);
	KUNIT_EXPECT_EQ(test, vmem_contains(vmp, NULL, 0), 0);
}

static struct kunit_case top_cases[] = {
	KUNIT_CASE(case_106_up_to_the_top),
	KUNIT_CASE(case_107_coalesce_at_the_top),
	KUNIT_CASE(case_108_endalloc_at_the_top),
	KUNIT_CASE(case_109_align_would_wrap),
	KUNIT_CASE(case_109_max_below_the_top),
	KUNIT_CASE(case_110_contains_at_the_top),
	KUNIT_CASE(case_111_min_at_the_last_page),
	KUNIT_CASE(case_111_min_beyond_the_last_page),
	KUNIT_CASE(case_112_boundary_at_the_top),
	KUNIT_CASE(case_113_enormous_sizes),
	KUNIT_CASE(enormous_sizes_under_each_policy),
	KUNIT_CASE(case_114_create_beyond_the_top),
	KUNIT_CASE(case_114_add_beyond_the_top),
	KUNIT_CASE_PARAM(span_overlaps, overlap_gen_params),
	KUNIT_CASE(case_116_contains_across_spans),
	KUNIT_CASE(case_116_contains_nothing),
	KUNIT_CASE(contains_nothing_at_the_top),
	{}
};

static struct kunit_suite top_suite = {
	.name = "vmem_top",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = top_cases,
};

kunit_test_suite(top_suite);
