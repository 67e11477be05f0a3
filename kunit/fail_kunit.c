// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_vmem: requests that are made to fail, so that drivers see that they can.
 */
#include <kunit/device.h>
#include <linux/ioport.h>

#include "cached.h"

#define OFF	"1,0,0,-1"
#define ALWAYS	"1,100,0,-1"

static void set(struct kunit *test, const char *text)
{
	KUNIT_EXPECT_EQ(test, vmem_fail_set(text), 0);
}

static vmem_t *failing_arena(struct kunit *test, size_t qcache_max)
{
	return cached_arena(test, 4096 * PG, PG, qcache_max);
}

/* How many of so many requests fail; those that do not are given back. */
static unsigned int failures(vmem_t *vmp, unsigned int nr, size_t size)
{
	unsigned int failed = 0;
	unsigned long addr;

	while (nr--) {
		addr = take(vmp, size, 0);
		if (addr)
			give(vmp, addr, size);
		else
			failed++;
	}
	return failed;
}

/* === Which calls === */

static void requests_fail(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 0);
	void *addrs[5];

	set(test, ALWAYS);
	EXPECT_ADDR(test, take(vmp, PG, 0), 0);
	EXPECT_ADDR(test, take(vmp, PG, VM_BESTFIT | VM_PUSHPAGE), 0);
	EXPECT_ADDR(test, xtake(vmp, PG, 4 * PG, 0, 0, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, PG, 5, addrs, VM_NOSLEEP), 0);
	EXPECT_STAT(test, vmp, FAIL, 4);
	EXPECT_STAT(test, vmp, ALLOC, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	cached_expect_whole(test, vmp, CACHED_BASE, 4096 * PG);
}

/* With VM_ABORT a request may fail, although it may sleep. */
static void requests_that_abort_fail(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);

	set(test, ALWAYS);
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, PG, VM_SLEEP | VM_ABORT));
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, 9 * PG, VM_SLEEP | VM_ABORT));
	KUNIT_EXPECT_NULL(test, vmem_xalloc(vmp, PG, 0, 0, 0, NULL, NULL,
					    VM_SLEEP | VM_ABORT));
	EXPECT_STAT(test, vmp, FAIL, 3);
}

static void cached_requests_fail(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 4096 * PG, PG);

	/* Magazines are full of what could be handed out. */
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 100), 100);
	bag_give_all(bag);
	set(test, ALWAYS);
	KUNIT_EXPECT_EQ(test, failures(vmp, 10, PG), 10);
	KUNIT_EXPECT_EQ(test, failures(vmp, 10, 3 * PG), 10);
	EXPECT_STAT(test, vmp, FAIL, 20);

	set(test, OFF);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 100), 100);
	bag_give_all(bag);
	EXPECT_STAT(test, vmp, FAIL, 20);
	cached_expect_whole(test, vmp, CACHED_BASE, 4096 * PG);
}

static void spans_are_not_added(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 0);

	set(test, ALWAYS);
	KUNIT_EXPECT_NULL(test, vmem_add(vmp, (void *)PG, PG, VM_NOSLEEP));
	EXPECT_STAT(test, vmp, MEM_TOTAL, 4096 * PG);
	EXPECT_STAT(test, vmp, FAIL, 0);
	set(test, OFF);
	KUNIT_EXPECT_NOT_NULL(test, vmem_add(vmp, (void *)PG, PG, VM_NOSLEEP));
}

static void arenas_are_not_created(struct kunit *test)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, PG, "window");
	struct device *dev = kunit_device_register(test, "card");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	set(test, ALWAYS);
	KUNIT_EXPECT_NULL(test, vmem_create("failing", NULL, 0, PG, NULL, NULL, NULL, 0,
					    VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_create("failing", (void *)PG, PG, PG, NULL, NULL,
					    NULL, PG, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_xcreate("failing", NULL, 0, PG, NULL, NULL, NULL, 0,
					     VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_create_resource(NULL, &res, PG, 0, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_create_dma("failing", dev, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, devm_vmem_create_dma(dev, "failing", VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, devm_vmem_create_resource(dev, NULL, &res, PG, 0,
							  VM_NOSLEEP));
}

/* === Which calls do not === */

static void who_may_sleep_gets_it(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	void *addrs[5], *addr;

	set(test, ALWAYS);
	addr = vmem_alloc(vmp, PG, VM_SLEEP);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	vmem_free(vmp, addr, PG);
	addr = vmem_alloc(vmp, 9 * PG, VM_SLEEP | VM_KILLABLE);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	vmem_free(vmp, addr, 9 * PG);
	addr = vmem_xalloc(vmp, PG, 0, 0, 0, NULL, NULL, VM_SLEEP);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	vmem_xfree(vmp, addr, PG);
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, PG, 5, addrs, VM_SLEEP), 5);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, 5, addrs), 5);
	/* Flags of requests mean nothing to other calls. */
	KUNIT_EXPECT_NOT_NULL(test, vmem_add(vmp, (void *)PG, PG, VM_SLEEP | VM_ABORT));
	fixture_create(test, "failing", PG, PG, PG, NULL, NULL, NULL, 0,
		       VM_SLEEP | VM_ABORT);
	EXPECT_STAT(test, vmp, FAIL, 0);
}

/* A panic is nothing that a caller could deal with. */
static void who_would_panic_gets_it(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);

	fixture_catch_panic(test);
	set(test, ALWAYS);
	give(vmp, take(vmp, PG, VM_PANIC), PG);
	give(vmp, take(vmp, 9 * PG, VM_PANIC), 9 * PG);
	EXPECT_ADDR(test, vmem_add(vmp, (void *)PG, PG, VM_NOSLEEP | VM_PANIC), PG);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 0);
	EXPECT_STAT(test, vmp, FAIL, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

static void frees_never_fail(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 4096 * PG, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 100), 100);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 9 * PG, 10), 10);
	set(test, ALWAYS);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, CACHED_BASE, 4096 * PG);
}

/* What is wrong with a request is said all the same. */
static void mistakes_are_reported(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 0);

	set(test, ALWAYS);
	EXPECT_REFUSED(test, vmp, "zero size", take(vmp, 0, 0));
	EXPECT_REFUSED(test, vmp, "bad constraint", xtake(vmp, PG, 3 * PG, 0, 0, 0, 0, 0));
	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, PG, PG));
	KUNIT_EXPECT_NULL(test, vmem_create("failing", NULL, 0, 3, NULL, NULL, NULL, 0,
					    VM_NOSLEEP));
	EXPECT_REPORT(test, "vmem: bad quantum: arena \"failing\" ");
	EXPECT_STAT(test, vmp, FAIL, 0);
}

/* === How often === */

static void so_many_times(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);

	set(test, "1,100,0,3");
	KUNIT_EXPECT_EQ(test, failures(vmp, 2, PG), 2);
	KUNIT_EXPECT_EQ(test, failures(vmp, 1, 9 * PG), 1);
	KUNIT_EXPECT_EQ(test, failures(vmp, 20, PG), 0);
	EXPECT_STAT(test, vmp, FAIL, 3);
	set(test, "1,100,0,0");
	KUNIT_EXPECT_EQ(test, failures(vmp, 20, 9 * PG), 0);
}

/* Where the count begins is nobody's business. */
static void every_third_one(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	int i;

	set(test, "3,100,0,-1");
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, failures(vmp, 3, i % 2 ? PG : 9 * PG), 1);
	KUNIT_EXPECT_EQ(test, failures(vmp, 300, PG), 100);
}

/* Each block counts, and what there was before the one that failed is returned. */
static void every_third_block(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	void *addrs[10];
	size_t nr;
	int i;

	set(test, "3,100,0,-1");
	/* From the first failure on, two calls work and one does not. */
	while (!failures(vmp, 1, PG))
		;
	for (i = 0; i < 5; i++) {
		nr = vmem_alloc_bulk(vmp, PG, 10, addrs, VM_NOSLEEP);
		KUNIT_EXPECT_EQ(test, nr, 2);
		KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, nr, addrs), nr);
	}
	EXPECT_STAT(test, vmp, FAIL, 6);
}

static void now_and_then(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	unsigned int nr;

	set(test, "1,50,0,-1");
	nr = failures(vmp, 1000, PG);
	/* Ten standard deviations. */
	KUNIT_EXPECT_GT(test, nr, 340);
	KUNIT_EXPECT_LT(test, nr, 660);
	EXPECT_STAT(test, vmp, FAIL, nr);
}

/* So much is to be had first, in units of the arena. */
static void after_so_much(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);

	set(test, "1,100,40960,-1");			/* less than ten pages */
	KUNIT_EXPECT_EQ(test, failures(vmp, 3, PG), 0);
	KUNIT_EXPECT_EQ(test, failures(vmp, 1, 6 * PG), 0);
	KUNIT_EXPECT_EQ(test, failures(vmp, 10, PG), 10);
}

static void off_means_off(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);

	set(test, ALWAYS);
	KUNIT_EXPECT_EQ(test, failures(vmp, 1, PG), 1);
	set(test, OFF);
	KUNIT_EXPECT_EQ(test, failures(vmp, 1000, PG), 0);
	KUNIT_EXPECT_EQ(test, failures(vmp, 100, 9 * PG), 0);
}

/* A slab is filled once; what comes and goes then passes through magazines. */
static void magazines_are_used_again(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 4 * PG);
	int cpu;

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "audited arenas have no magazines");
	cpu = cpumask_first(cpu_online_mask);		/* see cached_init() */
	set(test, ALWAYS);
	failures(vmp, 10, PG);
	set(test, OFF);
	failures(vmp, 1, PG);
	failures(vmp, 10, PG);
	KUNIT_EXPECT_NE(test, per_cpu_ptr(vmp->cpu, cpu)->loaded[0]->rounds, 0ul);
}

/* === Imports === */

static vmem_t *source_of(struct kunit *test)
{
	return fixture_arena(test, PG, 1000 * PG, PG);
}

/* The request fails, not the import that it would need. */
static void source_is_not_asked(struct kunit *test)
{
	vmem_t *p = source_of(test);
	vmem_t *c = fixture_child(test, p, PG);

	set(test, ALWAYS);
	KUNIT_EXPECT_EQ(test, failures(c, 10, PG), 10);
	EXPECT_STAT(test, c, FAIL, 10);
	EXPECT_STAT(test, p, FAIL, 0);
	EXPECT_STAT(test, p, ALLOC, 0);
}

/* Who sleeps gets it from the source, too. */
static void sleeping_import_works(struct kunit *test)
{
	vmem_t *p = source_of(test);
	vmem_t *c = fixture_child(test, p, PG);
	void *addr;

	set(test, ALWAYS);
	addr = vmem_alloc(c, PG, VM_SLEEP);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
	vmem_free(c, addr, PG);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

/* An import by vmem_alloc() is part of the request, and not counted again. */
static void import_is_no_call(struct kunit *test)
{
	vmem_t *p = source_of(test);
	vmem_t *c = fixture_child(test, p, PG);

	set(test, "2,100,0,-1");
	KUNIT_EXPECT_EQ(test, failures(c, 100, PG), 50);
	EXPECT_STAT(test, c, FAIL, 50);
	EXPECT_STAT(test, p, FAIL, 0);
	EXPECT_STAT(test, p, ALLOC, 50);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void *import(vmem_t *source, size_t size, int vmflag)
{
	return vmem_xalloc(source, size, 0, 0, 0, NULL, NULL, vmflag);
}

/* But one by a function that calls for itself is: both can fail. */
static void import_function_calls(struct kunit *test)
{
	vmem_t *p = source_of(test);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, import, vmem_xfree, p, 0,
				   VM_SLEEP);

	set(test, "2,100,0,-1");
	/* If the first one does not fail itself, what it calls does. */
	KUNIT_EXPECT_EQ(test, failures(c, 2, PG), 2);
	KUNIT_EXPECT_GE(test, vmem_stat(p, VMEM_STAT_FAIL), 1);
	EXPECT_STAT(test, c, FAIL, 2);
	EXPECT_STAT(test, c, MEM_IMPORT, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
	EXPECT_STAT(test, c, MISUSE, 0);
	set(test, OFF);
	KUNIT_EXPECT_EQ(test, failures(c, 10, PG), 0);
}

/* === What is set === */

static const char * const bad_texts[] = {
	"", "x", "1", "1,100,0", "100%", ",,,", "1;100;0;-1",
};

static void bad_text_changes_nothing(struct kunit *test)
{
	vmem_t *vmp = failing_arena(test, 0);
	int i;

	for (i = 0; i < ARRAY_SIZE(bad_texts); i++)
		KUNIT_EXPECT_EQ_MSG(test, vmem_fail_set(bad_texts[i]), -EINVAL, "\"%s\"",
				    bad_texts[i]);
	KUNIT_EXPECT_EQ(test, failures(vmp, 10, PG), 0);

	set(test, "1,100,0,2");
	for (i = 0; i < ARRAY_SIZE(bad_texts); i++)
		KUNIT_EXPECT_EQ(test, vmem_fail_set(bad_texts[i]), -EINVAL);
	KUNIT_EXPECT_EQ(test, failures(vmp, 10, PG), 2);
}

static struct kunit_case fail_cases[] = {
	KUNIT_CASE(requests_fail),
	KUNIT_CASE(requests_that_abort_fail),
	KUNIT_CASE(cached_requests_fail),
	KUNIT_CASE(spans_are_not_added),
	KUNIT_CASE(arenas_are_not_created),
	KUNIT_CASE(who_may_sleep_gets_it),
	KUNIT_CASE(who_would_panic_gets_it),
	KUNIT_CASE(frees_never_fail),
	KUNIT_CASE(mistakes_are_reported),
	KUNIT_CASE(so_many_times),
	KUNIT_CASE(every_third_one),
	KUNIT_CASE(every_third_block),
	KUNIT_CASE(now_and_then),
	KUNIT_CASE(after_so_much),
	KUNIT_CASE(off_means_off),
	KUNIT_CASE(magazines_are_used_again),
	KUNIT_CASE(source_is_not_asked),
	KUNIT_CASE(sleeping_import_works),
	KUNIT_CASE(import_is_no_call),
	KUNIT_CASE(import_function_calls),
	KUNIT_CASE(bad_text_changes_nothing),
	{}
};

/* A backtrace for each failure would be some thousand of them. */
static void set_verbose(unsigned long verbose)
{
#ifdef CONFIG_FAULT_INJECTION
	vmem_fail_attr.verbose = verbose;
#endif
}

static int fail_init(struct kunit *test)
{
	set_verbose(0);
	return cached_init(test);
}

static void fail_exit(struct kunit *test)
{
	vmem_fail_set(OFF);
	set_verbose(2);
	fixture_exit(test);
}

static struct kunit_suite fail_suite = {
	.name = "vmem_fail",
	.init = fail_init,
	.exit = fail_exit,
	.test_cases = fail_cases,
};

kunit_test_suite(fail_suite);
