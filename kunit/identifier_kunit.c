// SPDX-License-Identifier: GPL-2.0-only
/*
 * Identifiers: arenas of quantum 1 that hold numbers, not memory.
 */
#include "fixture.h"

static vmem_t *identifiers(struct kunit *test, unsigned long first, size_t nr)
{
	return fixture_create(test, "ids", first, nr, 1, NULL, NULL, NULL, 0,
			      VM_SLEEP | VMC_IDENTIFIER);
}

/* The next identifier in turn, any, the lowest, and one that is named. */
static unsigned long next_id(vmem_t *ids)
{
	return take(ids, 1, VM_NEXTFIT);
}

static unsigned long lowest_id(vmem_t *ids)
{
	return take(ids, 1, VM_FIRSTFIT);
}

static unsigned long specific_id(vmem_t *ids, unsigned long id)
{
	return xtake(ids, 1, 1, 0, 0, id, id + 1, 0);
}

static void case_073_next_fit_hands_out_in_order(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 10);
	unsigned long id;

	for (id = 1; id <= 10; id++)
		EXPECT_ADDR(test, next_id(ids), id);
	EXPECT_ADDR(test, next_id(ids), 0);

	give(ids, 3, 1);
	give(ids, 7, 1);
	EXPECT_ADDR(test, next_id(ids), 3);
	EXPECT_ADDR(test, next_id(ids), 7);
	EXPECT_ADDR(test, next_id(ids), 0);
}

static void case_074_next_fit_is_cyclic(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 10);
	unsigned long id;
	int i;

	for (i = 0; i < 13; i++) {
		id = next_id(ids);
		EXPECT_ADDR(test, id, i % 10 + 1);
		give(ids, id, 1);
	}
}

static void case_075_specific_identifier(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 100);

	EXPECT_ADDR(test, specific_id(ids, 5), 5);
	EXPECT_ADDR(test, specific_id(ids, 5), 0);
	EXPECT_ADDR(test, specific_id(ids, 101), 0);
	EXPECT_STAT(test, ids, FAIL, 2);
}

static void case_076_source_and_child_must_agree(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 100);
	vmem_t *bytes = fixture_arena(test, PG, PG, 1);

	KUNIT_EXPECT_NULL(test, vmem_create("C", NULL, 0, 1, vmem_alloc, vmem_free,
					    ids, 0, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: identifier mismatch: arena \"C\"");
	KUNIT_EXPECT_NULL(test, vmem_create("C", NULL, 0, 1, vmem_alloc, vmem_free,
					    bytes, 0, VM_SLEEP | VMC_IDENTIFIER));
	EXPECT_REPORT(test, "vmem: identifier mismatch: arena \"C\"");
}

/* Refused children have not become children. */
static void case_076_refused_child_leaves_the_source_free(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 100);

	vmem_create("C", NULL, 0, 1, vmem_alloc, vmem_free, ids, 0, VM_SLEEP);
	EXPECT_REPORT(test, "identifier mismatch");
	fixture_destroy(test, ids);
}

static void case_077_leak_report_says_identifiers(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 100);
	const char *line;

	take(ids, 1, 0);
	take(ids, 2, 0);
	fixture_destroy(test, ids);
	line = fixture_next_report(test);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, "\"ids\""), "%s", line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, "3 identifiers"), "%s", line);
	KUNIT_EXPECT_NULL_MSG(test, strstr(line, "bytes"), "%s", line);
}

static void case_078_lowest_in_either_order_of_frees(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 8);

	while (next_id(ids))
		;

	give(ids, 2, 1);
	give(ids, 5, 1);
	EXPECT_ADDR(test, lowest_id(ids), 2);
	EXPECT_ADDR(test, lowest_id(ids), 5);

	give(ids, 5, 1);
	give(ids, 2, 1);
	EXPECT_ADDR(test, lowest_id(ids), 2);
}

static void other_policies_leave_the_cycle_alone(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 10);

	EXPECT_ADDR(test, next_id(ids), 1);
	EXPECT_ADDR(test, lowest_id(ids), 2);
	EXPECT_ADDR(test, take(ids, 1, VM_BESTFIT | VM_ENDALLOC), 10);
	EXPECT_ADDR(test, take(ids, 1, 0), 3);
	EXPECT_ADDR(test, specific_id(ids, 7), 7);
	EXPECT_ADDR(test, next_id(ids), 4);
}

static void cycle_does_not_reuse_what_was_freed_behind_it(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 10);

	next_id(ids);
	next_id(ids);
	give(ids, 1, 1);
	give(ids, 2, 1);
	EXPECT_ADDR(test, next_id(ids), 3);
}

static void cycle_goes_on_over_all_spans(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 2);

	vmem_add(ids, (void *)100, 2, VM_SLEEP);
	EXPECT_ADDR(test, next_id(ids), 1);
	EXPECT_ADDR(test, next_id(ids), 2);
	EXPECT_ADDR(test, next_id(ids), 100);
	EXPECT_ADDR(test, next_id(ids), 101);
	give(ids, 1, 1);
	EXPECT_ADDR(test, next_id(ids), 1);
}

static void lowest_identifier_is_in_the_lowest_span(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 100, 10);

	vmem_add(ids, (void *)5, 1, VM_SLEEP);
	EXPECT_ADDR(test, lowest_id(ids), 5);
	EXPECT_ADDR(test, lowest_id(ids), 100);
}

static void specific_identifier_splits_and_rejoins(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 16);

	specific_id(ids, 8);
	EXPECT_LAYOUT(test, ids, VMEM_FREE, "1+7 9+8");
	xgive(ids, 8, 1);
	EXPECT_LAYOUT(test, ids, VMEM_FREE, "1+10");
}

static void highest_identifier_of_all(struct kunit *test)
{
	vmem_t *ids = identifiers(test, TOP(1), 1);

	EXPECT_ADDR(test, next_id(ids), TOP(1));
	give(ids, TOP(1), 1);
	EXPECT_ADDR(test, next_id(ids), TOP(1));
	EXPECT_ADDR(test, next_id(ids), 0);
}

static void block_of_identifiers_within_a_boundary(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 64);

	EXPECT_ADDR(test, xtake(ids, 8, 8, 0, 8, 0, 0, 0), 8);
	EXPECT_ADDR(test, xtake(ids, 4, 1, 0, 4, 0, 0, VM_FIRSTFIT), 4);
}

static void identifiers_are_imported_from_identifiers(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 4);
	vmem_t *c = fixture_create(test, "C", 0, 0, 1, vmem_alloc, vmem_free, ids,
				   0, VM_SLEEP | VMC_IDENTIFIER);

	EXPECT_ADDR(test, take(c, 1, 0), 1);
	EXPECT_STAT(test, ids, MEM_INUSE, 1);
	give(c, 1, 1);
	EXPECT_STAT(test, ids, MEM_INUSE, 0);
}

static void freed_identifier_cannot_be_freed_again(struct kunit *test)
{
	vmem_t *ids = identifiers(test, 1, 10);

	next_id(ids);
	give(ids, 1, 1);
	EXPECT_REFUSED(test, ids, "bad free", give(ids, 1, 1));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(case_073_next_fit_hands_out_in_order),
	KUNIT_CASE(case_074_next_fit_is_cyclic),
	KUNIT_CASE(case_075_specific_identifier),
	KUNIT_CASE(case_076_source_and_child_must_agree),
	KUNIT_CASE(case_076_refused_child_leaves_the_source_free),
	KUNIT_CASE(case_077_leak_report_says_identifiers),
	KUNIT_CASE(case_078_lowest_in_either_order_of_frees),
	KUNIT_CASE(other_policies_leave_the_cycle_alone),
	KUNIT_CASE(cycle_does_not_reuse_what_was_freed_behind_it),
	KUNIT_CASE(cycle_goes_on_over_all_spans),
	KUNIT_CASE(lowest_identifier_is_in_the_lowest_span),
	KUNIT_CASE(specific_identifier_splits_and_rejoins),
	KUNIT_CASE(highest_identifier_of_all),
	KUNIT_CASE(block_of_identifiers_within_a_boundary),
	KUNIT_CASE(identifiers_are_imported_from_identifiers),
	KUNIT_CASE(freed_identifier_cannot_be_freed_again),
	{}
};

static struct kunit_suite vmem_identifier_suite = {
	.name = "vmem_identifier",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(vmem_identifier_suite);
