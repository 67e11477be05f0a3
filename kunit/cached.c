// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the suites of quantum caches share.
 */
#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "cached.h"
#include "patience.h"

/* === Arenas === */

static void end_cached(void *ctx)
{
	struct kunit *test = kunit_get_current_test();
	vmem_t *vmp = ctx;

	EXPECT_VALID(test, vmp);
	vmem_destroy(vmp);
}

static vmem_t *end_with_test(struct kunit *test, vmem_t *vmp)
{
	KUNIT_ASSERT_NOT_NULL(test, vmp);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_cached, vmp), 0);
	EXPECT_VALID(test, vmp);
	return vmp;
}

vmem_t *cached_create(struct kunit *test, const char *name, unsigned long base,
		      size_t size, size_t quantum, vmem_alloc_t *afunc,
		      vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
		      int vmflag)
{
	return end_with_test(test, vmem_create(name, (void *)base, size, quantum,
					       afunc, ffunc, source, qcache_max,
					       vmflag));
}

vmem_t *cached_xcreate(struct kunit *test, vmem_ximport_t *afunc, vmem_free_t *ffunc,
		       vmem_t *source, size_t quantum, size_t qcache_max)
{
	return end_with_test(test, vmem_xcreate("cached", NULL, 0, quantum, afunc,
						ffunc, source, qcache_max,
						VM_SLEEP));
}

void cached_destroy(struct kunit *test, vmem_t *vmp)
{
	kunit_release_action(test, end_cached, vmp);
}

vmem_t *cached_arena(struct kunit *test, size_t size, size_t quantum,
		     size_t qcache_max)
{
	return cached_create(test, "cached", CACHED_BASE, size, quantum, NULL, NULL,
			     NULL, qcache_max, VM_SLEEP);
}

vmem_t *cached_ids(struct kunit *test, size_t nr, size_t qcache_max)
{
	return cached_create(test, "ids", 1, nr, 1, NULL, NULL, NULL, qcache_max,
			     VM_SLEEP | VMC_IDENTIFIER);
}

vmem_t *cached_child(struct kunit *test, vmem_t *source, size_t quantum,
		     size_t qcache_max)
{
	return cached_create(test, "child", 0, 0, quantum, vmem_alloc, vmem_free,
			     source, qcache_max, VM_SLEEP);
}

/* === Back from the caches === */

/* The call may return before the CPUs have done their part. */
static bool reap_until(vmem_t *vmp, int which, u64 value)
{
	unsigned int turns = 0;

	vmem_qcache_reap(vmp);
	while (vmem_stat(vmp, which) != value)
		if (!patience_lasts(&turns))
			return false;
	return true;
}

void cached_reap(struct kunit *test, vmem_t *vmp, size_t inuse)
{
	if (!reap_until(vmp, VMEM_STAT_MEM_INUSE, inuse))
		kunit_err(test, "the caches did not give everything back");
	EXPECT_STAT(test, vmp, MEM_INUSE, inuse);
	EXPECT_VALID(test, vmp);
}

void cached_reap_misuse(struct kunit *test, vmem_t *vmp, u64 misuse)
{
	if (!reap_until(vmp, VMEM_STAT_MISUSE, misuse))
		kunit_err(test, "the caches did not find what is wrong");
	EXPECT_STAT(test, vmp, MISUSE, misuse);
	EXPECT_VALID(test, vmp);
}

void cached_expect_whole(struct kunit *test, vmem_t *vmp, unsigned long base,
			 size_t size)
{
	char text[64];

	cached_reap(test, vmp, 0);
	snprintf(text, sizeof(text), "%lx+%zx", base, size);
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC | VMEM_FREE, text);
	EXPECT_STAT(test, vmp, FREE, vmem_stat(vmp, VMEM_STAT_ALLOC));
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

/* === Bags === */

static void bag_free(void *ctx)
{
	struct bag *bag = ctx;

	bag_give_all(bag);
	kvfree(bag->taken);
	kvfree(bag->held);
	kfree(bag);
}

struct bag *bag_new(struct kunit *test, vmem_t *vmp, unsigned long base,
		    size_t size, size_t quantum)
{
	struct bag *bag = kzalloc(sizeof(*bag), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bag);
	bag->test = test;
	bag->vmp = vmp;
	bag->base = base;
	bag->quantum = quantum;
	bag->quanta = size / quantum;
	bag->taken = kvcalloc(BITS_TO_LONGS(bag->quanta), sizeof(long), GFP_KERNEL);
	bag->held = kvcalloc(bag->quanta, sizeof(*bag->held), GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, bag_free, bag), 0);
	KUNIT_ASSERT_NOT_NULL(test, bag->taken);
	KUNIT_ASSERT_NOT_NULL(test, bag->held);
	return bag;
}

struct bag *bag_of_ids(struct kunit *test, vmem_t *ids, size_t nr)
{
	return bag_new(test, ids, 1, nr, 1);
}

/* Why a block cannot be right; NULL if it can. */
static const char *bag_objection(struct bag *bag, unsigned long first,
				 unsigned long nr, unsigned long addr)
{
	if (addr % bag->quantum)
		return "misaligned";
	if (addr < bag->base || first >= bag->quanta || nr > bag->quanta - first)
		return "outside";
	if (find_next_bit(bag->taken, first + nr, first) < first + nr)
		return "handed out twice";
	return NULL;
}

/*
 * One with an objection is not kept, as to free it might do damage. The test goes
 * on: this may be another thread than that of the test.
 */
void bag_put(struct bag *bag, unsigned long addr, size_t size)
{
	unsigned long first = (addr - bag->base) / bag->quantum;
	unsigned long nr = DIV_ROUND_UP(size, bag->quantum);
	const char *objection = bag_objection(bag, first, nr, addr);

	if (objection) {
		KUNIT_FAIL(bag->test, "%zx at %lx: %s", size, addr, objection);
		return;
	}
	bitmap_set(bag->taken, first, nr);
	bag->held[bag->nr].addr = addr;
	bag->held[bag->nr++].size = size;
}

unsigned long bag_take(struct bag *bag, size_t size, int vmflag)
{
	unsigned long addr = take(bag->vmp, size, vmflag);

	if (addr)
		bag_put(bag, addr, size);
	return addr;
}

unsigned long bag_fill(struct bag *bag, size_t size, unsigned long nr)
{
	unsigned long n;

	for (n = 0; n < nr && bag_take(bag, size, 0); n++)
		if (n % 1024 == 1023)
			cond_resched();
	return n;
}

static void bag_give_entry(struct bag *bag, unsigned long i)
{
	unsigned long addr = bag->held[i].addr;
	size_t size = bag->held[i].size;

	if (!addr)
		return;
	bag->held[i].addr = 0;
	bitmap_clear(bag->taken, (addr - bag->base) / bag->quantum,
		     DIV_ROUND_UP(size, bag->quantum));
	give(bag->vmp, addr, size);
}

/* Close the gaps. */
static void bag_trim(struct bag *bag)
{
	unsigned long i, nr = 0;

	for (i = 0; i < bag->nr; i++)
		if (bag->held[i].addr)
			bag->held[nr++] = bag->held[i];
	bag->nr = nr;
}

void bag_give(struct bag *bag, unsigned long addr)
{
	unsigned long i;

	for (i = 0; i < bag->nr; i++)
		if (bag->held[i].addr == addr)
			bag_give_entry(bag, i);
	bag_trim(bag);
}

void bag_give_some(struct bag *bag, unsigned long first, unsigned long step)
{
	unsigned long i;

	for (i = first; i < bag->nr; i += step) {
		bag_give_entry(bag, i);
		if (i % 1024 == 1023)
			cond_resched();
	}
	bag_trim(bag);
}

void bag_give_all(struct bag *bag)
{
	bag_give_some(bag, 0, 1);
}

void bag_forget(struct bag *bag)
{
	bitmap_zero(bag->taken, bag->quanta);
	bag->nr = 0;
}

/* === CPUs === */

struct visit {
	void (*func)(void *arg);
	void *arg;
};

static long visit_cpu(void *arg)
{
	struct visit *visit = arg;

	visit->func(visit->arg);
	return 0;
}

void on_each_cpu_of(struct kunit *test, void (*func)(void *arg), void *arg)
{
	struct visit visit = { .func = func, .arg = arg };
	unsigned int cpu;

	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, work_on_cpu(cpu, visit_cpu, &visit), 0l);
}

/* The thread of a test case is its own, and ends with it. */
int cached_init(struct kunit *test)
{
	int err = set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));

	return err ?: fixture_init(test);
}

/* === Sleepers === */

struct sleeper sleep_for_window(struct kunit *test, vmem_t *vmp, size_t size,
				unsigned long minaddr, unsigned long maxaddr)
{
	struct sleeper sleeper = { .vmp = vmp, .size = size, .minaddr = minaddr,
				   .maxaddr = maxaddr,
				   .vmflag = VM_SLEEP | VM_KILLABLE };

	sleeper_start(test, &sleeper);
	return sleeper;
}

struct sleeper sleep_for(struct kunit *test, vmem_t *vmp, size_t size)
{
	return sleep_for_window(test, vmp, size, 0, 0);
}
