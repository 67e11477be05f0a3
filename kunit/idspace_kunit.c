// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spaces of identifiers (<linux/id_space.h>), by the interface that drivers have.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <sys/id_space.h>

#include "fixture.h"
#include "patience.h"

static id_space_t *space(struct kunit *test, id_t low, id_t high)
{
	id_space_t *isp = id_space_create("ids", low, high);

	KUNIT_ASSERT_NOT_NULL(test, isp);
	return isp;
}

static void take_all(struct kunit *test, id_space_t *isp, id_t low, id_t high)
{
	for (; low < high; low++)
		KUNIT_EXPECT_EQ(test, id_alloc(isp), low);
	KUNIT_EXPECT_EQ(test, id_alloc_nosleep(isp), -1);
}

static void give_all(id_space_t *isp, id_t low, id_t high)
{
	for (; low < high; low++)
		id_free(isp, low);
}

static void ids_come_in_order(struct kunit *test)
{
	id_space_t *isp = space(test, 0, 4);

	take_all(test, isp, 0, 4);
	KUNIT_EXPECT_EQ(test, id_allocff_nosleep(isp), -1);
	id_free(isp, 2);
	id_free(isp, 0);
	KUNIT_EXPECT_EQ(test, id_allocff(isp), 0);
	KUNIT_EXPECT_EQ(test, id_allocff(isp), 2);
	give_all(isp, 0, 4);
	id_space_destroy(isp);
}

static void id_is_not_used_again_soon(struct kunit *test)
{
	id_space_t *isp = space(test, 0, 4);
	id_t round;

	for (round = 0; round < 8; round++) {
		KUNIT_EXPECT_EQ(test, id_alloc_nosleep(isp), round % 4);
		id_free(isp, round % 4);
	}
	id_space_destroy(isp);
}

static void id_of_choice(struct kunit *test)
{
	id_space_t *isp = space(test, 0, 4);

	take_all(test, isp, 0, 4);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, 3), -1);
	id_free(isp, 3);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, 3), 3);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, 4), -1);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, INT_MAX), -1);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, -1), -1);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, INT_MIN), -1);
	give_all(isp, 0, 4);
	id_space_destroy(isp);
}

static void space_grows(struct kunit *test)
{
	id_space_t *isp = space(test, 0, 4);

	take_all(test, isp, 0, 4);
	id_space_extend(isp, 4, 6);
	take_all(test, isp, 4, 6);
	id_space_extend(isp, 10, 11);
	KUNIT_EXPECT_EQ(test, id_allocff_nosleep(isp), 10);
	give_all(isp, 0, 6);
	id_free(isp, 10);
	id_space_destroy(isp);
}

/* By the lowest, and by choice: what comes next in order stays the same. */
static void others_do_not_move_the_order(struct kunit *test)
{
	id_space_t *isp = space(test, 0, 10);

	KUNIT_EXPECT_EQ(test, id_alloc(isp), 0);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, 7), 7);
	KUNIT_EXPECT_EQ(test, id_alloc(isp), 1);
	id_free(isp, 0);
	KUNIT_EXPECT_EQ(test, id_allocff_nosleep(isp), 0);
	KUNIT_EXPECT_EQ(test, id_alloc(isp), 2);
	give_all(isp, 0, 3);
	id_free(isp, 7);
	id_space_destroy(isp);
}

static void highest_ids(struct kunit *test)
{
	id_space_t *isp = space(test, INT_MAX - 2, INT_MAX);

	KUNIT_EXPECT_EQ(test, id_alloc(isp), INT_MAX - 2);
	KUNIT_EXPECT_EQ(test, id_alloc_specific_nosleep(isp, INT_MAX - 1), INT_MAX - 1);
	KUNIT_EXPECT_EQ(test, id_alloc_nosleep(isp), -1);
	give_all(isp, INT_MAX - 2, INT_MAX);
	id_space_destroy(isp);
}

static void bad_ranges_are_refused(struct kunit *test)
{
	static const id_t range[][2] = {
		{ -1, 4 }, { 4, 4 }, { 5, 4 }, { 0, 0 }, { 0, -1 }, { INT_MIN, INT_MAX },
	};
	id_space_t *isp = space(test, 0, 4);
	vmem_t *vmp = (vmem_t *)isp;
	int i;

	for (i = 0; i < ARRAY_SIZE(range); i++) {
		KUNIT_EXPECT_NULL(test, id_space_create("bad", range[i][0], range[i][1]));
		EXPECT_REPORT(test, "vmem: bad id space: arena \"bad\" ");
		EXPECT_REFUSED(test, vmp, "bad span",
			       id_space_extend(isp, range[i][0], range[i][1]));
	}
	EXPECT_REFUSED(test, vmp, "overlap", id_space_extend(isp, 3, 5));
	take_all(test, isp, 0, 4);
	give_all(isp, 0, 4);
	id_space_destroy(isp);
	id_space_destroy(NULL);
}

static void bad_frees_are_refused(struct kunit *test)
{
	id_space_t *isp = space(test, 0, 4);
	vmem_t *vmp = (vmem_t *)isp;

	EXPECT_REFUSED(test, vmp, "bad free", id_free(isp, 2));
	EXPECT_REFUSED(test, vmp, "bad free", id_free(isp, 4));
	EXPECT_REFUSED(test, vmp, "bad free", id_free(isp, -1));
	EXPECT_REFUSED(test, vmp, "bad free", id_free(isp, INT_MIN));
	KUNIT_EXPECT_EQ(test, id_alloc(isp), 0);
	id_free(isp, 0);
	EXPECT_REFUSED(test, vmp, "bad free", id_free(isp, 0));
	id_space_destroy(isp);
}

struct waiting {
	id_space_t *isp;
	id_t (*alloc)(id_space_t *isp);
	id_t id;
	struct completion done;
};

static int allocate(void *data)
{
	struct waiting *waiting = data;

	waiting->id = waiting->alloc(waiting->isp);
	complete(&waiting->done);
	return 0;
}

static void one_waits(struct kunit *test, id_t (*alloc)(id_space_t *isp))
{
	struct waiting waiting = { .isp = space(test, 0, 1), .alloc = alloc };
	vmem_t *vmp = (vmem_t *)waiting.isp;
	struct task_struct *task;
	unsigned int turns = 0;

	init_completion(&waiting.done);
	take_all(test, waiting.isp, 0, 1);
	task = kthread_run(allocate, &waiting, "id_space");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	while (!vmem_stat(vmp, VMEM_STAT_WAIT) && patience_lasts(&turns))
		;
	KUNIT_EXPECT_FALSE(test, completion_done(&waiting.done));
	id_free(waiting.isp, 0);
	KUNIT_ASSERT_TRUE(test, patient_wait(&waiting.done));
	KUNIT_EXPECT_EQ(test, waiting.id, 0);
	id_free(waiting.isp, 0);
	id_space_destroy(waiting.isp);
}

static void id_is_waited_for(struct kunit *test)
{
	one_waits(test, id_alloc);
	one_waits(test, id_allocff);
}

static struct kunit_case idspace_cases[] = {
	KUNIT_CASE(ids_come_in_order),
	KUNIT_CASE(id_is_not_used_again_soon),
	KUNIT_CASE(id_of_choice),
	KUNIT_CASE(space_grows),
	KUNIT_CASE(others_do_not_move_the_order),
	KUNIT_CASE(highest_ids),
	KUNIT_CASE(bad_ranges_are_refused),
	KUNIT_CASE(bad_frees_are_refused),
	KUNIT_CASE(id_is_waited_for),
	{}
};

static struct kunit_suite idspace_suite = {
	.name = "vmem_idspace",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = idspace_cases,
};

kunit_test_suite(idspace_suite);
