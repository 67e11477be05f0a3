// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quantum caches of arenas that import: what is asked for on behalf of a cache,
 * and when it goes back.
 */
#include "cached.h"

#define SLAB	0x20000ul		/* of pages, up to eight of them */
#define AMPLE	0x1000000ul

static vmem_t *ample_source(struct kunit *test)
{
	return fixture_arena(test, CACHED_BASE, AMPLE, PG);
}

/* === Plain imports === */

static void slab_is_imported_whole(struct kunit *test)
{
	vmem_t *p = ample_source(test);
	vmem_t *c = cached_child(test, p, PG, 8 * PG);
	struct bag *bag = bag_new(test, c, CACHED_BASE, AMPLE, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 32), 32ul);
	EXPECT_STAT(test, c, MEM_IMPORT, SLAB);
	EXPECT_STAT(test, p, MEM_INUSE, SLAB);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 3 * PG, 1), 1ul);
	EXPECT_STAT(test, p, MEM_INUSE, 2 * SLAB);
}

static void reap_returns_imports(struct kunit *test)
{
	vmem_t *p = ample_source(test);
	vmem_t *c = cached_child(test, p, PG, 8 * PG);
	struct bag *bag = bag_new(test, c, CACHED_BASE, AMPLE, PG);

	bag_fill(bag, PG, 100);
	bag_fill(bag, 5 * PG, 100);
	bag_fill(bag, 9 * PG, 10);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, c, MEM_TOTAL, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "1000000+1000000");
}

static void destroy_returns_what_caches_hold(struct kunit *test)
{
	vmem_t *p = ample_source(test);
	vmem_t *c = cached_child(test, p, PG, 8 * PG);
	struct bag *bag = bag_new(test, c, CACHED_BASE, AMPLE, PG);

	bag_fill(bag, PG, 100);
	bag_give_all(bag);
	cached_destroy(test, c);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
	EXPECT_LAYOUT(test, p, VMEM_FREE, "1000000+1000000");
}

/* Slabs of 0x1000, of which each is an import. */
static void small_quanta_over_pages(struct kunit *test)
{
	vmem_t *p = ample_source(test);
	vmem_t *c = cached_child(test, p, 0x100, 0x500);
	struct bag *bag = bag_new(test, c, CACHED_BASE, AMPLE, 0x100);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, 0x100, 16), 16ul);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 0x100, 1), 1ul);
	EXPECT_STAT(test, c, MEM_IMPORT, 2 * PG);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 0x500, 3), 3ul);
	EXPECT_STAT(test, c, MEM_IMPORT, 3 * PG);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void quantum_above_that_of_the_source(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE + PG, AMPLE, PG);
	vmem_t *c = cached_child(test, p, 4 * PG, 8 * PG);
	struct bag *bag = bag_new(test, c, CACHED_BASE, AMPLE + PG, 4 * PG);

	/* Two classes, and slabs of 0x8000 * 3 rounded up. */
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 4 * PG, 8), 8ul);
	EXPECT_STAT(test, c, MEM_IMPORT, SLAB);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 8 * PG, 5), 5ul);
	EXPECT_STAT(test, c, MEM_IMPORT, 3 * SLAB);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void identifiers_through_a_child(struct kunit *test)
{
	vmem_t *p = fixture_create(test, "P", 1, 1000, 1, NULL, NULL, NULL, 0,
				   VM_SLEEP | VMC_IDENTIFIER);
	vmem_t *c = cached_create(test, "child", 0, 0, 1, vmem_alloc, vmem_free, p,
				  16, VM_SLEEP | VMC_IDENTIFIER);
	struct bag *bag = bag_of_ids(test, c, 1000);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, 1, 1001), 1000ul);
	EXPECT_STAT(test, p, MEM_INUSE, 1000);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

/* What is too small for a slab still serves, a piece at a time. */
static void source_without_room_for_a_slab(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE, 20 * PG, PG);
	vmem_t *c = cached_child(test, p, PG, 8 * PG);
	struct bag *bag = bag_new(test, c, CACHED_BASE, 20 * PG, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 21), 20ul);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, c, MEM_IMPORT, 20 * PG);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, c, MEM_TOTAL, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

/* Slabs of the child are pages: the source may take them from a cache of its own. */
static void caches_over_caches(struct kunit *test)
{
	vmem_t *p = cached_arena(test, AMPLE, PG, 8 * PG);
	vmem_t *c = cached_child(test, p, 0x100, 0x500);
	struct bag *bag = bag_new(test, c, CACHED_BASE, AMPLE, 0x100);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, 0x100, 1000), 1000ul);
	EXPECT_STAT(test, c, MEM_IMPORT, 63 * PG);
	KUNIT_EXPECT_GE(test, vmem_size(p, VMEM_ALLOC), 63 * PG);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, c, MEM_TOTAL, 0);
	cached_expect_whole(test, p, CACHED_BASE, AMPLE);
}

static void free_by_wrapper(vmem_t *source, void *addr, size_t size)
{
	vmem_free(source, addr, size);
}

/* What is given back by vmem_free() must have come from where that looks for it. */
static void release_function_frees_into_the_caches(struct kunit *test)
{
	vmem_t *p = cached_arena(test, AMPLE, PG, 8 * PG);
	vmem_t *c = cached_create(test, "child", 0, 0, PG, vmem_alloc,
				  free_by_wrapper, p, 0, VM_SLEEP);

	give(c, take(c, PG, 0), PG);
	cached_reap(test, p, 0);
	EXPECT_STAT(test, p, MISUSE, 0);
	EXPECT_VALID(test, p);
}

static void own_span_is_used_before_the_source(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE + AMPLE, AMPLE, PG);
	vmem_t *c = cached_create(test, "child", CACHED_BASE, SLAB, PG, vmem_alloc,
				  vmem_free, p, 8 * PG, VM_SLEEP);
	struct bag *bag = bag_new(test, c, CACHED_BASE, 2 * AMPLE, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 32), 32ul);
	EXPECT_STAT(test, c, MEM_IMPORT, 0);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 1), 1ul);
	EXPECT_STAT(test, c, MEM_IMPORT, SLAB);
	bag_give_all(bag);
	cached_reap(test, c, 0);
	EXPECT_STAT(test, c, MEM_TOTAL, SLAB);
}

/* === Import functions of drivers === */

/* Calls of the import function, and what it is to do. */
static struct {
	unsigned int calls;
	unsigned int releases;
	size_t size[8];
	int vmflag[8];
	size_t largest;			/* that is not refused */
	size_t grow;			/* if not 0, every import is of this size */
	unsigned long next;
} driver;

static void driver_reset(size_t largest)
{
	memset(&driver, 0, sizeof(driver));
	driver.largest = largest;
	driver.next = CACHED_BASE;
}

static void *driver_import(vmem_t *source, size_t size, int vmflag)
{
	unsigned long addr = driver.next;

	if (driver.calls < ARRAY_SIZE(driver.size)) {
		driver.size[driver.calls] = size;
		driver.vmflag[driver.calls] = vmflag;
	}
	driver.calls++;
	if (size > driver.largest)
		return NULL;
	driver.next += size;
	return (void *)addr;
}

static void *driver_ximport(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	if (driver.grow)
		*sizep = driver.grow;
	return driver_import(source, *sizep, vmflag);
}

static void driver_release(vmem_t *source, void *addr, size_t size)
{
	driver.releases++;
}

static vmem_t *arena_of_driver(struct kunit *test, vmem_free_t *ffunc)
{
	return cached_create(test, "cached", 0, 0, PG, driver_import, ffunc, NULL,
			     8 * PG, VM_SLEEP);
}

#define EXPECT_CALL(test, nr, length, flags)				\
do {									\
	KUNIT_EXPECT_EQ(test, driver.size[nr], (size_t)(length));	\
	KUNIT_EXPECT_EQ(test, driver.vmflag[nr], flags);		\
} while (0)

/* A slab, then a single block; and only what concerns memory of the flags. */
static void import_is_tried_twice_at_most(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, driver_release);

	driver_reset(0);
	KUNIT_EXPECT_EQ(test, take(vmp, 2 * PG - 1, VM_BESTFIT | VM_PUSHPAGE), 0ul);
	KUNIT_EXPECT_EQ(test, driver.calls, 2);
	EXPECT_CALL(test, 0, SLAB, VM_NOSLEEP | VM_PUSHPAGE);
	EXPECT_CALL(test, 1, 2 * PG, VM_NOSLEEP | VM_PUSHPAGE);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

static void abort_imports_twice_at_most(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, driver_release);

	driver_reset(0);
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, PG, VM_SLEEP | VM_ABORT));
	KUNIT_EXPECT_EQ(test, driver.calls, 2);
	EXPECT_CALL(test, 0, SLAB, VM_SLEEP);
	EXPECT_CALL(test, 1, PG, VM_SLEEP);
	EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_STAT(test, vmp, WAIT, 0);
}

static void import_happens_once_a_slab(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, driver_release);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, AMPLE, PG);

	driver_reset(AMPLE);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 32), 32ul);
	KUNIT_EXPECT_EQ(test, driver.calls, 1);
	EXPECT_CALL(test, 0, SLAB, VM_NOSLEEP);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
	KUNIT_EXPECT_EQ(test, driver.releases, 1);
	EXPECT_STAT(test, vmp, MEM_TOTAL, 0);
}

static void sleeping_import_may_sleep_each_time(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, driver_release);
	struct sleeper t1;

	driver_reset(PG);
	t1 = sleep_for(test, vmp, PG);
	EXPECT_ADDR(test, sleeper_result(test, &t1), CACHED_BASE);
	KUNIT_EXPECT_EQ(test, driver.calls, 2);
	EXPECT_CALL(test, 0, SLAB, VM_SLEEP | VM_KILLABLE);
	EXPECT_CALL(test, 1, PG, VM_SLEEP | VM_KILLABLE);
	EXPECT_STAT(test, vmp, WAIT, 0);
	give(vmp, CACHED_BASE, PG);
	cached_reap(test, vmp, 0);
}

static void imports_of_single_segments_go_back(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, driver_release);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, AMPLE, PG);

	driver_reset(2 * PG);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 2 * PG, 10), 10ul);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 20 * PG);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
	EXPECT_STAT(test, vmp, MEM_TOTAL, 0);
	KUNIT_EXPECT_EQ(test, driver.releases, 10);
}

static void imports_stay_without_a_release_function(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, NULL);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, AMPLE, PG);

	driver_reset(AMPLE);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 64), 64ul);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
	EXPECT_STAT(test, vmp, MEM_TOTAL, 2 * SLAB);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 2 * PG, 32), 32ul);
	KUNIT_EXPECT_EQ(test, driver.calls, 2);
}

static void slabs_share_an_import_that_grew(struct kunit *test)
{
	struct bag *bag;
	vmem_t *vmp;

	driver_reset(AMPLE);
	driver.grow = 4 * SLAB;
	vmp = cached_xcreate(test, driver_ximport, driver_release, NULL, PG, 8 * PG);
	bag = bag_new(test, vmp, CACHED_BASE, AMPLE, PG);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 128), 128ul);
	KUNIT_EXPECT_EQ(test, driver.calls, 1);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 1), 1ul);
	KUNIT_EXPECT_EQ(test, driver.calls, 2);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
	KUNIT_EXPECT_EQ(test, driver.releases, 2);
	EXPECT_STAT(test, vmp, MEM_TOTAL, 0);
}

/* Misaligned: given back, and what follows is a failure like others. */
static void bad_import_for_a_slab(struct kunit *test)
{
	vmem_t *vmp = arena_of_driver(test, driver_release);
	unsigned int i;

	driver_reset(AMPLE);
	driver.next = CACHED_BASE + 0x10;
	KUNIT_EXPECT_EQ(test, take(vmp, PG, 0), 0ul);
	KUNIT_EXPECT_EQ(test, driver.calls, driver.releases);
	KUNIT_EXPECT_LE(test, driver.calls, 2);
	EXPECT_STAT(test, vmp, MISUSE, driver.calls);
	EXPECT_STAT(test, vmp, FAIL, 1);
	for (i = 0; i < driver.calls; i++)
		EXPECT_REPORT(test, "vmem: bad import: arena \"cached\"");
}

static struct kunit_case qcache_import_cases[] = {
	KUNIT_CASE(slab_is_imported_whole),
	KUNIT_CASE(reap_returns_imports),
	KUNIT_CASE(destroy_returns_what_caches_hold),
	KUNIT_CASE(small_quanta_over_pages),
	KUNIT_CASE(quantum_above_that_of_the_source),
	KUNIT_CASE(identifiers_through_a_child),
	KUNIT_CASE(source_without_room_for_a_slab),
	KUNIT_CASE(caches_over_caches),
	KUNIT_CASE(release_function_frees_into_the_caches),
	KUNIT_CASE(own_span_is_used_before_the_source),
	KUNIT_CASE(import_is_tried_twice_at_most),
	KUNIT_CASE(abort_imports_twice_at_most),
	KUNIT_CASE(import_happens_once_a_slab),
	KUNIT_CASE(sleeping_import_may_sleep_each_time),
	KUNIT_CASE(imports_of_single_segments_go_back),
	KUNIT_CASE(imports_stay_without_a_release_function),
	KUNIT_CASE(slabs_share_an_import_that_grew),
	KUNIT_CASE(bad_import_for_a_slab),
	{}
};

static struct kunit_suite qcache_import_suite = {
	.name = "vmem_qcache_import",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = qcache_import_cases,
};

kunit_test_suite(qcache_import_suite);
