// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quantum caches where sleeping is illegal, where one use interrupts another, and
 * on CPUs that go. A kernel that checks contexts complains in its log.
 */
#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "cached.h"
#include "patience.h"

#define PAGES	256ul

static struct bag *arena_of(struct kunit *test, unsigned long pages)
{
	vmem_t *vmp = cached_arena(test, pages * PG, PG, 8 * PG);

	return bag_new(test, vmp, CACHED_BASE, pages * PG, PG);
}

static struct bag *arena(struct kunit *test)
{
	return arena_of(test, PAGES);
}

/* === One visit in each context === */

struct attempt {
	struct bag *bag;
	bool filled;
	struct tasklet_struct tasklet;
	struct irq_work work;
	struct completion done;
};

/* Slabs, magazines filled and emptied, exhaustion, and a reap without waiting. */
static void attempt(struct attempt *at)
{
	struct bag *bag = at->bag;

	at->filled = bag_fill(bag, 2 * PG, PAGES) * 100 >= PAGES / 2 * 99;
	bag_give_all(bag);
	at->filled = bag_fill(bag, PG, PAGES + 1) * 100 >= PAGES * 99 && at->filled;
	bag_give_some(bag, 0, 3);
	bag_give_all(bag);
	complete(&at->done);
}

static void attempt_in_softirq(struct tasklet_struct *tasklet)
{
	attempt(container_of(tasklet, struct attempt, tasklet));
}

/* On PREEMPT_RT, where real ones may not call an arena, this is a thread. */
static void attempt_in_hardirq(struct irq_work *work)
{
	attempt(container_of(work, struct attempt, work));
}

static struct attempt *new_attempt(struct kunit *test)
{
	struct attempt *at = kunit_kzalloc(test, sizeof(*at), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, at);
	at->bag = arena(test);
	tasklet_setup(&at->tasklet, attempt_in_softirq);
	init_irq_work(&at->work, attempt_in_hardirq);
	init_completion(&at->done);
	return at;
}

static void expect_attempted(struct kunit *test, struct attempt *at)
{
	KUNIT_EXPECT_TRUE(test, patient_wait(&at->done));
	KUNIT_EXPECT_TRUE(test, at->filled);
	EXPECT_STAT(test, at->bag->vmp, FAIL, 2);
	EXPECT_STAT(test, at->bag->vmp, WAIT, 0);
	cached_expect_whole(test, at->bag->vmp, CACHED_BASE, PAGES * PG);
}

static void caches_under_a_spin_lock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct attempt *at = new_attempt(test);

	spin_lock_irq(&lock);
	attempt(at);
	spin_unlock_irq(&lock);
	expect_attempted(test, at);
}

static void caches_in_softirq(struct kunit *test)
{
	struct attempt *at = new_attempt(test);

	tasklet_schedule(&at->tasklet);
	expect_attempted(test, at);
	tasklet_kill(&at->tasklet);
}

static void caches_in_hardirq(struct kunit *test)
{
	struct attempt *at = new_attempt(test);

	irq_work_queue(&at->work);
	expect_attempted(test, at);
	irq_work_sync(&at->work);
}

/* === One use interrupts another === */

#define PERIOD	(50 * NSEC_PER_USEC)
#define HELD	4

/*
 * The timer takes one and gives one back, each time it fires, on the CPU of the
 * test. It is the owner of its objects, the test of its own: a bit for each page
 * tells whether one was handed out to both.
 */
struct interruption {
	vmem_t *vmp;
	struct hrtimer timer;
	unsigned int fired;
	unsigned int missed;
	atomic_t twice;
	unsigned long addr[HELD];
	DECLARE_BITMAP(taken, PAGES);
};

static unsigned long grab(struct interruption *in)
{
	unsigned long addr = take(in->vmp, PG, 0);

	if (addr && test_and_set_bit((addr - CACHED_BASE) / PG, in->taken))
		atomic_inc(&in->twice);
	return addr;
}

static void drop(struct interruption *in, unsigned long addr)
{
	if (!addr)
		return;
	if (!test_and_clear_bit((addr - CACHED_BASE) / PG, in->taken))
		atomic_inc(&in->twice);
	give(in->vmp, addr, PG);
}

static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct interruption *in = container_of(timer, struct interruption, timer);
	unsigned int slot = in->fired % HELD;

	drop(in, in->addr[slot]);
	in->addr[slot] = grab(in);
	if (!in->addr[slot])
		in->missed++;
	WRITE_ONCE(in->fired, in->fired + 1);	/* the task reads it meanwhile */
	hrtimer_forward_now(timer, PERIOD);
	return HRTIMER_RESTART;
}

/* A hardirq, but on PREEMPT_RT, which has none where an arena could be used. */
static void start_interrupting(struct interruption *in)
{
	hrtimer_init(&in->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	in->timer.function = interrupt;
	hrtimer_start(&in->timer, PERIOD, HRTIMER_MODE_REL_PINNED);
}

static void use_while_interrupted(struct interruption *in)
{
	unsigned long deadline = jiffies + 5 * HZ, addr[HELD];
	int i;

	while (READ_ONCE(in->fired) < 1000 && time_before(jiffies, deadline)) {
		for (i = 0; i < HELD; i++)
			addr[i] = grab(in);
		for (i = 0; i < HELD; i++)
			drop(in, addr[i]);
		cond_resched();
	}
}

static void interrupt_in_the_midst_of_caches(struct kunit *test)
{
	struct interruption *in = kunit_kzalloc(test, sizeof(*in), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, in);
	in->vmp = cached_arena(test, PAGES * PG, PG, 8 * PG);
	start_interrupting(in);
	use_while_interrupted(in);
	hrtimer_cancel(&in->timer);
	for (i = 0; i < HELD; i++)
		drop(in, in->addr[i]);

	KUNIT_EXPECT_GE(test, in->fired, 10);
	KUNIT_EXPECT_EQ(test, in->missed, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&in->twice), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(in->taken, PAGES));
	kunit_info(test, "%u interruptions", in->fired);
	cached_expect_whole(test, in->vmp, CACHED_BASE, PAGES * PG);
}

/* === CPUs that go and come === */

static unsigned int cpu_to_remove(struct kunit *test)
{
	unsigned int cpu = cpumask_last(cpu_online_mask);

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || num_online_cpus() == 1)
		kunit_skip(test, "needs a CPU that can be taken away");
	return cpu;
}

/* So many that CPUs have magazines. */
#define MANY	8192ul

static long park_here(void *arg)
{
	struct bag *bag = arg;

	bag_fill(bag, PG, MANY);
	bag_give_all(bag);
	return 0;
}

/* Take a CPU away that has magazines, if the arena has any. */
static void park_and_remove(struct kunit *test, struct bag *bag, unsigned int cpu)
{
	KUNIT_EXPECT_EQ(test, work_on_cpu(cpu, park_here, bag), 0l);
	KUNIT_EXPECT_EQ(test, vmem_magazine_on_cpu(bag->vmp, cpu),
			!vmem_magazines_banned(bag->vmp));
	KUNIT_ASSERT_EQ(test, remove_cpu(cpu), 0);
	KUNIT_EXPECT_FALSE(test, vmem_magazine_on_cpu(bag->vmp, cpu));
}

static void cpu_that_goes_leaves_nothing_behind(struct kunit *test)
{
	unsigned int cpu = cpu_to_remove(test);
	struct bag *bag = arena_of(test, MANY);

	park_and_remove(test, bag, cpu);
	EXPECT_ADDR(test, take(bag->vmp, MANY * PG, 0), CACHED_BASE);
	give(bag->vmp, CACHED_BASE, MANY * PG);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	cached_expect_whole(test, bag->vmp, CACHED_BASE, MANY * PG);
}

static void cpu_that_comes_back_has_caches(struct kunit *test)
{
	unsigned int cpu = cpu_to_remove(test);
	struct bag *bag = arena_of(test, MANY);
	int i;

	for (i = 0; i < 3; i++) {
		park_and_remove(test, bag, cpu);
		KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, MANY), MANY);
		KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
		bag_give_all(bag);
	}
	cached_expect_whole(test, bag->vmp, CACHED_BASE, MANY * PG);
}

static struct kunit_case qcache_context_cases[] = {
	KUNIT_CASE(caches_under_a_spin_lock),
	KUNIT_CASE(caches_in_softirq),
	KUNIT_CASE(caches_in_hardirq),
	KUNIT_CASE(interrupt_in_the_midst_of_caches),
	KUNIT_CASE(cpu_that_goes_leaves_nothing_behind),
	KUNIT_CASE(cpu_that_comes_back_has_caches),
	{}
};

static struct kunit_suite qcache_context_suite = {
	.name = "vmem_qcache_context",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = qcache_context_cases,
};

kunit_test_suite(qcache_context_suite);
