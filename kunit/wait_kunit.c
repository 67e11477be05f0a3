// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleepers: who wakes whom, and who must not; and what may not sleep at all.
 *
 * The statistic "wait" counts how often a thread went to sleep in an arena. A
 * thread that was woken in vain goes to sleep again, which shows there.
 */
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/sched/signal.h>

#include "fixture.h"
#include "patience.h"

/* Four pages at 0x1000, and all of them in use as single pages. */
static vmem_t *full_arena(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x4000, PG);
	unsigned long addr;

	for (addr = 0x1000; addr < 0x5000; addr += PG)
		EXPECT_ADDR(test, take(a, PG, 0), addr);
	return a;
}

static struct sleeper sleep_in(struct kunit *test, vmem_t *vmp, size_t size,
			       int vmflag)
{
	struct sleeper sleeper = { .vmp = vmp, .size = size, .vmflag = vmflag };

	sleeper_start(test, &sleeper);
	return sleeper;
}

static struct sleeper xsleep_in(struct kunit *test, vmem_t *vmp, size_t size,
				unsigned long minaddr, unsigned long maxaddr)
{
	struct sleeper sleeper = { .vmp = vmp, .size = size,
				   .minaddr = minaddr, .maxaddr = maxaddr };

	sleeper_start(test, &sleeper);
	return sleeper;
}

/* A thread is started and joined: time enough for those woken before it. */
static void let_others_run(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, PG, PG);
	struct sleeper other = sleep_in(test, a, PG, 0);

	sleeper_result(test, &other);
}

/* Nobody has woken it: not done, and not asleep again either. */
#define EXPECT_ASLEEP(test, sleeper, waits)				\
do {									\
	let_others_run(test);						\
	KUNIT_EXPECT_FALSE(test, sleeper_done(&(sleeper)));		\
	EXPECT_STAT(test, (sleeper).vmp, WAIT, waits);			\
} while (0)

#define EXPECT_GETS(test, sleeper, address)				\
	EXPECT_ADDR(test, sleeper_result(test, &(sleeper)), address)

/* === One arena === */

static void case_086_free_wakes_a_sleeper(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP);

	KUNIT_EXPECT_FALSE(test, sleeper_done(&t1));
	KUNIT_EXPECT_GE(test, vmem_stat(a, VMEM_STAT_WAIT), 1ull);
	give(a, 0x3000, PG);
	EXPECT_GETS(test, t1, 0x3000);
	EXPECT_STAT(test, a, FAIL, 0);
}

static void case_087_new_span_wakes_a_sleeper(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP);

	vmem_add(a, (void *)0x100000, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x100000);
}

static void case_088_eight_sleepers_eight_frees(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, PG, 8 * PG, PG);
	struct sleeper sleeper[8];
	unsigned long seen = 0;
	int i;

	for (i = 0; i < 8; i++)
		take(a, PG, 0);
	for (i = 0; i < 8; i++)
		sleeper[i] = sleep_in(test, a, PG, VM_SLEEP);
	for (i = 0; i < 8; i++)
		give(a, (i + 1) * PG, PG);
	for (i = 0; i < 8; i++)
		seen |= BIT(sleeper_result(test, &sleeper[i]) / PG);
	KUNIT_EXPECT_EQ(test, seen, 0x1fe);
}

static void case_089_next_fit_sleeps(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP | VM_NEXTFIT);

	KUNIT_EXPECT_FALSE(test, sleeper_done(&t1));
	give(a, 0x2000, PG);
	EXPECT_GETS(test, t1, 0x2000);
}

static void case_121_only_who_fits_is_woken(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper one = sleep_in(test, a, PG, VM_SLEEP);
	struct sleeper four = sleep_in(test, a, 4 * PG, VM_SLEEP);

	give(a, 0x2000, PG);
	EXPECT_GETS(test, one, 0x2000);
	EXPECT_ASLEEP(test, four, 2);

	give(a, 0x1000, PG);
	give(a, 0x2000, PG);
	give(a, 0x3000, PG);
	EXPECT_ASLEEP(test, four, 2);
	give(a, 0x4000, PG);
	EXPECT_GETS(test, four, 0x1000);
}

static void frees_that_join_wake_a_sleeper(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, 0x3000, VM_SLEEP);

	give(a, 0x2000, PG);
	give(a, 0x4000, PG);
	EXPECT_ASLEEP(test, t1, 1);
	give(a, 0x3000, PG);
	EXPECT_GETS(test, t1, 0x2000);
}

static void free_outside_the_window_wakes_nobody(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = xsleep_in(test, a, PG, 0x3000, 0x4000);

	give(a, 0x2000, PG);
	give(a, 0x4000, PG);
	EXPECT_ASLEEP(test, t1, 1);
	give(a, 0x3000, PG);
	EXPECT_GETS(test, t1, 0x3000);
}

/* Three pages become free, but only one and a half of them lie in the window. */
static void segment_is_measured_within_the_window(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = xsleep_in(test, a, 0x2000, 0x2800, 0x5000);

	give(a, 0x1000, PG);
	give(a, 0x2000, PG);
	give(a, 0x3000, PG);
	EXPECT_ASLEEP(test, t1, 1);
	give(a, 0x4000, PG);
	EXPECT_GETS(test, t1, 0x3000);
}

static void allocation_wakes_nobody(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x4000, PG);
	struct sleeper t1;

	take(a, PG, 0);
	t1 = sleep_in(test, a, 0x4000, VM_SLEEP);
	take(a, PG, 0);
	EXPECT_ASLEEP(test, t1, 1);
	give(a, 0x1000, PG);
	EXPECT_ASLEEP(test, t1, 1);
	give(a, 0x2000, PG);
	EXPECT_GETS(test, t1, 0x1000);
}

/* Both are woken by the same page; who comes too late sleeps on. */
static void sleeper_that_comes_too_late_sleeps_on(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = xsleep_in(test, a, PG, 0, 0x3000);
	struct sleeper t2 = xsleep_in(test, a, PG, 0x2000, 0);
	unsigned int turns = 0;

	give(a, 0x2000, PG);
	while (!sleeper_done(&t1) && !sleeper_done(&t2) && patience_lasts(&turns))
		;
	let_others_run(test);
	KUNIT_EXPECT_EQ(test, sleeper_done(&t1) + sleeper_done(&t2), 1);

	give(a, 0x1000, PG);
	give(a, 0x4000, PG);
	KUNIT_EXPECT_NE(test, sleeper_result(test, &t1),
			sleeper_result(test, &t2));
}

/* However the blocks of 7 of them lie in 96 pages, there is room for the 8th. */
static void random_frees_serve_all_sleepers(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, PG, 96 * PG, PG);
	static unsigned long todo[96];
	struct sleeper sleeper[8];
	struct rnd_state rnd;
	unsigned long addr;
	int i, j;

	prandom_seed_state(&rnd, 88);
	for (i = 0; i < 96; i++)
		todo[i] = take(a, PG, 0);
	for (i = 0; i < 8; i++)
		sleeper[i] = sleep_in(test, a, (i + 1) * PG, VM_SLEEP);

	for (i = 96; i; i--) {
		j = prandom_u32_state(&rnd) % i;
		addr = todo[j];
		todo[j] = todo[i - 1];
		give(a, addr, PG);
		if (i % 8 == 0)
			let_others_run(test);
	}
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_NE(test, sleeper_result(test, &sleeper[i]), 0ul);
	EXPECT_STAT(test, a, MEM_INUSE, (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8) * PG);
	EXPECT_VALID(test, a);
}

static void woken_sleeper_has_left_the_arena(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1, t2;

	t1 = sleep_in(test, a, PG, VM_SLEEP);
	give(a, 0x2000, PG);
	EXPECT_GETS(test, t1, 0x2000);
	t2 = sleep_in(test, a, PG, VM_SLEEP);
	give(a, 0x2000, PG);
	EXPECT_GETS(test, t2, 0x2000);
	EXPECT_STAT(test, a, WAIT, 2);
}

static void request_that_can_be_met_does_not_sleep(struct kunit *test)
{
	vmem_t *a = fixture_arena(test, 0x1000, 0x4000, PG);
	struct sleeper t1 = sleep_in(test, a, 0x4000, VM_SLEEP);

	EXPECT_GETS(test, t1, 0x1000);
	EXPECT_STAT(test, a, WAIT, 0);
}

static void abort_does_not_sleep(struct kunit *test)
{
	static const int policies[] = { 0, VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT };
	vmem_t *a = full_arena(test);
	struct sleeper t1;
	int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		t1 = sleep_in(test, a, PG, VM_SLEEP | VM_ABORT | policies[i]);
		EXPECT_GETS(test, t1, 0);
		EXPECT_STAT(test, a, FAIL, i + 1);
	}
	EXPECT_STAT(test, a, WAIT, 0);
}

static void destroying_an_arena_with_a_sleeper_is_refused(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP);

	EXPECT_REFUSED(test, a, "arena in use", vmem_destroy(a));
	give(a, 0x1000, PG);
	EXPECT_GETS(test, t1, 0x1000);
}

/* === Fatal signals === */

static void case_122_fatal_signal_ends_the_wait(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP | VM_KILLABLE);

	EXPECT_ASLEEP(test, t1, 1);
	send_sig(SIGKILL, t1.task, 1);
	EXPECT_GETS(test, t1, 0);
	EXPECT_STAT(test, a, FAIL, 1);
	EXPECT_STAT(test, a, WAIT, 1);
}

static void killed_sleeper_has_gone_from_all_arenas(struct kunit *test)
{
	vmem_t *p = full_arena(test);
	vmem_t *c = fixture_child(test, p, PG);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP | VM_KILLABLE);

	send_sig(SIGKILL, t1.task, 1);
	EXPECT_GETS(test, t1, 0);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, p, FAIL, 0);
	give(p, 0x1000, PG);
	EXPECT_ADDR(test, take(p, PG, 0), 0x1000);
	fixture_destroy(test, c);
}

static void killable_sleeper_is_served_like_others(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP | VM_KILLABLE);

	give(a, 0x4000, PG);
	EXPECT_GETS(test, t1, 0x4000);
}

static void signal_does_not_end_an_uninterruptible_wait(struct kunit *test)
{
	vmem_t *a = full_arena(test);
	struct sleeper t1 = sleep_in(test, a, PG, VM_SLEEP);

	send_sig(SIGKILL, t1.task, 1);
	EXPECT_ASLEEP(test, t1, 1);
	give(a, 0x1000, PG);
	EXPECT_GETS(test, t1, 0x1000);
}

/* === Hierarchies === */

static void case_090_space_in_the_source_wakes(struct kunit *test)
{
	vmem_t *p = full_arena(test);
	vmem_t *c = fixture_child(test, p, PG);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP);

	KUNIT_EXPECT_FALSE(test, sleeper_done(&t1));
	give(p, 0x3000, PG);
	EXPECT_GETS(test, t1, 0x3000);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
}

static void case_119_free_in_the_child_wakes(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x1000, PG, PG);
	vmem_t *c = fixture_child(test, p, 0x100);
	struct sleeper t1;
	int i;

	for (i = 0; i < 16; i++)
		take(c, 0x100, 0);
	t1 = sleep_in(test, c, 0x100, VM_SLEEP);
	give(c, 0x1400, 0x100);
	EXPECT_GETS(test, t1, 0x1400);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
}

static void case_120_span_of_the_root_wakes_in_the_leaf(struct kunit *test)
{
	vmem_t *root = full_arena(test);
	vmem_t *mid = fixture_child(test, root, PG);
	vmem_t *leaf = fixture_child(test, mid, PG);
	struct sleeper t1 = sleep_in(test, leaf, PG, VM_SLEEP);

	KUNIT_EXPECT_FALSE(test, sleeper_done(&t1));
	vmem_add(root, (void *)0x100000, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x100000);
	EXPECT_STAT(test, mid, MEM_IMPORT, PG);
}

static void space_in_the_middle_wakes_in_the_leaf(struct kunit *test)
{
	vmem_t *root = full_arena(test);
	vmem_t *mid = fixture_child(test, root, PG);
	vmem_t *leaf = fixture_child(test, mid, PG);
	struct sleeper t1 = sleep_in(test, leaf, PG, VM_SLEEP);

	vmem_add(mid, (void *)0x100000, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x100000);
	EXPECT_STAT(test, mid, MEM_IMPORT, 0);
}

static void what_a_sleeper_tries_is_no_failure(struct kunit *test)
{
	vmem_t *root = full_arena(test);
	vmem_t *mid = fixture_child(test, root, PG);
	vmem_t *leaf = fixture_child(test, mid, PG);
	struct sleeper t1 = sleep_in(test, leaf, PG, VM_SLEEP);

	give(root, 0x1000, PG);
	EXPECT_GETS(test, t1, 0x1000);
	EXPECT_STAT(test, leaf, FAIL, 0);
	EXPECT_STAT(test, mid, FAIL, 0);
	EXPECT_STAT(test, root, FAIL, 0);
}

static void wait_counts_in_the_arena_called(struct kunit *test)
{
	vmem_t *p = full_arena(test);
	vmem_t *c = fixture_child(test, p, PG);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP);

	EXPECT_STAT(test, c, WAIT, 1);
	EXPECT_STAT(test, p, WAIT, 0);
	give(p, 0x1000, PG);
	EXPECT_GETS(test, t1, 0x1000);
}

static void release_of_a_sibling_wakes(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x1000, PG, PG);
	vmem_t *c = fixture_child(test, p, PG);
	vmem_t *sibling = fixture_child(test, p, PG);
	struct sleeper t1;

	take(sibling, PG, 0);
	t1 = sleep_in(test, c, PG, VM_SLEEP);
	give(sibling, 0x1000, PG);
	EXPECT_GETS(test, t1, 0x1000);
}

/* The child asks for whole pages, of which 0x1100 takes two. */
static void source_too_small_for_the_import_wakes_nobody(struct kunit *test)
{
	vmem_t *p = full_arena(test);
	vmem_t *c = fixture_child(test, p, 0x100);
	struct sleeper t1 = sleep_in(test, c, 0x1100, VM_SLEEP);

	give(p, 0x1000, PG);
	give(p, 0x3000, PG);
	EXPECT_ASLEEP(test, t1, 1);
	give(p, 0x2000, PG);
	EXPECT_GETS(test, t1, 0x1000);
	EXPECT_STAT(test, c, MEM_IMPORT, 0x2000);
}

static void sleeper_gets_an_aligned_import(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x1000, 0x4000, PG);
	vmem_t *c = fixture_child(test, p, 0x2000);
	struct sleeper t1;

	take(p, PG, 0);
	take(p, PG, 0);
	take(p, PG, 0);
	take(p, PG, 0);
	t1 = sleep_in(test, c, 0x2000, VM_SLEEP);
	give(p, 0x1000, PG);
	give(p, 0x2000, PG);
	let_others_run(test);
	KUNIT_EXPECT_FALSE(test, sleeper_done(&t1));
	give(p, 0x3000, PG);
	EXPECT_GETS(test, t1, 0x2000);
}

static void window_is_not_waited_for_in_the_source(struct kunit *test)
{
	vmem_t *p = full_arena(test);
	vmem_t *c = fixture_child(test, p, PG);
	struct sleeper t1 = xsleep_in(test, c, PG, 0x1000, 0x5000);

	give(p, 0x2000, PG);
	EXPECT_ASLEEP(test, t1, 1);
	vmem_add(c, (void *)0x3000, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x3000);
	EXPECT_STAT(test, c, MEM_IMPORT, 0);
}

/* All that P has is taken for a part of C's own span, and goes back each time. */
static void bad_import_puts_to_sleep(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x1000, PG, PG);
	vmem_t *c = fixture_create(test, "C", 0x1000, PG, PG, vmem_alloc,
				   vmem_free, p, 0, VM_SLEEP);
	struct sleeper t1;
	u64 i;

	take(c, PG, 0);
	t1 = sleep_in(test, c, PG, VM_SLEEP);
	EXPECT_ASLEEP(test, t1, 1);
	KUNIT_EXPECT_GE(test, vmem_stat(c, VMEM_STAT_MISUSE), 1ull);
	for (i = 0; i < vmem_stat(c, VMEM_STAT_MISUSE); i++)
		EXPECT_REPORT(test, "vmem: bad import: arena \"C\"");
	EXPECT_STAT(test, p, MEM_INUSE, 0);
	give(c, 0x1000, PG);
	EXPECT_GETS(test, t1, 0x1000);
}

static void abort_waits_in_no_ancestor(struct kunit *test)
{
	vmem_t *root = full_arena(test);
	vmem_t *mid = fixture_child(test, root, PG);
	vmem_t *leaf = fixture_child(test, mid, PG);
	struct sleeper t1 = sleep_in(test, leaf, PG, VM_SLEEP | VM_ABORT);

	EXPECT_GETS(test, t1, 0);
	EXPECT_STAT(test, leaf, FAIL, 1);
	EXPECT_STAT(test, leaf, WAIT, 0);
	EXPECT_STAT(test, mid, WAIT, 0);
	EXPECT_STAT(test, root, WAIT, 0);
}

/* === Import functions of drivers === */

/* The private pointer of the source, an arena not otherwise used. */
struct importer {
	unsigned long answer;		/* given once; 0: nothing to be had */
	size_t grow;			/* if not 0, raise the size */
	vmem_t *adds_to;		/* meanwhile, add a page at 0x800000 */
	unsigned int imports;
	int vmflag;
};

static void *import(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	struct importer *imp = vmem_get_private(source);
	unsigned long answer = imp->answer;

	imp->imports++;
	imp->vmflag = vmflag;
	imp->answer = 0;
	if (imp->adds_to)
		vmem_add(imp->adds_to, (void *)0x800000, PG, VM_SLEEP);
	imp->adds_to = NULL;
	if (imp->grow && answer)
		*sizep = imp->grow;
	return (void *)answer;
}

static void release(vmem_t *source, void *addr, size_t size)
{
}

static vmem_t *importing(struct kunit *test, struct importer **impp)
{
	struct importer *imp = kunit_kzalloc(test, sizeof(*imp), GFP_KERNEL);
	vmem_t *source = fixture_arena(test, PG, PG, PG);

	KUNIT_ASSERT_NOT_NULL(test, imp);
	vmem_set_private(source, imp);
	*impp = imp;
	return fixture_xcreate(test, "C", 0, 0, PG, import, release, source, 0,
			       VM_SLEEP);
}

static void import_without_space_puts_to_sleep(struct kunit *test)
{
	struct importer *imp;
	vmem_t *c = importing(test, &imp);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP);

	EXPECT_ASLEEP(test, t1, 1);
	KUNIT_EXPECT_GE(test, imp->imports, 1);
	KUNIT_EXPECT_EQ(test, imp->vmflag, VM_SLEEP);
	vmem_add(c, (void *)0x1000, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x1000);
}

/* One page for two sleepers: who does not get it finds more to import. */
static void woken_sleeper_tries_the_import_again(struct kunit *test)
{
	struct importer *imp;
	vmem_t *c = importing(test, &imp);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP);
	struct sleeper t2 = sleep_in(test, c, PG, VM_SLEEP);
	unsigned long a, b;

	imp->answer = 0x900000;
	vmem_add(c, (void *)0x1000, PG, VM_SLEEP);
	a = sleeper_result(test, &t1);
	b = sleeper_result(test, &t2);
	EXPECT_ADDR(test, min(a, b), 0x1000);
	EXPECT_ADDR(test, max(a, b), 0x900000);
}

static void surplus_of_an_import_wakes(struct kunit *test)
{
	struct importer *imp;
	vmem_t *c = importing(test, &imp);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP);
	unsigned long addr;

	imp->answer = 0x900000;
	imp->grow = 0x2000;
	addr = take(c, PG, 0);
	KUNIT_EXPECT_NE(test, addr, 0ul);
	EXPECT_GETS(test, t1, addr ^ PG);
}

/* What went back to the driver can only be had by asking it again. */
static void release_to_a_driver_lets_sleepers_ask_it(struct kunit *test)
{
	struct importer *imp;
	vmem_t *c = importing(test, &imp);
	struct sleeper t1;

	imp->answer = 0x900000;
	EXPECT_ADDR(test, take(c, PG, 0), 0x900000);
	t1 = sleep_in(test, c, PG, VM_SLEEP);
	EXPECT_ASLEEP(test, t1, 1);
	imp->answer = 0x900000;
	give(c, 0x900000, PG);
	EXPECT_GETS(test, t1, 0x900000);
}

static void space_that_came_during_the_import_is_not_slept_over(struct kunit *test)
{
	struct importer *imp;
	vmem_t *c = importing(test, &imp);
	struct sleeper t1;

	imp->adds_to = c;
	t1 = sleep_in(test, c, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x800000);
	EXPECT_STAT(test, c, WAIT, 0);
}

static void sleeper_above_an_importing_arena(struct kunit *test)
{
	struct importer *imp;
	vmem_t *mid = importing(test, &imp);
	vmem_t *leaf = fixture_child(test, mid, PG);
	struct sleeper t1 = sleep_in(test, leaf, PG, VM_SLEEP);

	EXPECT_ASLEEP(test, t1, 1);
	KUNIT_EXPECT_GE(test, imp->imports, 1);
	KUNIT_EXPECT_EQ(test, imp->vmflag, VM_SLEEP);
	vmem_add(mid, (void *)0x1000, PG, VM_SLEEP);
	EXPECT_GETS(test, t1, 0x1000);
	EXPECT_STAT(test, mid, FAIL, 0);
}

static void abort_is_not_for_import_functions(struct kunit *test)
{
	struct importer *imp;
	vmem_t *c = importing(test, &imp);
	struct sleeper t1 = sleep_in(test, c, PG, VM_SLEEP | VM_ABORT);

	EXPECT_GETS(test, t1, 0);
	KUNIT_EXPECT_EQ(test, imp->vmflag, VM_SLEEP);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, c, WAIT, 0);
}

/* === Where sleeping is illegal; a kernel that checks complains in its log === */

struct attempt {
	vmem_t *vmp;
	bool hit;			/* what can be met was met */
	bool miss;			/* what cannot was not */
	struct tasklet_struct tasklet;
	struct irq_work work;
	struct completion done;
};

/* From a child, so that the source is asked in the same context. */
static void attempt(struct attempt *at)
{
	unsigned long addr = take(at->vmp, PG, 0);

	at->hit = addr == 0x1000;
	at->miss = !take(at->vmp, 2 * PG, VM_BESTFIT);
	if (addr)
		give(at->vmp, addr, PG);
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
	at->vmp = fixture_child(test, fixture_arena(test, 0x1000, 0x1000, PG), PG);
	tasklet_setup(&at->tasklet, attempt_in_softirq);
	init_irq_work(&at->work, attempt_in_hardirq);
	init_completion(&at->done);
	return at;
}

static void expect_attempted(struct kunit *test, struct attempt *at)
{
	KUNIT_EXPECT_TRUE(test, patient_wait(&at->done));
	KUNIT_EXPECT_TRUE(test, at->hit);
	KUNIT_EXPECT_TRUE(test, at->miss);
	EXPECT_STAT(test, at->vmp, FAIL, 1);
	EXPECT_STAT(test, at->vmp, MEM_TOTAL, 0);
}

static void case_091_nosleep_under_a_spin_lock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct attempt *at = new_attempt(test);

	spin_lock_irq(&lock);
	attempt(at);
	spin_unlock_irq(&lock);
	expect_attempted(test, at);
}

static void case_091_nosleep_in_softirq(struct kunit *test)
{
	struct attempt *at = new_attempt(test);

	tasklet_schedule(&at->tasklet);
	expect_attempted(test, at);
	tasklet_kill(&at->tasklet);
}

static void case_091_nosleep_in_hardirq(struct kunit *test)
{
	struct attempt *at = new_attempt(test);

	irq_work_queue(&at->work);
	expect_attempted(test, at);
	irq_work_sync(&at->work);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(case_086_free_wakes_a_sleeper),
	KUNIT_CASE(case_087_new_span_wakes_a_sleeper),
	KUNIT_CASE(case_088_eight_sleepers_eight_frees),
	KUNIT_CASE(case_089_next_fit_sleeps),
	KUNIT_CASE(case_090_space_in_the_source_wakes),
	KUNIT_CASE(case_091_nosleep_under_a_spin_lock),
	KUNIT_CASE(case_091_nosleep_in_softirq),
	KUNIT_CASE(case_091_nosleep_in_hardirq),
	KUNIT_CASE(case_119_free_in_the_child_wakes),
	KUNIT_CASE(case_120_span_of_the_root_wakes_in_the_leaf),
	KUNIT_CASE(case_121_only_who_fits_is_woken),
	KUNIT_CASE(case_122_fatal_signal_ends_the_wait),
	KUNIT_CASE(frees_that_join_wake_a_sleeper),
	KUNIT_CASE(free_outside_the_window_wakes_nobody),
	KUNIT_CASE(segment_is_measured_within_the_window),
	KUNIT_CASE(allocation_wakes_nobody),
	KUNIT_CASE(sleeper_that_comes_too_late_sleeps_on),
	KUNIT_CASE(random_frees_serve_all_sleepers),
	KUNIT_CASE(woken_sleeper_has_left_the_arena),
	KUNIT_CASE(request_that_can_be_met_does_not_sleep),
	KUNIT_CASE(abort_does_not_sleep),
	KUNIT_CASE(destroying_an_arena_with_a_sleeper_is_refused),
	KUNIT_CASE(killed_sleeper_has_gone_from_all_arenas),
	KUNIT_CASE(killable_sleeper_is_served_like_others),
	KUNIT_CASE(signal_does_not_end_an_uninterruptible_wait),
	KUNIT_CASE(space_in_the_middle_wakes_in_the_leaf),
	KUNIT_CASE(what_a_sleeper_tries_is_no_failure),
	KUNIT_CASE(wait_counts_in_the_arena_called),
	KUNIT_CASE(release_of_a_sibling_wakes),
	KUNIT_CASE(source_too_small_for_the_import_wakes_nobody),
	KUNIT_CASE(sleeper_gets_an_aligned_import),
	KUNIT_CASE(window_is_not_waited_for_in_the_source),
	KUNIT_CASE(bad_import_puts_to_sleep),
	KUNIT_CASE(abort_waits_in_no_ancestor),
	KUNIT_CASE(import_without_space_puts_to_sleep),
	KUNIT_CASE(woken_sleeper_tries_the_import_again),
	KUNIT_CASE(surplus_of_an_import_wakes),
	KUNIT_CASE(release_to_a_driver_lets_sleepers_ask_it),
	KUNIT_CASE(space_that_came_during_the_import_is_not_slept_over),
	KUNIT_CASE(sleeper_above_an_importing_arena),
	KUNIT_CASE(abort_is_not_for_import_functions),
	{}
};

static struct kunit_suite vmem_wait_suite = {
	.name = "vmem_wait",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(vmem_wait_suite);
