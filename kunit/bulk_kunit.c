// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many allocations of one size in one call, and many frees.
 */
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "cached.h"
#include "patience.h"

#define ROOM	1000

/* Where the calls put addresses, all tests alike. */
static void *addrs[ROOM];

static size_t take_bulk(vmem_t *vmp, size_t size, size_t nr, int vmflag)
{
	memset(addrs, 0xff, sizeof(addrs));
	return vmem_alloc_bulk(vmp, size, nr, addrs, vmflag | VM_NOSLEEP);
}

static void put_all(struct bag *bag, size_t size, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		bag_put(bag, (unsigned long)addrs[i], size);
}

/* Out of the bag, into one call. */
static size_t give_bulk(struct bag *bag, size_t size)
{
	size_t i, nr = bag->nr;

	for (i = 0; i < nr; i++)
		addrs[i] = (void *)bag->held[i].addr;
	bag_forget(bag);
	return vmem_free_bulk(bag->vmp, size, nr, addrs);
}

static vmem_t *ten_pages(struct kunit *test)
{
	return fixture_arena(test, CACHED_BASE, 10 * PG, PG);
}

/* With caches for up to eight pages, where a slab takes 32. */
static vmem_t *cached_pages(struct kunit *test, unsigned long pages)
{
	return cached_arena(test, pages * PG, PG, 8 * PG);
}

static struct bag *bag_of(struct kunit *test, vmem_t *vmp, unsigned long pages)
{
	return bag_new(test, vmp, CACHED_BASE, pages * PG, PG);
}

/* === How many === */

static void case_129_as_many_as_there_are(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);
	struct bag *bag = bag_of(test, vmp, 10);

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, PG, 16, 0), 10ul);
	EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_STAT(test, vmp, ALLOC, 10);
	put_all(bag, PG, 10);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), 10ul);
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC | VMEM_FREE, "1000000+a000");
}

static void case_129_of_a_cached_size(struct kunit *test)
{
	vmem_t *vmp = cached_pages(test, 10);
	struct bag *bag = bag_of(test, vmp, 10);

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, PG, 16, 0), 10ul);
	EXPECT_STAT(test, vmp, FAIL, 1);
	put_all(bag, PG, 10);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), 10ul);
	cached_expect_whole(test, vmp, CACHED_BASE, 10 * PG);
}

static void all_that_was_asked_for(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);
	struct bag *bag = bag_of(test, vmp, 10);

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, 2 * PG - 1, 5, 0), 5ul);
	put_all(bag, 2 * PG - 1, 5);
	EXPECT_STAT(test, vmp, FAIL, 0);
	EXPECT_STAT(test, vmp, MEM_INUSE, 5 * (2 * PG - 1));
	KUNIT_EXPECT_EQ(test, give_bulk(bag, 2 * PG - 1), 5ul);
	EXPECT_STAT(test, vmp, MEM_INUSE, 0);
}

static void nothing_is_asked_for(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);
	vmem_t *cached = cached_pages(test, 100);

	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, PG, 0, NULL, VM_NOSLEEP), 0ul);
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, PG, 0, NULL, VM_SLEEP), 0ul);
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(cached, PG, 0, NULL, VM_SLEEP), 0ul);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, 0, NULL), 0ul);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(cached, PG, 0, NULL), 0ul);
	EXPECT_STAT(test, vmp, ALLOC, 0);
	EXPECT_STAT(test, vmp, FAIL, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	EXPECT_STAT(test, cached, MISUSE, 0);
}

static void more_than_any_magazine_holds(struct kunit *test)
{
	vmem_t *vmp = cached_pages(test, ROOM);
	struct bag *bag = bag_of(test, vmp, ROOM);

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, PG, ROOM, 0), ROOM);
	put_all(bag, PG, ROOM);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), ROOM);
	/* 31 slabs, and single pages of the rest. */
	KUNIT_EXPECT_LE(test, vmem_stat(vmp, VMEM_STAT_ALLOC), ROOM / 10);
	cached_expect_whole(test, vmp, CACHED_BASE, ROOM * PG);
}

static void bulk_and_single_calls_mix(struct kunit *test)
{
	vmem_t *vmp = cached_pages(test, ROOM);
	struct bag *bag = bag_of(test, vmp, ROOM);
	size_t quanta, nr;

	for (quanta = 1; quanta <= 9; quanta++) {
		nr = take_bulk(vmp, quanta * PG, 10 * quanta, 0);
		KUNIT_ASSERT_EQ(test, nr, 10 * quanta);
		put_all(bag, quanta * PG, nr);
		bag_give_some(bag, 0, 2);
		nr = bag->nr;
		KUNIT_EXPECT_EQ(test, give_bulk(bag, quanta * PG), nr);
		KUNIT_EXPECT_EQ(test, bag_fill(bag, quanta * PG, 20), 20ul);
		KUNIT_EXPECT_EQ(test, give_bulk(bag, quanta * PG), 20ul);
	}
	cached_expect_whole(test, vmp, CACHED_BASE, ROOM * PG);
}

static void almost_all_identifiers_at_once(struct kunit *test)
{
	vmem_t *ids = cached_ids(test, ROOM, 16);
	struct bag *bag = bag_of_ids(test, ids, ROOM);
	size_t nr;

	bag_fill(bag, 3, 100);
	bag_give_all(bag);
	nr = take_bulk(ids, 1, ROOM, 0);
	KUNIT_EXPECT_GE(test, nr * 100, ROOM * 99);
	put_all(bag, 1, nr);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, 1), nr);
	cached_expect_whole(test, ids, 1, ROOM);
}

/* === As by vmem_alloc() === */

static const struct policy {
	const char *desc;
	int vmflag;
} policy_table[] = {
	{ "first fit", VM_FIRSTFIT },
	{ "first fit from the end", VM_FIRSTFIT | VM_ENDALLOC },
	{ "next fit", VM_NEXTFIT },
};

KUNIT_ARRAY_PARAM_DESC(policy, policy_table, desc);

/* Free segments of 1, 2, 3 .. pages. */
static vmem_t *arena_with_gaps(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, CACHED_BASE, 135 * PG, PG);
	unsigned long addr = CACHED_BASE, gap;

	for (gap = 1; gap <= 15; gap++) {
		addr += gap * PG;
		xtake(vmp, PG, 0, 0, 0, addr, addr + PG, 0);
		addr += PG;
	}
	return vmp;
}

static void policy_is_that_of_single_requests(struct kunit *test)
{
	const struct policy *policy = test->param_value;
	vmem_t *vmp = arena_with_gaps(test), *twin = arena_with_gaps(test);
	size_t i, nr = take_bulk(vmp, 3 * PG, 40, policy->vmflag);

	for (i = 0; i < nr; i++)
		EXPECT_ADDR(test, addrs[i], take(twin, 3 * PG, policy->vmflag));
	KUNIT_EXPECT_GE(test, nr, 30ul);
	EXPECT_ADDR(test, take(twin, 3 * PG, policy->vmflag), 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

static void next_fit_counts_on(struct kunit *test)
{
	vmem_t *ids = fixture_create(test, "ids", 1, 10, 1, NULL, NULL, NULL, 0,
				     VM_SLEEP | VMC_IDENTIFIER);
	size_t i;

	KUNIT_EXPECT_EQ(test, take_bulk(ids, 1, 6, VM_NEXTFIT), 6ul);
	for (i = 0; i < 6; i++)
		EXPECT_ADDR(test, addrs[i], i + 1);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(ids, 1, 6, addrs), 6ul);
	KUNIT_EXPECT_EQ(test, take_bulk(ids, 1, 6, VM_NEXTFIT), 6ul);
	for (i = 0; i < 6; i++)
		EXPECT_ADDR(test, addrs[i], (i + 6) % 10 + 1);
}

static void bulk_imports(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, CACHED_BASE, ROOM * PG, PG);
	vmem_t *plain = fixture_child(test, p, PG);
	vmem_t *cached = cached_child(test, p, PG, 8 * PG);
	struct bag *bag;

	KUNIT_ASSERT_EQ(test, take_bulk(plain, 3 * PG, 50, 0), 50ul);
	EXPECT_STAT(test, plain, MEM_IMPORT, 150 * PG);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(plain, 3 * PG, 50, addrs), 50ul);
	EXPECT_STAT(test, p, MEM_INUSE, 0);

	bag = bag_of(test, cached, ROOM);
	KUNIT_ASSERT_EQ(test, take_bulk(cached, PG, ROOM, 0), ROOM);
	put_all(bag, PG, ROOM);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), ROOM);
	cached_reap(test, cached, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void bulk_under_a_spin_lock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	vmem_t *vmp = cached_pages(test, ROOM);
	size_t cached, larger;

	spin_lock_irq(&lock);
	cached = take_bulk(vmp, PG, 100, 0);
	cached -= vmem_free_bulk(vmp, PG, cached, addrs);
	larger = take_bulk(vmp, 9 * PG, 20, 0);
	larger -= vmem_free_bulk(vmp, 9 * PG, larger, addrs);
	spin_unlock_irq(&lock);
	KUNIT_EXPECT_EQ(test, cached, 0ul);
	KUNIT_EXPECT_EQ(test, larger, 0ul);
	EXPECT_STAT(test, vmp, FAIL, 0);
	cached_expect_whole(test, vmp, CACHED_BASE, ROOM * PG);
}

/* === Mistakes === */

static void size_zero(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test), *cached = cached_pages(test, 100);

	EXPECT_REFUSED(test, vmp, "zero size",
		       KUNIT_EXPECT_EQ(test, take_bulk(vmp, 0, 5, 0), 0ul));
	EXPECT_REFUSED(test, vmp, "zero size",
		       KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, 0, 5, addrs, VM_SLEEP),
				       0ul));
	EXPECT_REFUSED(test, cached, "zero size",
		       KUNIT_EXPECT_EQ(test, take_bulk(cached, 0, 5, VM_NEXTFIT), 0ul));
	EXPECT_STAT(test, vmp, FAIL, 0);
}

static void impossible_bulk(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);

	EXPECT_REFUSED(test, vmp, "impossible request",
		       KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, SIZE_MAX, 5, addrs,
							     VM_SLEEP), 0ul));
	KUNIT_EXPECT_EQ(test, take_bulk(vmp, SIZE_MAX, 5, 0), 0ul);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

static void bulk_without_an_arena(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, take_bulk(NULL, PG, 5, 0), 0ul);
	EXPECT_REPORT(test, "vmem: no arena: arena \"\"");
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(NULL, PG, 1, addrs), 0ul);
	EXPECT_REPORT(test, "vmem: no arena: arena \"\"");
}

static void panic_below_what_was_asked_for(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test), *cached = cached_pages(test, 10);

	fixture_catch_panic(test);
	KUNIT_EXPECT_EQ(test, take_bulk(vmp, PG, 5, VM_PANIC), 5ul);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 0);
	take_bulk(vmp, PG, 6, VM_PANIC);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 1);
	vmem_free_bulk(cached, PG, take_bulk(cached, PG, 11, VM_PANIC), addrs);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 2);
	take_bulk(vmp, 0, 6, VM_PANIC);
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 3);
	EXPECT_REPORT(test, "vmem: zero size: arena ");
}

/* Ten pages in order, three of the entries made wrong. */
static void refused_entries_do_not_stop_the_rest(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);
	int i;

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, PG, 10, VM_FIRSTFIT), 10ul);
	addrs[0] = NULL;
	addrs[4] = addrs[3];
	addrs[9] = (void *)(CACHED_BASE + 100 * PG);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, 10, addrs), 7ul);
	EXPECT_STAT(test, vmp, MISUSE, 3);
	for (i = 0; i < 3; i++)
		EXPECT_REPORT(test, "vmem: bad free: arena ");
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC, "1000000+1000 1004000+1000 1009000+1000");
}

static void entries_of_another_size_are_refused(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);
	int i;

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, PG, 3, VM_FIRSTFIT), 3ul);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG - 1, 3, addrs), 0ul);
	EXPECT_STAT(test, vmp, MISUSE, 3);
	for (i = 0; i < 3; i++)
		EXPECT_REPORT(test, "vmem: wrong size: arena ");
	EXPECT_STAT(test, vmp, MEM_INUSE, 3 * PG);
}

/* Found by the flush, or at once: how many are accepted depends on it. */
static void refused_entries_of_a_cached_size(struct kunit *test)
{
	vmem_t *vmp = cached_pages(test, ROOM);
	size_t accepted;
	int i;

	KUNIT_ASSERT_EQ(test, take_bulk(vmp, PG, 50, 0), 50ul);
	addrs[50] = addrs[7];
	addrs[51] = (void *)(CACHED_BASE + 2 * ROOM * PG);
	accepted = vmem_free_bulk(vmp, PG, 52, addrs);
	KUNIT_EXPECT_GE(test, accepted, 50ul);
	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		KUNIT_EXPECT_EQ(test, accepted, 50ul);
	cached_reap_misuse(test, vmp, 2);
	for (i = 0; i < 2; i++)
		EXPECT_REPORT(test, "vmem: bad free: arena ");
	cached_reap(test, vmp, 0);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000000+3e8000");
}

/* === Waiting === */

/* A thread in vmem_alloc_bulk(), until it has all or a signal ends it. */
static struct {
	vmem_t *vmp;
	size_t size, nr, result;
	int vmflag;
	struct task_struct *task;
	struct completion done;
} waiter;

static int wait_in_bulk(void *unused)
{
	allow_signal(SIGKILL);
	waiter.result = vmem_alloc_bulk(waiter.vmp, waiter.size, waiter.nr, addrs,
					waiter.vmflag);
	complete(&waiter.done);
	return 0;
}

static void end_waiter(void *ctx)
{
	struct kunit *test = kunit_get_current_test();

	send_sig(SIGKILL, waiter.task, 1);
	if (patient_wait(&waiter.done))
		kthread_stop(waiter.task);
	else
		KUNIT_FAIL(test, "the thread is lost");
	put_task_struct(waiter.task);
}

/* Returns when it sleeps, or is done. */
static void start_waiter(struct kunit *test, vmem_t *vmp, size_t size, size_t nr,
			 int vmflag)
{
	u64 waits = vmem_stat(vmp, VMEM_STAT_WAIT);
	unsigned int turns = 0;

	waiter.vmp = vmp;
	waiter.size = size;
	waiter.nr = nr;
	waiter.vmflag = vmflag;
	init_completion(&waiter.done);
	waiter.task = kthread_create(wait_in_bulk, NULL, "vmem-bulk");
	KUNIT_ASSERT_FALSE(test, IS_ERR(waiter.task));
	get_task_struct(waiter.task);
	wake_up_process(waiter.task);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_waiter, NULL), 0);

	while (!completion_done(&waiter.done) &&
	       (vmem_stat(vmp, VMEM_STAT_WAIT) == waits ||
		task_is_running(waiter.task)) &&
	       patience_lasts(&turns))
		;
}

static void expect_waiter_gets(struct kunit *test, size_t nr)
{
	KUNIT_ASSERT_TRUE_MSG(test, patient_wait(&waiter.done), "the thread still sleeps");
	complete(&waiter.done);		/* for end_waiter() */
	KUNIT_EXPECT_EQ(test, waiter.result, nr);
}

static void sleeps_until_it_has_all(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);
	struct bag *bag = bag_of(test, vmp, 10);

	bag_fill(bag, PG, 4);
	start_waiter(test, vmp, PG, 10, VM_SLEEP | VM_KILLABLE);
	while (bag->nr) {
		KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
		bag_give(bag, bag->held[0].addr);
	}
	expect_waiter_gets(test, 10);
	put_all(bag, PG, 10);
	EXPECT_STAT(test, vmp, FAIL, 0);
	KUNIT_EXPECT_GE(test, vmem_stat(vmp, VMEM_STAT_WAIT), 1ull);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), 10ul);
}

static void sleeps_until_it_has_all_of_a_cached_size(struct kunit *test)
{
	vmem_t *vmp = cached_pages(test, 64);
	struct bag *bag = bag_of(test, vmp, 64);

	bag_fill(bag, PG, 20);
	start_waiter(test, vmp, PG, 64, VM_SLEEP | VM_KILLABLE);
	while (bag->nr) {
		KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
		bag_give(bag, bag->held[0].addr);
	}
	expect_waiter_gets(test, 64);
	put_all(bag, PG, 64);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), 64ul);
	cached_expect_whole(test, vmp, CACHED_BASE, 64 * PG);
}

static void fatal_signal_leaves_what_it_had(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);

	start_waiter(test, vmp, PG, 16, VM_SLEEP | VM_KILLABLE);
	KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
	send_sig(SIGKILL, waiter.task, 1);
	expect_waiter_gets(test, 10);
	EXPECT_STAT(test, vmp, FAIL, 1);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, 10, addrs), 10ul);
}

static void abort_returns_what_there_is(struct kunit *test)
{
	vmem_t *vmp = ten_pages(test);

	start_waiter(test, vmp, PG, 16, VM_SLEEP | VM_ABORT | VM_KILLABLE);
	expect_waiter_gets(test, 10);
	EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_STAT(test, vmp, WAIT, 0);
}

static void bulk_free_wakes(struct kunit *test)
{
	vmem_t *vmp = cached_pages(test, 32);
	struct bag *bag = bag_of(test, vmp, 32);
	struct sleeper t1;

	KUNIT_EXPECT_EQ(test, bag_fill(bag, PG, 32), 32ul);
	t1 = sleep_for(test, vmp, 32 * PG);
	KUNIT_EXPECT_EQ(test, give_bulk(bag, PG), 32ul);
	EXPECT_ADDR(test, sleeper_result(test, &t1), CACHED_BASE);
	give(vmp, CACHED_BASE, 32 * PG);
}

static struct kunit_case bulk_cases[] = {
	KUNIT_CASE(case_129_as_many_as_there_are),
	KUNIT_CASE(case_129_of_a_cached_size),
	KUNIT_CASE(all_that_was_asked_for),
	KUNIT_CASE(nothing_is_asked_for),
	KUNIT_CASE(more_than_any_magazine_holds),
	KUNIT_CASE(bulk_and_single_calls_mix),
	KUNIT_CASE(almost_all_identifiers_at_once),
	KUNIT_CASE_PARAM(policy_is_that_of_single_requests, policy_gen_params),
	KUNIT_CASE(next_fit_counts_on),
	KUNIT_CASE(bulk_imports),
	KUNIT_CASE(bulk_under_a_spin_lock),
	KUNIT_CASE(size_zero),
	KUNIT_CASE(impossible_bulk),
	KUNIT_CASE(bulk_without_an_arena),
	KUNIT_CASE(panic_below_what_was_asked_for),
	KUNIT_CASE(refused_entries_do_not_stop_the_rest),
	KUNIT_CASE(entries_of_another_size_are_refused),
	KUNIT_CASE(refused_entries_of_a_cached_size),
	KUNIT_CASE(sleeps_until_it_has_all),
	KUNIT_CASE(sleeps_until_it_has_all_of_a_cached_size),
	KUNIT_CASE(fatal_signal_leaves_what_it_had),
	KUNIT_CASE(abort_returns_what_there_is),
	KUNIT_CASE(bulk_free_wakes),
	{}
};

static struct kunit_suite bulk_suite = {
	.name = "vmem_bulk",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = bulk_cases,
};

kunit_test_suite(bulk_suite);
