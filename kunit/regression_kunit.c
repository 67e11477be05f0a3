// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bugs of the library that fuzzing (tools/testing/vmem/fuzz.sh), models and the like
 * have found, each as small as it could be made, so that none comes back.
 */
#include "fixture.h"

static void regression_exit(struct kunit *test)
{
	vmem_fail_set("1,0,0,-1");
	fixture_exit(test);
}

/* A size beyond LONG_MAX was negative to should_fail(), which let it and others pass. */
static void bug_001_huge_request_is_made_to_fail(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 16 * PG, PG);

	KUNIT_ASSERT_EQ(test, vmem_fail_set("1,100,0,1"), 0);
	EXPECT_ADDR(test, take(vmp, TOP(4 * PG), 0), 0);
	EXPECT_ADDR(test, take(vmp, PG, 0), PG);	/* as it was to fail once */
	KUNIT_ASSERT_EQ(test, vmem_fail_set("1,100,0,-1"), 0);
	EXPECT_ADDR(test, take(vmp, TOP(4 * PG), 0), 0);
	EXPECT_ADDR(test, take(vmp, PG, 0), 0);
	EXPECT_STAT(test, vmp, FAIL, 3);
}

static struct {
	struct kunit *test;
	vmem_t *vmp;
	struct sleeper other;
	bool called;
} late;

/* Space, once; before it comes, somebody else has asked in vain and sleeps. */
static void *import_late(vmem_t *source, size_t size, int vmflag)
{
	if (late.called)
		return NULL;
	late.called = true;
	late.other = (struct sleeper){ .vmp = late.vmp, .size = 1 };
	sleeper_start(late.test, &late.other);
	return (void *)0x10000;
}

static void release_late(vmem_t *source, void *addr, size_t size)
{
}

/*
 * A slab that took a whole import left no free segment, whose sleepers would have been
 * woken, and nobody thought of its free objects. Found by the model of sleeping.
 */
static void bug_002_imported_slab_wakes_sleepers(struct kunit *test)
{
	unsigned long addr;

	late.test = test;
	late.called = false;
	late.vmp = fixture_create(test, "late", 0, 0, 1, import_late, release_late, NULL,
				  1, VM_SLEEP | VMC_IDENTIFIER);
	addr = (unsigned long)vmem_alloc(late.vmp, 1, VM_SLEEP);
	EXPECT_ADDR(test, addr, 0x10000);
	EXPECT_ADDR(test, sleeper_result(test, &late.other), 0x10001);
	give(late.vmp, late.other.addr, 1);
	give(late.vmp, addr, 1);
}

static struct kunit_case regression_cases[] = {
	KUNIT_CASE(bug_001_huge_request_is_made_to_fail),
	KUNIT_CASE(bug_002_imported_slab_wakes_sleepers),
	{}
};

static struct kunit_suite regression_suite = {
	.name = "vmem_regression",
	.init = fixture_init,
	.exit = regression_exit,
	.test_cases = regression_cases,
};

kunit_test_suite(regression_suite);
