// SPDX-License-Identifier: GPL-2.0-only
/*
 * Imports: arenas on top of arenas. Unless a test says otherwise, the parent P is
 * A(0x100000, 0x100000, PG), and the child C is empty.
 */
#include "fixture.h"

static vmem_t *parent(struct kunit *test)
{
	return fixture_arena(test, 0x100000, 0x100000, PG);
}

/* What the child has imported is what the parent has given. */
#define EXPECT_IMPORTED(test, c, p, size)				\
do {									\
	EXPECT_STAT(test, c, MEM_IMPORT, size);				\
	EXPECT_STAT(test, p, MEM_INUSE, size);				\
} while (0)

/* === Plain imports === */

static void case_056_import_and_release(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, take(c, 0x3000, 0), 0x100000);
	EXPECT_IMPORTED(test, c, p, 0x3000);
	EXPECT_STAT(test, c, MEM_TOTAL, 0x3000);

	give(c, 0x100000, 0x3000);
	EXPECT_IMPORTED(test, c, p, 0);
	EXPECT_STAT(test, c, MEM_TOTAL, 0);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "100000+100000");
}

static void case_057_one_import_serves_two(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);

	EXPECT_ADDR(test, take(c, 0x100, 0), 0x100000);
	EXPECT_ADDR(test, take(c, 0x100, 0), 0x100100);
	EXPECT_IMPORTED(test, c, p, 0x1000);

	give(c, 0x100000, 0x100);
	EXPECT_IMPORTED(test, c, p, 0x1000);
	give(c, 0x100100, 0x100);
	EXPECT_IMPORTED(test, c, p, 0);
}

static void case_058_each_span_goes_when_it_is_free(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);
	unsigned long addr[32];
	int i;

	for (i = 0; i < 32; i++)
		addr[i] = take(c, 0x100, 0);
	EXPECT_IMPORTED(test, c, p, 0x2000);
	EXPECT_STAT(test, p, ALLOC, 2);

	for (i = 0; i < 16; i++)
		give(c, addr[i], 0x100);
	EXPECT_IMPORTED(test, c, p, 0x1000);

	for (; i < 32; i++)
		give(c, addr[i], 0x100);
	EXPECT_IMPORTED(test, c, p, 0);
	EXPECT_STAT(test, p, ALLOC, 2);
	EXPECT_STAT(test, p, FREE, 2);
}

static void case_059_quantum_above_the_sources(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x4000);

	EXPECT_ADDR(test, take(c, PG, 0), 0x100000);
	EXPECT_IMPORTED(test, c, p, 0x4000);
}

static void case_059_quantum_above_the_sources_misaligned(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x101000, 0x100000, PG);
	vmem_t *c = fixture_child(test, p, 0x4000);

	EXPECT_ADDR(test, take(c, PG, 0), 0x104000);
	EXPECT_IMPORTED(test, c, p, 0x4000);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "101000+3000 108000+f9000");

	give(c, 0x104000, PG);
	EXPECT_IMPORTED(test, c, p, 0);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "101000+100000");
}

static void case_060_alignment_goes_down(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, xtake(c, 0x2000, 0x8000, 0, 0, 0, 0, 0), 0x100000);
	EXPECT_IMPORTED(test, c, p, 0x2000);
	EXPECT_LAYOUT(test, c, VMEM_FREE, "");
}

static void case_060_alignment_goes_down_misaligned(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x101000, 0x100000, PG);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, xtake(c, 0x2000, 0x8000, 0, 0, 0, 0, 0), 0x108000);
	EXPECT_IMPORTED(test, c, p, 0x2000);
	EXPECT_LAYOUT(test, c, VMEM_FREE, "");
	EXPECT_LAYOUT(test, p, VMEM_FREE, "101000+7000 10a000+f7000");
}

static void case_061_phase_within_the_sources_quantum(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);
	unsigned long addr = xtake(c, 0x100, 0x400, 0x200, 0, 0, 0, 0);

	KUNIT_EXPECT_NE(test, addr, 0ul);
	EXPECT_ADDR(test, addr % 0x400, 0x200);
	EXPECT_IMPORTED(test, c, p, 0x1000);
}

static void case_062_limits_do_not_import(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, xtake(c, PG, 0, 0, PG, 0, 0, 0), 0);
	EXPECT_ADDR(test, xtake(c, PG, 0, 0, 0, PG, 0, 0), 0);
	EXPECT_ADDR(test, xtake(c, PG, 0, 0, 0, 0, 0x200000, 0), 0);
	EXPECT_STAT(test, c, FAIL, 3);
	EXPECT_STAT(test, p, ALLOC, 0);
	EXPECT_STAT(test, p, FAIL, 0);
}

static void case_063_wrapping_size_fails(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, take(c, TOP(0x11), 0), 0);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, p, FAIL, 0);
}

static void case_063_wrapping_size_is_not_waited_for(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);
	struct sleeper t1 = { .vmp = c, .size = TOP(0x11), .vmflag = VM_SLEEP };

	EXPECT_REFUSED(test, c, "impossible request", sleeper_start(test, &t1));
	EXPECT_ADDR(test, sleeper_result(test, &t1), 0);
	EXPECT_STAT(test, c, WAIT, 0);
	EXPECT_STAT(test, p, FAIL, 0);
}

static void case_063_wrapping_size_panics_on_demand(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	fixture_catch_panic(test);
	EXPECT_ADDR(test, take(c, TOP(0x11), VM_PANIC), 0);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 1);
}

static void case_064_parent_runs_out(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x100000, 0x4000, PG);
	vmem_t *c = fixture_child(test, p, PG);
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_NE(test, take(c, PG, 0), 0ul);
	EXPECT_ADDR(test, take(c, PG, 0), 0);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, p, FAIL, 1);
}

static void case_067_own_span_before_imports(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_create(test, "C", 0x900000, 0x2000, PG, vmem_alloc,
				   vmem_free, p, 0, VM_SLEEP);

	EXPECT_ADDR(test, take(c, PG, 0), 0x900000);
	EXPECT_ADDR(test, take(c, PG, 0), 0x901000);
	EXPECT_ADDR(test, take(c, PG, 0), 0x100000);

	give(c, 0x900000, PG);
	give(c, 0x901000, PG);
	EXPECT_IMPORTED(test, c, p, PG);
	EXPECT_STAT(test, c, MEM_TOTAL, 0x3000);
}

static void case_070_cursor_keeps_no_span(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x100000, 0x10000, 64);
	vmem_t *c = fixture_child(test, p, 1);
	unsigned long a = take(c, 1, VM_NEXTFIT);
	unsigned long b = take(c, 1, VM_NEXTFIT);

	KUNIT_EXPECT_NE(test, a, 0ul);
	EXPECT_ADDR(test, b, a + 1);
	EXPECT_IMPORTED(test, c, p, 64);

	give(c, a, 1);
	give(c, b, 1);
	EXPECT_IMPORTED(test, c, p, 0);
}

static void case_071_aligned_import_of_all_there_is(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x100000, 0x2000, PG);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, xtake(c, 0x2000, 0x2000, 0, 0, 0, 0, 0), 0x100000);
	EXPECT_IMPORTED(test, c, p, 0x2000);
}

static void case_132_phase_beyond_the_sources_quantum(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);
	unsigned long addr = xtake(c, 0x100, 0x4000, 0x1200, 0, 0, 0, 0);

	KUNIT_EXPECT_NE(test, addr, 0ul);
	EXPECT_ADDR(test, addr % 0x4000, 0x1200);
	KUNIT_EXPECT_LE(test, vmem_stat(c, VMEM_STAT_MEM_IMPORT), 0x2000ull);
}

static void phase_goes_down(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x102000, PG, PG);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, xtake(c, PG, 0x8000, 0x2000, 0, 0, 0, 0), 0x102000);
	EXPECT_IMPORTED(test, c, p, PG);
}

static void aligned_import_goes_back_whole(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x101000, 0x100000, PG);
	vmem_t *c = fixture_child(test, p, 0x100);

	xgive(c, xtake(c, 0x100, 0x4000, 0x1200, 0, 0, 0, 0), 0x100);
	EXPECT_IMPORTED(test, c, p, 0);
	EXPECT_STAT(test, c, MEM_TOTAL, 0);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "101000+100000");
}

static void import_aligned_to_half_of_all_addresses(struct kunit *test)
{
	unsigned long half = BIT(BITS_PER_LONG - 1);
	vmem_t *p = fixture_arena(test, half - 0x2000, 0x4000, PG);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_ADDR(test, xtake(c, PG, half, 0, 0, 0, 0, 0), half);
	EXPECT_IMPORTED(test, c, p, PG);
}

static void import_ends_at_the_top(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, TOP(0x4000), 0x4000, PG);
	vmem_t *c = fixture_child(test, p, 0x100);

	EXPECT_ADDR(test, take(c, 0x4000, 0), TOP(0x4000));
	give(c, TOP(0x4000), 0x4000);
	EXPECT_IMPORTED(test, c, p, 0);
}

static void space_left_by_an_import_is_used_first(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);

	EXPECT_ADDR(test, take(c, 0xf00, 0), 0x100000);
	EXPECT_ADDR(test, take(c, 0x200, 0), 0x101000);
	EXPECT_ADDR(test, take(c, 0x100, 0), 0x100f00);
	EXPECT_IMPORTED(test, c, p, 0x2000);
}

static void imports_side_by_side_stay_apart(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x100000, 0x2000, PG);
	vmem_t *c = fixture_child(test, p, 0x100);

	take(c, 0xf00, 0);
	take(c, 0xf00, 0);
	EXPECT_LAYOUT(test, c, VMEM_SPAN, "100000+1000 101000+1000");
	give(c, 0x100000, 0xf00);
	EXPECT_LAYOUT(test, c, VMEM_SPAN, "101000+1000");
}

/* Best fit would be the first span; instant fit takes one surely long enough. */
static void source_is_asked_for_instant_fit(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x1000, 1000, 1);
	vmem_t *c = fixture_child(test, p, 1);

	vmem_add(p, (void *)0x3000, 1100, VM_SLEEP);
	EXPECT_ADDR(test, take(c, 1000, VM_BESTFIT), 0x3000);
}

static void case_066_without_release_function(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, vmem_alloc, NULL, p, 0,
				   VM_SLEEP);

	EXPECT_ADDR(test, take(c, PG, 0), 0x100000);
	give(c, 0x100000, PG);
	EXPECT_IMPORTED(test, c, p, PG);
	EXPECT_ADDR(test, take(c, PG, 0), 0x100000);
	EXPECT_STAT(test, p, ALLOC, 1);
}

static void source_without_import_function(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, NULL, NULL, p, 0, VM_SLEEP);

	EXPECT_ADDR(test, take(c, PG, 0), 0);
	EXPECT_STAT(test, p, FAIL, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void plain_import_of_at_least_a_slab(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, vmem_alloc, vmem_free, p,
				   8 * PG, VM_SLEEP | VMC_NO_QCACHE);

	EXPECT_ADDR(test, take(c, PG, 0), 0x100000);
	EXPECT_ADDR(test, take(c, PG, 0), 0x101000);
	EXPECT_IMPORTED(test, c, p, 0x20000);
	EXPECT_STAT(test, p, ALLOC, 1);
}

/* A plain import has both, vmem_alloc() and vmem_free(). */
static void import_without_release_is_padded(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x101000, 0x100000, PG);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, vmem_alloc, NULL, p, 0,
				   VM_SLEEP);

	EXPECT_ADDR(test, xtake(c, PG, 0x8000, 0, 0, 0, 0, 0), 0x108000);
	EXPECT_IMPORTED(test, c, p, 0x8000);
}

/* === Deep hierarchies === */

static void case_068_three_levels(struct kunit *test)
{
	vmem_t *root = fixture_arena(test, 0x1000000, 0x100000, 0x10000);
	vmem_t *mid = fixture_child(test, root, 0x1000);
	vmem_t *leaf = fixture_child(test, mid, 0x100);

	EXPECT_ADDR(test, take(leaf, 0x100, 0), 0x1000000);
	EXPECT_STAT(test, leaf, MEM_INUSE, 0x100);
	EXPECT_IMPORTED(test, leaf, mid, 0x1000);
	EXPECT_IMPORTED(test, mid, root, 0x10000);

	give(leaf, 0x1000000, 0x100);
	EXPECT_STAT(test, leaf, MEM_INUSE, 0);
	EXPECT_IMPORTED(test, leaf, mid, 0);
	EXPECT_IMPORTED(test, mid, root, 0);
}

#define LEVELS	16

static void sixteen_levels_each_round_up(struct kunit *test)
{
	vmem_t *level[LEVELS];
	size_t quantum = PG << (LEVELS - 1);
	int i;

	level[0] = fixture_arena(test, 2 * quantum, quantum, quantum);
	for (i = 1; i < LEVELS; i++)
		level[i] = fixture_child(test, level[i - 1], quantum >> i);

	EXPECT_ADDR(test, take(level[LEVELS - 1], PG, 0), 2 * quantum);
	for (i = 1; i < LEVELS; i++)
		EXPECT_IMPORTED(test, level[i], level[i - 1], quantum >> (i - 1));

	give(level[LEVELS - 1], 2 * quantum, PG);
	for (i = 1; i < LEVELS; i++)
		EXPECT_IMPORTED(test, level[i], level[i - 1], 0);
}

static void sixteen_levels_pass_alignment_down(struct kunit *test)
{
	vmem_t *level[LEVELS];
	int i;

	level[0] = fixture_arena(test, 0x101000, 0x1000000, PG);
	for (i = 1; i < LEVELS; i++)
		level[i] = fixture_child(test, level[i - 1], PG);

	EXPECT_ADDR(test, xtake(level[LEVELS - 1], 0x2000, 0x800000, 0, 0, 0, 0, 0),
		    0x800000);
	for (i = 1; i < LEVELS; i++)
		EXPECT_IMPORTED(test, level[i], level[i - 1], 0x2000);
}

/* === The end === */

static void case_104_destroyed_child_returns_imports(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	take(c, 0x3000, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0x3000);
	fixture_destroy(test, c);
	EXPECT_REPORT(test, "\"C\"");
	EXPECT_STAT(test, p, MEM_INUSE, 0);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "100000+100000");
}

static void destroyed_child_returns_every_import(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);

	take(c, 0x1000, 0);
	take(c, 0x2100, 0);
	xtake(c, 0x100, 0x8000, 0x200, 0, 0, 0, 0);
	EXPECT_STAT(test, p, ALLOC, 3);
	fixture_destroy(test, c);
	EXPECT_REPORT(test, "\"C\"");
	EXPECT_STAT(test, p, FREE, 3);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void leaked_bytes_of_a_child_are_named(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, 0x100);
	const char *line;

	take(c, 300, 0);
	take(c, 100, 0);
	fixture_destroy(test, c);
	line = fixture_next_report(test);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, "\"C\""), "%s", line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, "400 bytes"), "%s", line);
}

static void destroyed_child_without_release_function(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, vmem_alloc, NULL, p, 0,
				   VM_SLEEP);

	give(c, take(c, PG, 0), PG);
	fixture_destroy(test, c);
	EXPECT_STAT(test, p, MEM_INUSE, PG);
}

static void case_127_destroying_a_source_is_refused(struct kunit *test)
{
	vmem_t *p = parent(test);
	vmem_t *c = fixture_child(test, p, PG);

	EXPECT_REFUSED(test, p, "arena in use", vmem_destroy(p));
	EXPECT_ADDR(test, take(p, PG, 0), 0x100000);
	EXPECT_ADDR(test, take(c, PG, 0), 0x101000);
	give(c, 0x101000, PG);
	give(p, 0x100000, PG);
	fixture_destroy(test, c);
	fixture_destroy(test, p);
}

static void case_127_destroying_null_does_nothing(struct kunit *test)
{
	vmem_destroy(NULL);
}

/* A source is one even if nothing can be imported from it. */
static void source_that_is_not_imported_from_is_in_use(struct kunit *test)
{
	vmem_t *p = parent(test);

	fixture_create(test, "C", 0, 0, PG, NULL, NULL, p, 0, VM_SLEEP);
	EXPECT_REFUSED(test, p, "arena in use", vmem_destroy(p));
}

static void destroy_from_the_leaf_up(struct kunit *test)
{
	vmem_t *root = parent(test);
	vmem_t *mid = fixture_child(test, root, PG);
	vmem_t *leaf = fixture_child(test, mid, PG);

	take(leaf, PG, 0);
	EXPECT_REFUSED(test, mid, "arena in use", vmem_destroy(mid));
	fixture_destroy(test, leaf);
	EXPECT_REPORT(test, "\"C\"");
	fixture_destroy(test, mid);
	EXPECT_STAT(test, root, MEM_INUSE, 0);
	fixture_destroy(test, root);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(case_056_import_and_release),
	KUNIT_CASE(case_057_one_import_serves_two),
	KUNIT_CASE(case_058_each_span_goes_when_it_is_free),
	KUNIT_CASE(case_059_quantum_above_the_sources),
	KUNIT_CASE(case_059_quantum_above_the_sources_misaligned),
	KUNIT_CASE(case_060_alignment_goes_down),
	KUNIT_CASE(case_060_alignment_goes_down_misaligned),
	KUNIT_CASE(case_061_phase_within_the_sources_quantum),
	KUNIT_CASE(case_062_limits_do_not_import),
	KUNIT_CASE(case_063_wrapping_size_fails),
	KUNIT_CASE(case_063_wrapping_size_is_not_waited_for),
	KUNIT_CASE(case_063_wrapping_size_panics_on_demand),
	KUNIT_CASE(case_064_parent_runs_out),
	KUNIT_CASE(case_066_without_release_function),
	KUNIT_CASE(case_067_own_span_before_imports),
	KUNIT_CASE(case_068_three_levels),
	KUNIT_CASE(case_070_cursor_keeps_no_span),
	KUNIT_CASE(case_071_aligned_import_of_all_there_is),
	KUNIT_CASE(case_104_destroyed_child_returns_imports),
	KUNIT_CASE(case_127_destroying_a_source_is_refused),
	KUNIT_CASE(case_127_destroying_null_does_nothing),
	KUNIT_CASE(case_132_phase_beyond_the_sources_quantum),
	KUNIT_CASE(phase_goes_down),
	KUNIT_CASE(aligned_import_goes_back_whole),
	KUNIT_CASE(import_aligned_to_half_of_all_addresses),
	KUNIT_CASE(import_ends_at_the_top),
	KUNIT_CASE(space_left_by_an_import_is_used_first),
	KUNIT_CASE(imports_side_by_side_stay_apart),
	KUNIT_CASE(source_is_asked_for_instant_fit),
	KUNIT_CASE(sixteen_levels_each_round_up),
	KUNIT_CASE(sixteen_levels_pass_alignment_down),
	KUNIT_CASE(source_without_import_function),
	KUNIT_CASE(plain_import_of_at_least_a_slab),
	KUNIT_CASE(import_without_release_is_padded),
	KUNIT_CASE(destroyed_child_returns_every_import),
	KUNIT_CASE(leaked_bytes_of_a_child_are_named),
	KUNIT_CASE(destroyed_child_without_release_function),
	KUNIT_CASE(source_that_is_not_imported_from_is_in_use),
	KUNIT_CASE(destroy_from_the_leaf_up),
	{}
};

static struct kunit_suite vmem_import_suite = {
	.name = "vmem_import",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(vmem_import_suite);
