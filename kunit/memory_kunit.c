// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for records runs out: every call, with its first allocation failing, its
 * second, and so on until none does. What fails must leave nothing behind, and
 * work when there is memory again.
 */
#include <linux/sched.h>

#include "fixture.h"

#define COMB	100	/* free segments, too many to look at one by one */

/* Arenas in a state in which a call needs memory. */
struct scene {
	struct kunit *test;
	vmem_t *source;
	vmem_t *vmp;
};

/* A call, made with VM_NOSLEEP. Returns what it returned; undo() takes it back. */
struct call {
	const char *name;
	void (*prepare)(struct scene *scene);
	unsigned long (*call)(struct scene *scene);
	void (*undo)(struct scene *scene, unsigned long result);
	bool counts;		/* is a failure of the arena */
};

/* === Scenes === */

/* Use up the tags that an arena has to spare, up to the last but one or two. */
static void no_spare_tags(vmem_t *vmp)
{
	while (vmp->nr_spare >= VMEM_TAGS)
		take(vmp, vmp->quantum, VM_ENDALLOC);
}

static void prepare_nothing(struct scene *scene)
{
}

static void prepare_empty(struct scene *scene)
{
	scene->vmp = fixture_create(scene->test, "memory", 0, 0, PG, NULL, NULL,
				    NULL, 0, VM_SLEEP);
}

static void prepare_arena(struct scene *scene)
{
	scene->vmp = fixture_arena(scene->test, PG, 1000 * PG, PG);
	no_spare_tags(scene->vmp);
}

static void prepare_comb(struct scene *scene)
{
	unsigned long addr;

	scene->vmp = fixture_arena(scene->test, PG, 2 * COMB * PG, PG);
	while (take(scene->vmp, PG, 0))
		;
	for (addr = PG; addr < 2 * COMB * PG; addr += 2 * PG)
		give(scene->vmp, addr, PG);
}

static void prepare_child(struct scene *scene)
{
	scene->source = fixture_arena(scene->test, PG, 1000 * PG, PG);
	scene->vmp = fixture_child(scene->test, scene->source, PG);
	no_spare_tags(scene->source);
}

/* === Calls === */

static unsigned long call_create(struct scene *scene)
{
	return (unsigned long)vmem_create("memory", (void *)PG, 1000 * PG, PG, NULL,
					  NULL, NULL, 0, VM_NOSLEEP);
}

static unsigned long call_xcreate(struct scene *scene)
{
	return (unsigned long)vmem_xcreate("memory", (void *)PG, 1000 * PG, PG,
					   NULL, NULL, NULL, 0, VM_NOSLEEP);
}

static void undo_create(struct scene *scene, unsigned long result)
{
	vmem_destroy((vmem_t *)result);
}

static unsigned long call_add(struct scene *scene)
{
	return (unsigned long)vmem_add(scene->vmp, (void *)PG, 1000 * PG, VM_NOSLEEP);
}

static void undo_add(struct scene *scene, unsigned long result)
{
}

static unsigned long call_alloc(struct scene *scene)
{
	return take(scene->vmp, PG, 0);
}

static unsigned long call_first(struct scene *scene)
{
	return take(scene->vmp, PG, VM_FIRSTFIT);
}

static unsigned long call_best(struct scene *scene)
{
	return take(scene->vmp, PG, VM_BESTFIT);
}

static unsigned long call_next(struct scene *scene)
{
	return take(scene->vmp, PG, VM_NEXTFIT);
}

static void undo_alloc(struct scene *scene, unsigned long result)
{
	give(scene->vmp, result, PG);
}

static const struct call calls[] = {
	{ "create", prepare_nothing, call_create, undo_create, false },
	{ "xcreate", prepare_nothing, call_xcreate, undo_create, false },
	{ "add", prepare_empty, call_add, undo_add, false },
	{ "alloc", prepare_arena, call_alloc, undo_alloc, true },
	{ "first fit, trees to be built", prepare_comb, call_first, undo_alloc, true },
	{ "best fit, trees to be built", prepare_comb, call_best, undo_alloc, true },
	{ "next fit, trees to be built", prepare_comb, call_next, undo_alloc, true },
	{ "alloc that imports", prepare_child, call_alloc, undo_alloc, true },
};

KUNIT_ARRAY_PARAM_DESC(calls, calls, name);

/* === The n-th allocation fails === */

/* From now on, the @nth allocation of this thread fails; 0 for none. */
static void fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = nth;
#endif
}

/* Has it failed? */
static bool failed(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return !current->fail_nth;
#else
	return false;
#endif
}

static int memory_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "memory does not fail without CONFIG_FAILSLAB");
	return fixture_init(test);
}

/* What a failed call must have left alone. */
static void expect_untouched(const struct call *call, struct scene *scene,
			     u64 fail, u64 inuse)
{
	struct kunit *test = scene->test;

	if (!scene->vmp)
		return;
	EXPECT_VALID(test, scene->vmp);
	EXPECT_STAT(test, scene->vmp, FAIL, fail + call->counts);
	EXPECT_STAT(test, scene->vmp, MEM_INUSE, inuse);
	EXPECT_STAT(test, scene->vmp, MEM_IMPORT, 0);
	EXPECT_STAT(test, scene->vmp, MISUSE, 0);
	if (scene->source)
		EXPECT_VALID(test, scene->source);
}

/* Returns whether so many allocations were made that the @nth one failed. */
static bool call_with_failure(const struct call *call, struct kunit *test,
			      unsigned int nth)
{
	struct scene scene = { .test = test };
	u64 fail = 0, inuse = 0;
	unsigned long result;
	bool reached;

	call->prepare(&scene);
	if (scene.vmp) {
		fail = vmem_stat(scene.vmp, VMEM_STAT_FAIL);
		inuse = vmem_stat(scene.vmp, VMEM_STAT_MEM_INUSE);
	}
	fail_nth(nth);
	result = call->call(&scene);
	reached = failed();
	fail_nth(0);

	if (!reached)
		KUNIT_EXPECT_NE(test, result, 0);
	if (!result) {
		expect_untouched(call, &scene, fail, inuse);
		result = call->call(&scene);
		KUNIT_EXPECT_NE(test, result, 0);
	}
	if (result)
		call->undo(&scene, result);
	return reached;
}

static void every_allocation_fails_once(struct kunit *test)
{
	const struct call *call = test->param_value;
	unsigned int nth = 1;

	while (nth < 1000 && call_with_failure(call, test, nth))
		nth++;
	KUNIT_EXPECT_GT_MSG(test, nth, 1, "no allocation was made at all");
	KUNIT_EXPECT_LT(test, nth, 1000);
	kunit_info(test, "%u allocations failed, one at a time", nth - 1);
}

/* A request that may wait gets its memory, and tells that it waited. */
static void sleeping_request_waits_for_memory(struct kunit *test)
{
	struct scene scene = { .test = test };
	void *addr;

	prepare_arena(&scene);
	fail_nth(1);
	addr = vmem_alloc(scene.vmp, PG, VM_SLEEP);
	fail_nth(0);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	EXPECT_STAT(test, scene.vmp, POPULATE_FAIL, 1);
	EXPECT_STAT(test, scene.vmp, POPULATE_WAIT, 1);
	EXPECT_STAT(test, scene.vmp, FAIL, 0);
}

static void failing_request_does_not_wait_for_memory(struct kunit *test)
{
	struct scene scene = { .test = test };

	prepare_arena(&scene);
	fail_nth(1);
	EXPECT_ADDR(test, take(scene.vmp, PG, 0), 0);
	fail_nth(0);
	EXPECT_STAT(test, scene.vmp, POPULATE_FAIL, 1);
	EXPECT_STAT(test, scene.vmp, POPULATE_WAIT, 0);
	EXPECT_STAT(test, scene.vmp, FAIL, 1);
}

/* Without memory for buckets, chains grow longer and everything is found. */
static void table_without_memory_still_finds(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 1, 1000, 1);
	const struct vmem_table *table = &vmp->allocated;
	unsigned long room = table->room;
	unsigned long id;

	for (id = 1; id <= 1000; id++) {
		fail_nth(vmp->nr_spare < VMEM_TAGS &&
			 table->count >= max(room, table->retry));
		EXPECT_ADDR(test, take(vmp, 1, VM_FIRSTFIT), id);
		fail_nth(0);
	}
	KUNIT_EXPECT_EQ(test, table->room, room);
	EXPECT_VALID(test, vmp);
	for (id = 1; id <= 1000; id++)
		give(vmp, id, 1);
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC | VMEM_FREE, "1+3e8");
}

/* Tags that are no longer needed do not stay with the arena. */
static void unused_tags_are_given_back(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 1000 * PG, PG);
	unsigned long addr;

	while (take(vmp, PG, 0))
		;
	for (addr = PG; addr <= 1000 * PG; addr += PG)
		give(vmp, addr, PG);
	KUNIT_EXPECT_LE(test, vmp->nr_spare, VMEM_SPARE_MAX + 2);
	EXPECT_VALID(test, vmp);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE_PARAM(every_allocation_fails_once, calls_gen_params),
	KUNIT_CASE(sleeping_request_waits_for_memory),
	KUNIT_CASE(failing_request_does_not_wait_for_memory),
	KUNIT_CASE(table_without_memory_still_finds),
	KUNIT_CASE(unused_tags_are_given_back),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "vmem_memory",
	.init = memory_init,
	.exit = fixture_exit,
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);
