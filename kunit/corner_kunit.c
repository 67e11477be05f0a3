// SPDX-License-Identifier: GPL-2.0-only
/*
 * Corners: what seldom happens to anybody, and has to be right all the same.
 */
#include <kunit/device.h>
#include <linux/dma-mapping.h>
#include <linux/ioport.h>
#include <linux/shrinker.h>

#include "cached.h"

#define HALF	BIT(BITS_PER_LONG - 1)		/* of all addresses */
#define QUARTER	BIT(BITS_PER_LONG - 2)

/* === Kernel memory === */

static void dma_functions_want_a_device(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, PG, PG);

	EXPECT_REFUSED(test, vmp, "no device",
		       KUNIT_EXPECT_NULL(test, vmem_dma_alloc(vmp, PG, VM_NOSLEEP)));
	EXPECT_REFUSED(test, vmp, "no device", vmem_dma_free(vmp, (void *)PG, PG));
	KUNIT_EXPECT_NULL(test, vmem_dma_alloc(NULL, PG, VM_NOSLEEP));
	EXPECT_REPORT(test, "vmem: no arena: ");
	vmem_dma_free(NULL, (void *)PG, PG);
	EXPECT_REPORT(test, "vmem: no arena: ");
}

static void end_source(void *source)
{
	vmem_destroy(source);
}

static vmem_t *dma_source(struct kunit *test)
{
	struct device *dev;
	vmem_t *source;

	if (!IS_ENABLED(CONFIG_HAS_DMA))
		kunit_skip(test, "no DMA");
	dev = kunit_device_register(test, "card");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	source = vmem_create_dma("source", dev, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_source, source), 0);
	return source;
}

/* What an arena without a release function keeps is freed with the source. */
static void kept_dma_memory_ends_with_its_source(struct kunit *test)
{
	vmem_t *source = dma_source(test), *vmp;
	unsigned long addr[3];
	int i;

	vmp = fixture_create(test, "keeper", 0, 0, PAGE_SIZE, vmem_dma_alloc, NULL,
			     source, 0, VM_SLEEP);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = (unsigned long)vmem_alloc(vmp, PAGE_SIZE, VM_SLEEP);
		KUNIT_ASSERT_NE(test, addr[i], 0ul);
	}
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		give(vmp, addr[i], PAGE_SIZE);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 3 * PAGE_SIZE);
	fixture_destroy(test, vmp);
	EXPECT_VALID(test, source);
	KUNIT_EXPECT_NE(test, vmem_dma_addr(source, (void *)addr[0]), DMA_MAPPING_ERROR);
}

static void no_memory_of_no_size(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, vmem_pages_alloc(NULL, 0, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_kvmalloc_alloc(NULL, 0, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_vmalloc_alloc(NULL, 0, VM_SLEEP));
	KUNIT_EXPECT_NULL(test, vmem_dma_alloc(dma_source(test), 0, VM_NOSLEEP));
}

/* Of any slab, such a block need not be aligned to what it is rounded up to. */
static void small_memory_is_aligned(struct kunit *test)
{
	size_t size;

	for (size = 65; size < PAGE_SIZE; size += size / 2) {
		void *addr = vmem_kvmalloc_alloc(NULL, size, VM_SLEEP);

		KUNIT_ASSERT_NOT_NULL(test, addr);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)addr,
						   roundup_pow_of_two(size)));
		vmem_kvmalloc_free(NULL, addr, size);
	}
}

static void resources_are_no_memory_for_kmemleak(struct kunit *test)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, PG, "window");

	KUNIT_EXPECT_NULL(test, vmem_create_resource(NULL, &res, PG, 0,
						     VM_SLEEP | VMC_KMEMLEAK));
	EXPECT_REPORT(test, "vmem: bad flags: arena \"window\"");
}

/* Blocks of memory that has come through another arena. */
static void kmemleak_through_a_source(struct kunit *test)
{
	vmem_t *source, *vmp;
	void *addr;

	source = fixture_create(test, "source", 0, 0, PAGE_SIZE, vmem_vmalloc_alloc,
				vmem_vmalloc_free, NULL, 0, VM_SLEEP);
	vmp = fixture_create(test, "blocks", 0, 0, PAGE_SIZE / 4, vmem_alloc, vmem_free,
			     source, 0, VM_SLEEP | VMC_KMEMLEAK);
	addr = vmem_alloc(vmp, PAGE_SIZE / 4, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, addr);
	memset(addr, 0, PAGE_SIZE / 4);
	EXPECT_VALID(test, vmp);
	EXPECT_VALID(test, source);
	vmem_free(vmp, addr, PAGE_SIZE / 4);
	EXPECT_STAT(test, source, MEM_TOTAL, 0);
}

/* === Very large requests === */

static unsigned int asked;

static void *refuse(vmem_t *source, size_t size, int vmflag)
{
	asked++;
	return NULL;
}

static void *xrefuse(vmem_t *source, size_t *size, size_t align, int vmflag)
{
	asked++;
	return NULL;
}

/* There may be such a block, but no import that it could be found in. */
static void import_of_more_than_all(struct kunit *test)
{
	vmem_t *padded, *aligned;

	padded = fixture_create(test, "padded", 0, 0, PG, refuse, NULL, NULL, 0, VM_SLEEP);
	aligned = fixture_xcreate(test, "aligned", 0, 0, PG, xrefuse, NULL, NULL, 0,
				  VM_SLEEP | VMC_XALIGN);
	asked = 0;
	EXPECT_ADDR(test, xtake(padded, HALF + QUARTER, HALF, QUARTER, 0, 0, 0, 0), 0);
	EXPECT_ADDR(test, xtake(aligned, HALF + QUARTER, HALF, QUARTER, 0, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, asked, 0u);
	EXPECT_STAT(test, padded, FAIL, 1);
	EXPECT_STAT(test, aligned, FAIL, 1);
	EXPECT_ADDR(test, xtake(padded, QUARTER, HALF, QUARTER, 0, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, asked, 1u);
}

/* No slab could hold some of these. */
static void objects_too_large_for_caches(struct kunit *test)
{
	unsigned long max;

	for (max = QUARTER; max; max *= 2) {
		vmem_t *vmp = fixture_create(test, "large", QUARTER, 3 * QUARTER, QUARTER,
					     NULL, NULL, NULL, max, VM_SLEEP);

		KUNIT_EXPECT_NULL(test, vmp->caches);
		EXPECT_ADDR(test, take(vmp, QUARTER, VM_ENDALLOC), 3 * QUARTER);
		give(vmp, 3 * QUARTER, QUARTER);
		fixture_destroy(test, vmp);
	}
}

/* === Sleepers === */

/*
 * What an arena gives back as it has no use for it wakes no sleepers of its own; of
 * the others, those whom it could serve.
 */
static void bad_import_is_no_news(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 4 * PG, PG);
	vmem_t *child = fixture_child(test, vmp, PG), *bad;
	struct sleeper direct, indirect;
	unsigned long addr;

	/* It has what the source has, too. */
	bad = fixture_create(test, "bad", 2 * PG, PG, PG, vmem_alloc, vmem_free, vmp, 0,
			     VM_SLEEP);
	KUNIT_ASSERT_EQ(test, take(bad, PG, 0), 2 * PG);
	for (addr = PG; addr <= 4 * PG; addr += PG)
		KUNIT_ASSERT_EQ(test, take(vmp, PG, VM_FIRSTFIT), addr);
	give(vmp, 2 * PG, PG);
	direct = sleep_for(test, vmp, 2 * PG);
	indirect = sleep_for(test, child, 2 * PG);

	EXPECT_REFUSED(test, bad, "bad import", EXPECT_ADDR(test, take(bad, PG, 0), 0));
	KUNIT_EXPECT_FALSE(test, sleeper_done(&direct));
	KUNIT_EXPECT_FALSE(test, sleeper_done(&indirect));
	give(vmp, PG, PG);
	give(vmp, 3 * PG, PG);
	give(vmp, 4 * PG, PG);
	KUNIT_EXPECT_NE(test, sleeper_result(test, &direct), 0ul);
	KUNIT_EXPECT_NE(test, sleeper_result(test, &indirect), 0ul);
}

/* === Quantum caches === */

/* Slabs whose tags are exchanged are found, taken from and given back to. */
static void trees_are_built_around_slabs(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 96 * PG, PG, PG);
	unsigned long object[30], hole[40];
	int i;

	/* The last of the slabs, of four objects each, is half full. */
	for (i = 0; i < ARRAY_SIZE(object); i++)
		object[i] = take(vmp, PG, 0);
	KUNIT_ASSERT_NOT_NULL(test, vmp->caches->cache[0].partial);
	KUNIT_ASSERT_NOT_NULL(test, vmp->caches->cache[0].full);
	for (i = 0; i < ARRAY_SIZE(hole); i++)
		hole[i] = xtake(vmp, PG, 0, 0, 0, 0, 0, 0);
	for (i = 0; i < ARRAY_SIZE(hole); i += 2)
		xgive(vmp, hole[i], PG);
	KUNIT_ASSERT_EQ(test, (int)vmp->order[VMEM_BY_ADDR].state,
			(int)VMEM_ORDER_NONE);
	hole[0] = xtake(vmp, PG, 0, 0, 0, 0, 0, VM_FIRSTFIT);
	KUNIT_EXPECT_EQ(test, (int)vmp->order[VMEM_BY_ADDR].state,
			(int)VMEM_ORDER_READY);
	EXPECT_VALID(test, vmp);

	for (i = 0; i < ARRAY_SIZE(object); i++)
		give(vmp, object[i], PG);
	xgive(vmp, hole[0], PG);
	for (i = 1; i < ARRAY_SIZE(hole); i += 2)
		xgive(vmp, hole[i], PG);
	cached_expect_whole(test, vmp, CACHED_BASE, 96 * PG);
}

/* The slab where a request begins to look is of no help, another one is. */
static void window_begins_in_a_full_slab(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 48 * PG, PG, 4 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 48 * PG, PG);
	unsigned long last = CACHED_BASE + 47 * PG;

	KUNIT_ASSERT_EQ(test, bag_fill(bag, PG, 48), 48ul);
	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, CACHED_BASE, 0, 0), 0);
	bag_give(bag, last);
	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, CACHED_BASE, 0, 0), last);
	EXPECT_VALID(test, vmp);
	xgive(vmp, last, PG);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, CACHED_BASE, 48 * PG);
}

/* Who cannot sleep does not look at all of very many slabs, but ends. */
static void many_slabs_of_no_help(struct kunit *test)
{
	unsigned long nr = 300 * 64;
	vmem_t *ids = cached_ids(test, nr, 1);
	struct bag *bag = bag_of_ids(test, ids, nr);
	unsigned long fails = vmem_stat(ids, VMEM_STAT_FAIL);

	KUNIT_ASSERT_EQ(test, bag_fill(bag, 1, nr), nr);
	bag_give_some(bag, 0, 64);
	EXPECT_ADDR(test, xtake(ids, 2, 0, 0, 0, 0, 0, 0), 0);
	EXPECT_STAT(test, ids, FAIL, fails + 1);
	EXPECT_VALID(test, ids);
	bag_give_all(bag);
	cached_expect_whole(test, ids, 1, nr);
}

/* Magazines have a largest size, and lose it when the depot is not used. */
static void magazines_have_a_largest_size(struct kunit *test)
{
	vmem_t *ids = cached_ids(test, 1000000, 1);
	struct vmem_qcache *cache = &ids->caches->cache[0];
	unsigned int i;

	for (i = 0; i < 6; i++) {
		WRITE_ONCE(cache->depot.contended, 1000);
		WRITE_ONCE(cache->depot.moves, 1000);
		vmem_depot_trim(ids, cache);
		KUNIT_EXPECT_EQ(test, cache->depot.level, min(i + 1, 3u));
		EXPECT_VALID(test, ids);
	}
	/* There is something to do as long as they are not as small as at first. */
	KUNIT_EXPECT_TRUE(test, vmem_depot_trim(ids, cache));
	KUNIT_EXPECT_TRUE(test, vmem_depot_trim(ids, cache));
	KUNIT_EXPECT_FALSE(test, vmem_depot_trim(ids, cache));
	KUNIT_EXPECT_EQ(test, cache->depot.level, 0u);
}

/* The system gets as much as it asks for, and leaves the rest. */
static void shrinker_stops_when_it_has_enough(struct kunit *test)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	vmem_t *ids = cached_ids(test, 1000, 1);
	unsigned long before;
	void *addr[8];

	KUNIT_ASSERT_EQ(test, vmem_alloc_bulk(ids, 1, 8, addr, VM_SLEEP), 8);
	before = READ_ONCE(ids->nr_spare);
	KUNIT_ASSERT_GT(test, before, 1ul);
	sc.nr_to_scan = vmem_shrink_count(NULL, &sc);
	KUNIT_ASSERT_NE(test, sc.nr_to_scan, SHRINK_EMPTY);
	sc.nr_to_scan = 1;
	KUNIT_EXPECT_EQ(test, vmem_shrink_scan(NULL, &sc), 1ul);
	KUNIT_EXPECT_GE(test, READ_ONCE(ids->nr_spare), before - 1);
	EXPECT_VALID(test, ids);
	vmem_free_bulk(ids, 1, 8, addr);
	cached_reap(test, ids, 0);
}

static struct kunit_case corner_cases[] = {
	KUNIT_CASE(dma_functions_want_a_device),
	KUNIT_CASE(kept_dma_memory_ends_with_its_source),
	KUNIT_CASE(no_memory_of_no_size),
	KUNIT_CASE(small_memory_is_aligned),
	KUNIT_CASE(resources_are_no_memory_for_kmemleak),
	KUNIT_CASE(kmemleak_through_a_source),
	KUNIT_CASE(import_of_more_than_all),
	KUNIT_CASE(objects_too_large_for_caches),
	KUNIT_CASE(bad_import_is_no_news),
	KUNIT_CASE(trees_are_built_around_slabs),
	KUNIT_CASE(window_begins_in_a_full_slab),
	KUNIT_CASE(many_slabs_of_no_help),
	KUNIT_CASE(magazines_have_a_largest_size),
	KUNIT_CASE(shrinker_stops_when_it_has_enough),
	{}
};

static struct kunit_suite corner_suite = {
	.name = "vmem_corner",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = corner_cases,
};

kunit_test_suite(corner_suite);
