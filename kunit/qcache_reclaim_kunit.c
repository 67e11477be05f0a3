// SPDX-License-Identifier: GPL-2.0-only
/*
 * What quantum caches keep, and how they let go of it: depots that are trimmed,
 * magazines that grow and shrink, memory for a system that is short of it.
 */
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "cached.h"

#define IDS	1000000ul

/* One cache, and more objects through it than its CPU's magazines hold. */
static struct vmem_qcache *busy_cache(struct kunit *test, vmem_t **vmp)
{
	struct bag *bag;
	int i;

	*vmp = cached_ids(test, IDS, 1);
	bag = bag_of_ids(test, *vmp, IDS);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, bag_fill(bag, 1, 1000), 1000ul);
		bag_give_all(bag);
	}
	return &(*vmp)->caches->cache[0];
}

static unsigned int magazines(const struct vmem_qcache *cache)
{
	return READ_ONCE(cache->depot.full.nr) + READ_ONCE(cache->depot.empty.nr);
}

/* Nobody but the test looks at the depot, or changes it, until frees go there. */
static void keep_trimmer_away(vmem_t *vmp)
{
	cancel_delayed_work_sync(&vmp->caches->trim);
}

/* What was in the depot all the time between two looks goes; nothing else does. */
static void depot_is_trimmed_to_its_working_set(struct kunit *test)
{
	vmem_t *vmp;
	struct vmem_qcache *cache = busy_cache(test, &vmp);
	unsigned int before;
	size_t held;

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "no magazines when audited");
	keep_trimmer_away(vmp);
	before = magazines(cache);
	held = vmem_size(vmp, VMEM_ALLOC);
	KUNIT_ASSERT_GT(test, before, 1u);
	vmem_depot_trim(vmp, cache);	/* of what was there before the burst */
	KUNIT_EXPECT_LE(test, magazines(cache), before);
	vmem_depot_trim(vmp, cache);	/* of all: nobody came meanwhile */
	KUNIT_EXPECT_EQ(test, magazines(cache), 0u);
	KUNIT_EXPECT_LT(test, vmem_size(vmp, VMEM_ALLOC), held);
	KUNIT_EXPECT_FALSE(test, vmem_depot_trim(vmp, cache));
	EXPECT_VALID(test, vmp);
}

/* Nobody looks at an arena that is at rest. */
static void arena_at_rest_is_left_alone(struct kunit *test)
{
	vmem_t *vmp;
	struct vmem_qcache *cache = busy_cache(test, &vmp);
	struct delayed_work *trim = &vmp->caches->trim;
	int i;

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "no magazines when audited");
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(trim));
	for (i = 0; i < 4 && delayed_work_pending(trim); i++) {
		vmp->caches->trimmed = jiffies - VMEM_TRIM_INTERVAL;
		mod_delayed_work(system_wq, trim, 0);
		flush_delayed_work(trim);
	}
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(trim));
	KUNIT_EXPECT_EQ(test, magazines(cache), 0u);
	give(vmp, take(vmp, 1, 0), 1);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(trim));
}

static void magazines_grow_when_the_depot_is_contended(struct kunit *test)
{
	vmem_t *vmp;
	struct vmem_qcache *cache = busy_cache(test, &vmp);
	unsigned long rounds = vmem_magazine_rounds(vmp, cache);

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "no magazines when audited");
	keep_trimmer_away(vmp);
	cache->depot.contended = 100;
	vmem_depot_trim(vmp, cache);
	KUNIT_EXPECT_GE(test, vmem_magazine_rounds(vmp, cache), 2 * rounds);
	vmem_depot_trim(vmp, cache);
	vmem_depot_trim(vmp, cache);
	KUNIT_EXPECT_EQ(test, vmem_magazine_rounds(vmp, cache), rounds);
}

/* Magazines of another size than new ones are not kept. */
static void outgrown_magazines_are_replaced(struct kunit *test)
{
	vmem_t *vmp;
	struct vmem_qcache *cache = busy_cache(test, &vmp);
	struct bag *bag = bag_of_ids(test, vmp, IDS);
	const struct vmem_magazine *mag;

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "no magazines when audited");
	keep_trimmer_away(vmp);
	cache->depot.contended = 100;
	vmem_depot_trim(vmp, cache);
	bag_fill(bag, 1, 5000);
	bag_give_all(bag);
	vmem_qcache_reap(vmp);
	keep_trimmer_away(vmp);
	for (mag = cache->depot.empty.first; mag; mag = mag->next)
		KUNIT_EXPECT_EQ(test, mag->level, 1ul);
	EXPECT_VALID(test, vmp);
}

/* All that would be given back is counted, and what is asked for is given back. */
static void memory_is_given_back_to_the_system(struct kunit *test)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	unsigned long before, freed;
	vmem_t *vmp;

	busy_cache(test, &vmp);
	vmem_qcache_reap(vmp);
	before = vmem_shrink_count(NULL, &sc);
	KUNIT_ASSERT_GT(test, before, 0ul);
	sc.nr_to_scan = before / 2 + 1;
	freed = vmem_shrink_scan(NULL, &sc);
	KUNIT_EXPECT_EQ(test, freed, sc.nr_to_scan);
	sc.nr_to_scan = ULONG_MAX;
	KUNIT_EXPECT_EQ(test, vmem_shrink_scan(NULL, &sc), before - freed);
	KUNIT_EXPECT_EQ(test, vmem_shrink_count(NULL, &sc), SHRINK_EMPTY);
	EXPECT_VALID(test, vmp);
	give(vmp, take(vmp, 2, 0), 2);		/* of a size that is not cached */
	EXPECT_STAT(test, vmp, FAIL, 0);
}

static struct kunit_case qcache_reclaim_cases[] = {
	KUNIT_CASE(depot_is_trimmed_to_its_working_set),
	KUNIT_CASE(arena_at_rest_is_left_alone),
	KUNIT_CASE(magazines_grow_when_the_depot_is_contended),
	KUNIT_CASE(outgrown_magazines_are_replaced),
	KUNIT_CASE(memory_is_given_back_to_the_system),
	{}
};

static struct kunit_suite qcache_reclaim_suite = {
	.name = "vmem_qcache_reclaim",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = qcache_reclaim_cases,
};

kunit_test_suite(qcache_reclaim_suite);
