// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quantum caches: which sizes they serve, from what slabs, how it shows in the
 * arena, and where slabs come from if the arena imports.
 *
 * E is an ample arena of pages whose caches serve up to eight of them, from slabs
 * of 32.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>

#include "cached.h"

#define SLAB	0x20000ul		/* of E */
#define AMPLE	0x4000000ul

struct setting {
	vmem_t *vmp;
	struct bag *bag;
};

static struct setting setting_e(struct kunit *test)
{
	struct setting e;

	e.vmp = cached_arena(test, AMPLE, PG, 8 * PG);
	e.bag = bag_new(test, e.vmp, CACHED_BASE, AMPLE, PG);
	return e;
}

/* A request that adds so much to what is in use, in so many segments. */
#define EXPECT_GROWTH(test, e, size, inuse, nr)					\
do {										\
	u64 __inuse = vmem_stat((e)->vmp, VMEM_STAT_MEM_INUSE);			\
	u64 __alloc = vmem_stat((e)->vmp, VMEM_STAT_ALLOC);			\
										\
	KUNIT_EXPECT_NE(test, bag_take((e)->bag, size, 0), 0ul);		\
	EXPECT_STAT(test, (e)->vmp, MEM_INUSE, __inuse + (inuse));		\
	EXPECT_STAT(test, (e)->vmp, ALLOC, __alloc + (nr));			\
} while (0)

/* === The numbered cases === */

static void case_079_one_slab_serves_32_pages(struct kunit *test)
{
	struct setting e = setting_e(test);

	EXPECT_GROWTH(test, &e, PG, SLAB, 1);
	KUNIT_EXPECT_EQ(test, bag_fill(e.bag, PG, 31), 31ul);
	EXPECT_STAT(test, e.vmp, ALLOC, 1);
	KUNIT_EXPECT_EQ(test, vmem_size(e.vmp, VMEM_ALLOC), SLAB);
	EXPECT_GROWTH(test, &e, PG, SLAB, 1);
}

static void case_080_each_class_has_a_cache(struct kunit *test)
{
	struct setting e = setting_e(test);
	size_t quanta;

	for (quanta = 1; quanta <= 8; quanta++) {
		EXPECT_GROWTH(test, &e, quanta * PG - PG + 1, SLAB, 1);
		EXPECT_GROWTH(test, &e, quanta * PG, 0, 0);
	}
	EXPECT_GROWTH(test, &e, 8 * PG + 1, 8 * PG + 1, 1);
}

static void case_081_at_most_sixteen_caches(struct kunit *test)
{
	struct setting e = { .vmp = cached_ids(test, 10000, 100) };
	size_t size;

	e.bag = bag_of_ids(test, e.vmp, 10000);
	for (size = 1; size <= 16; size++)
		EXPECT_GROWTH(test, &e, size, 64, 1);
	EXPECT_GROWTH(test, &e, 17, 17, 1);
	EXPECT_GROWTH(test, &e, 100, 100, 1);
}

static void case_082_policy_of_a_cached_size_is_accepted(struct kunit *test)
{
	struct setting e = setting_e(test);

	KUNIT_EXPECT_NE(test, bag_take(e.bag, PG, VM_NEXTFIT | VM_BESTFIT), 0ul);
	KUNIT_EXPECT_NE(test, bag_take(e.bag, PG, VM_FIRSTFIT | VM_ENDALLOC), 0ul);
	EXPECT_STAT(test, e.vmp, ALLOC, 1);
}

static void case_083_xalloc_bypasses(struct kunit *test)
{
	struct setting e = setting_e(test);
	unsigned long addr[5];
	int i;

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "nothing stays in magazines when audited");
	bag_fill(e.bag, PG, 10);
	bag_give_all(e.bag);
	for (i = 0; i < 5; i++) {
		addr[i] = xtake(e.vmp, PG, 0, 0, 0, 0, 0, 0);
		EXPECT_STAT(test, e.vmp, ALLOC, 2 + i);
		KUNIT_EXPECT_EQ(test, vmem_size(e.vmp, VMEM_ALLOC), SLAB + (i + 1) * PG);
	}
	for (i = 0; i < 5; i++)
		xgive(e.vmp, addr[i], PG);
	cached_expect_whole(test, e.vmp, CACHED_BASE, AMPLE);
}

static void case_084_reap_gives_all_slabs_back(struct kunit *test)
{
	struct setting e = setting_e(test);
	size_t quanta;

	for (quanta = 1; quanta <= 8; quanta++)
		bag_fill(e.bag, quanta * PG, 100);
	bag_give_all(e.bag);
	cached_expect_whole(test, e.vmp, CACHED_BASE, AMPLE);
	KUNIT_EXPECT_EQ(test, vmem_size(e.vmp, VMEM_ALLOC), 0ul);
	cached_destroy(test, e.vmp);
	KUNIT_EXPECT_STREQ(test, fixture_next_report(test), "");
}

static void case_133_created_under_a_spin_lock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long addr = 0;
	vmem_t *vmp;

	spin_lock_irq(&lock);
	vmp = vmem_create("atomic", (void *)CACHED_BASE, AMPLE, PG, NULL, NULL, NULL,
			  16 * PG, VM_NOSLEEP);
	if (vmp)
		addr = take(vmp, PG, 0);
	if (addr)
		give(vmp, addr, PG);
	spin_unlock_irq(&lock);
	if (vmp)
		EXPECT_VALID(test, vmp);
	vmem_destroy(vmp);
}

/* === Geometry === */

static const struct geometry {
	const char *desc;
	size_t quantum;
	size_t qcache_max;
	size_t classes;
	size_t slab;
} geometry_table[] = {
	{ "one page", PG, PG, 1, 0x4000 },
	{ "two pages and a half", PG, 0x2800, 2, 0x8000 },
	{ "five pages", PG, 5 * PG, 5, 0x10000 },
	{ "eight pages", PG, 8 * PG, 8, 0x20000 },
	{ "ten pages", PG, 10 * PG, 10, 0x20000 },
	{ "eleven pages", PG, 11 * PG, 11, 0x40000 },
	{ "sixteen pages", PG, 16 * PG, 16, 0x40000 },
	{ "a thousand pages", PG, 1000 * PG, 16, 0x40000 },
	{ "all there is", PG, SIZE_MAX, 16, 0x40000 },
	{ "one of 1", 1, 1, 1, 64 },
	{ "three of 1", 1, 3, 3, 64 },
	{ "sixteen of 1", 1, 16, 16, 64 },
	{ "sixteen of 2", 2, 32, 16, 128 },
	{ "two of 16", 16, 32, 2, 128 },
	{ "one of 64", 64, 64, 1, 256 },
	{ "sixteen of 256 KiB", 0x40000, 0x400000, 16, 0x1000000 },
};

KUNIT_ARRAY_PARAM_DESC(geometry, geometry_table, desc);

/* Room for two slabs of each class, and one more. */
static struct setting setting_of(struct kunit *test, const struct geometry *geo)
{
	size_t size = geo->slab * 64;
	unsigned long base = geo->slab;
	struct setting s;

	s.vmp = cached_create(test, "cached", base, size, geo->quantum, NULL, NULL,
			      NULL, geo->qcache_max, VM_SLEEP);
	s.bag = bag_new(test, s.vmp, base, size, geo->quantum);
	return s;
}

static void slab_size_follows_the_largest_class(struct kunit *test)
{
	const struct geometry *geo = test->param_value;
	struct setting s = setting_of(test, geo);
	size_t max = geo->classes * geo->quantum, quanta;

	for (quanta = 1; quanta <= geo->classes; quanta++)
		EXPECT_GROWTH(test, &s, quanta * geo->quantum, geo->slab, 1);
	EXPECT_GROWTH(test, &s, max + 1, max + 1, 1);
}

static void slab_holds_what_fits(struct kunit *test)
{
	const struct geometry *geo = test->param_value;
	struct setting s = setting_of(test, geo);
	size_t size, quanta, nr;

	for (quanta = 1; quanta <= geo->classes; quanta++) {
		size = quanta * geo->quantum;
		nr = geo->slab / size;
		KUNIT_EXPECT_EQ(test, bag_fill(s.bag, size, nr), nr);
		EXPECT_STAT(test, s.vmp, ALLOC, 2 * quanta - 1);
		EXPECT_GROWTH(test, &s, size, geo->slab, 1);
	}
}

static void all_comes_back_whatever_the_geometry(struct kunit *test)
{
	const struct geometry *geo = test->param_value;
	struct setting s = setting_of(test, geo);
	size_t quanta;

	for (quanta = 1; quanta <= geo->classes; quanta++)
		bag_fill(s.bag, quanta * geo->quantum, 100);
	bag_give_some(s.bag, 0, 3);
	bag_give_some(s.bag, 1, 2);
	bag_give_all(s.bag);
	cached_expect_whole(test, s.vmp, geo->slab, geo->slab * 64);
}

/* Every request is a segment of its own, of just its size. */
static void expect_no_caches(struct kunit *test, size_t qcache_max, int vmflag)
{
	struct setting e;
	size_t size;

	e.vmp = cached_create(test, "cached", CACHED_BASE, AMPLE, PG, NULL, NULL,
			      NULL, qcache_max, VM_SLEEP | vmflag);
	e.bag = bag_new(test, e.vmp, CACHED_BASE, AMPLE, PG);
	for (size = 1; size < 5 * PG; size += 1000)
		EXPECT_GROWTH(test, &e, size, size, 1);
	bag_give_all(e.bag);
	EXPECT_STAT(test, e.vmp, MEM_INUSE, 0);
}

static void no_caches_without_a_maximum(struct kunit *test)
{
	expect_no_caches(test, 0, 0);
}

static void no_caches_below_one_quantum(struct kunit *test)
{
	expect_no_caches(test, PG - 1, 0);
}

static void no_caches_when_not_wanted(struct kunit *test)
{
	expect_no_caches(test, 8 * PG, VMC_NO_QCACHE);
}

/* === Objects === */

static void objects_of_all_classes_are_apart(struct kunit *test)
{
	struct setting e = setting_e(test);
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, 79);
	for (i = 0; i < 1000; i++)
		bag_take(e.bag, 1 + prandom_u32_state(&rnd) % (9 * PG), 0);
	KUNIT_EXPECT_EQ(test, e.bag->nr, 1000ul);
	bag_give_some(e.bag, 0, 2);
	for (i = 0; i < 500; i++)
		bag_take(e.bag, 1 + prandom_u32_state(&rnd) % (9 * PG), 0);
	KUNIT_EXPECT_EQ(test, e.bag->nr, 1000ul);
	EXPECT_VALID(test, e.vmp);
	bag_give_all(e.bag);
	cached_expect_whole(test, e.vmp, CACHED_BASE, AMPLE);
}

static void objects_at_the_top_of_all_addresses(struct kunit *test)
{
	unsigned long base = TOP(4 * SLAB);
	vmem_t *vmp = cached_create(test, "cached", base, 4 * SLAB, PG, NULL, NULL,
				    NULL, 8 * PG, VM_SLEEP);
	struct bag *bag = bag_new(test, vmp, base, 4 * SLAB, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 200), 128ul);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 8 * PG, 200), 16ul);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, base, 4 * SLAB);
}

static void no_object_lies_across_two_spans(struct kunit *test)
{
	unsigned long middle = CACHED_BASE + 25 * PG, i;
	vmem_t *vmp = cached_arena(test, 25 * PG, PG, 5 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 50 * PG, PG);

	vmem_add(vmp, (void *)middle, 25 * PG, VM_SLEEP);
	KUNIT_EXPECT_GE(test, bag_fill(bag, 3 * PG, 100), 14ul);
	for (i = 0; i < bag->nr; i++)
		KUNIT_EXPECT_EQ(test, bag->held[i].addr < middle,
				bag->held[i].addr + 3 * PG <= middle);
	bag_give_all(bag);
	cached_reap(test, vmp, 0);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000000+19000 1019000+19000");
}

static void slab_goes_back_with_its_last_object(struct kunit *test)
{
	struct setting e = setting_e(test);

	bag_fill(e.bag, PG, 96);
	EXPECT_STAT(test, e.vmp, MEM_INUSE, 3 * SLAB);
	bag_give_some(e.bag, 1, 1);
	cached_reap(test, e.vmp, SLAB);
	EXPECT_STAT(test, e.vmp, FREE, 2);
	bag_give_all(e.bag);
	cached_expect_whole(test, e.vmp, CACHED_BASE, AMPLE);
}

static void pairs_leave_the_arena_alone(struct kunit *test)
{
	struct setting e = setting_e(test);
	int i;

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "nothing stays in magazines when audited");
	for (i = 0; i < 1000; i++)
		give(e.vmp, take(e.vmp, PG, 0), PG);
	KUNIT_EXPECT_LE(test, vmem_stat(e.vmp, VMEM_STAT_ALLOC), 2ull);
}

/* Else the first block would lie at the end, or the cursor not at the start. */
static void policy_of_a_cached_size_is_ignored(struct kunit *test)
{
	struct setting e = setting_e(test);

	KUNIT_EXPECT_LT(test, bag_take(e.bag, PG, VM_ENDALLOC), CACHED_BASE + SLAB);
	bag_give_all(e.bag);
	cached_reap(test, e.vmp, 0);
	bag_take(e.bag, PG, VM_NEXTFIT);
	bag_give_all(e.bag);
	cached_reap(test, e.vmp, 0);
	EXPECT_ADDR(test, bag_take(e.bag, 9 * PG, VM_NEXTFIT), CACHED_BASE);
}

/* === What shows === */

static void slab_is_one_segment_to_a_walk(struct kunit *test)
{
	struct setting e = setting_e(test);

	bag_take(e.bag, 100, 0);
	EXPECT_LAYOUT(test, e.vmp, VMEM_ALLOC, "1000000+20000");
	EXPECT_LAYOUT(test, e.vmp, VMEM_FREE, "1020000+3fe0000");
	bag_fill(e.bag, PG, 31);
	EXPECT_LAYOUT(test, e.vmp, VMEM_ALLOC, "1000000+20000");
}

static void count_segment(void *arg, void *start, size_t size)
{
	++*(u64 *)arg;
}

static void statistics_balance_while_caches_hold(struct kunit *test)
{
	struct setting e = setting_e(test);
	struct rnd_state rnd;
	u64 nr;
	int i;

	prandom_seed_state(&rnd, 97);
	for (i = 0; i < 40; i++) {
		bag_fill(e.bag, 1 + prandom_u32_state(&rnd) % (9 * PG), 20);
		bag_give_some(e.bag, i % 2, 2 + i % 2);
		nr = 0;
		vmem_walk(e.vmp, VMEM_ALLOC, count_segment, &nr);
		EXPECT_STAT(test, e.vmp, FREE, vmem_stat(e.vmp, VMEM_STAT_ALLOC) - nr);
	}
	EXPECT_VALID(test, e.vmp);
}

/* 20 pages, and eight pages would need a slab of 32. */
static void case_117_single_segments_where_no_slab_fits(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 20 * PG, PG, 8 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 20 * PG, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 20), 20ul);
	EXPECT_STAT(test, vmp, ALLOC, 20);
	EXPECT_STAT(test, vmp, FAIL, 0);
	KUNIT_EXPECT_EQ(test, bag_take(bag, PG, 0), 0ul);
	EXPECT_STAT(test, vmp, FAIL, 1);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, CACHED_BASE, 20 * PG);
}

static void single_segment_has_the_size_of_an_object(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 20 * PG, PG, 8 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 20 * PG, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, 2 * PG + 1, 1), 1ul);
	EXPECT_STAT(test, vmp, MEM_INUSE, 3 * PG);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, 100, 1), 1ul);
	EXPECT_STAT(test, vmp, MEM_INUSE, 4 * PG);
	bag_give_all(bag);
	cached_expect_whole(test, vmp, CACHED_BASE, 20 * PG);
}

static void failure_of_a_cached_size_counts_once(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 32 * PG, PG, 8 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 32 * PG, PG);

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 32), 32ul);
	KUNIT_EXPECT_EQ(test, take(vmp, PG, 0), 0ul);
	KUNIT_EXPECT_EQ(test, take(vmp, 8 * PG, VM_BESTFIT), 0ul);
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, 2 * PG, VM_SLEEP | VM_ABORT));
	EXPECT_STAT(test, vmp, FAIL, 3);
	EXPECT_STAT(test, vmp, WAIT, 0);
}

static void failure_of_a_cached_size_panics_if_asked(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 32 * PG, PG, 8 * PG);
	struct bag *bag = bag_new(test, vmp, CACHED_BASE, 32 * PG, PG);

	fixture_catch_panic(test);
	KUNIT_EXPECT_NE(test, bag_take(bag, PG, VM_PANIC), 0ul);
	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 31), 31ul);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 0);
	KUNIT_EXPECT_EQ(test, take(vmp, PG, VM_PANIC), 0ul);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 1);
}

/* === All CPUs === */

#define WORKERS		4
#define REQUESTS	20000
#define HOLD		16

static struct crowd {
	vmem_t *vmp;
	atomic_t twice;
	DECLARE_BITMAP(taken, AMPLE / PG);
	struct completion done[WORKERS];
} crowd;

static void mark(unsigned long addr, size_t size, bool set)
{
	unsigned long bit = (addr - CACHED_BASE) / PG;

	for (; size; bit++, size -= PG)
		if (set == test_bit(bit, crowd.taken))
			atomic_inc(&crowd.twice);
		else
			change_bit(bit, crowd.taken);
}

static int work(void *arg)
{
	unsigned long addr[HOLD] = { 0 };
	size_t size[HOLD] = { 0 };
	struct rnd_state rnd;
	unsigned int i, slot;

	prandom_seed_state(&rnd, 85 + (long)arg);
	for (i = 0; i < REQUESTS; i++) {
		slot = prandom_u32_state(&rnd) % HOLD;
		if (addr[slot]) {
			mark(addr[slot], size[slot], false);
			give(crowd.vmp, addr[slot], size[slot]);
		}
		size[slot] = (1 + prandom_u32_state(&rnd) % 8) * PG;
		addr[slot] = take(crowd.vmp, size[slot], 0);
		if (addr[slot])
			mark(addr[slot], size[slot], true);
		cond_resched();
	}
	for (slot = 0; slot < HOLD; slot++)
		if (addr[slot]) {
			mark(addr[slot], size[slot], false);
			give(crowd.vmp, addr[slot], size[slot]);
		}
	kthread_complete_and_exit(&crowd.done[(long)arg], 0);
}

static void start_work(struct kunit *test, long n)
{
	unsigned int cpu = cpumask_nth(n % num_online_cpus(), cpu_online_mask);
	struct task_struct *task;

	init_completion(&crowd.done[n]);
	task = kthread_create(work, (void *)n, "vmem-crowd/%ld", n);
	if (IS_ERR(task)) {
		KUNIT_FAIL(test, "no thread: %pe", task);
		complete(&crowd.done[n]);
		return;
	}
	kthread_bind(task, cpu);
	wake_up_process(task);
}

static void case_085_all_cpus_at_once(struct kunit *test)
{
	long n;

	memset(&crowd, 0, sizeof(crowd));
	crowd.vmp = cached_arena(test, AMPLE, PG, 8 * PG);
	for (n = 0; n < WORKERS; n++)
		start_work(test, n);
	for (n = 0; n < WORKERS; n++)
		KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&crowd.done[n],
								  60 * HZ), 0ul);
	KUNIT_EXPECT_EQ(test, atomic_read(&crowd.twice), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(crowd.taken, AMPLE / PG));
	EXPECT_STAT(test, crowd.vmp, FAIL, 0);
	if (!IS_ENABLED(CONFIG_VMEM_AUDIT))	/* which does without magazines */
		KUNIT_EXPECT_LT(test, vmem_stat(crowd.vmp, VMEM_STAT_ALLOC),
				(u64)WORKERS * REQUESTS / 10);
	cached_expect_whole(test, crowd.vmp, CACHED_BASE, AMPLE);
}

static struct kunit_case qcache_cases[] = {
	KUNIT_CASE(case_079_one_slab_serves_32_pages),
	KUNIT_CASE(case_080_each_class_has_a_cache),
	KUNIT_CASE(case_081_at_most_sixteen_caches),
	KUNIT_CASE(case_082_policy_of_a_cached_size_is_accepted),
	KUNIT_CASE(case_083_xalloc_bypasses),
	KUNIT_CASE(case_084_reap_gives_all_slabs_back),
	KUNIT_CASE(case_085_all_cpus_at_once),
	KUNIT_CASE(case_117_single_segments_where_no_slab_fits),
	KUNIT_CASE(case_133_created_under_a_spin_lock),
	KUNIT_CASE_PARAM(slab_size_follows_the_largest_class, geometry_gen_params),
	KUNIT_CASE_PARAM(slab_holds_what_fits, geometry_gen_params),
	KUNIT_CASE_PARAM(all_comes_back_whatever_the_geometry, geometry_gen_params),
	KUNIT_CASE(no_caches_without_a_maximum),
	KUNIT_CASE(no_caches_below_one_quantum),
	KUNIT_CASE(no_caches_when_not_wanted),
	KUNIT_CASE(objects_of_all_classes_are_apart),
	KUNIT_CASE(objects_at_the_top_of_all_addresses),
	KUNIT_CASE(no_object_lies_across_two_spans),
	KUNIT_CASE(slab_goes_back_with_its_last_object),
	KUNIT_CASE(pairs_leave_the_arena_alone),
	KUNIT_CASE(policy_of_a_cached_size_is_ignored),
	KUNIT_CASE(slab_is_one_segment_to_a_walk),
	KUNIT_CASE(statistics_balance_while_caches_hold),
	KUNIT_CASE(single_segment_has_the_size_of_an_object),
	KUNIT_CASE(failure_of_a_cached_size_counts_once),
	KUNIT_CASE(failure_of_a_cached_size_panics_if_asked),
	{}
};

static struct kunit_suite qcache_suite = {
	.name = "vmem_qcache",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = qcache_cases,
};

kunit_test_suite(qcache_suite);
