// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everybody at once, in an arena with quantum caches: threads on each CPU and some
 * that wander, interrupts and softirqs that use the arena of the thread they stop,
 * blocks that are freed by another CPU than got them, bulk calls, arenas made over
 * this one and ended, reaps, sleepers that need much of the space, CPUs that go and
 * come, and times when requests are made to fail. Each quantum that somebody holds
 * has a bit, so that none is handed out twice, and in the end all must be back.
 *
 * The parameter stress_seconds tells how long. Choices follow the seed, but which
 * thread makes them first does not. Memory may be made to fail, too, by failslab and
 * fail_page_alloc with their task filter: threads of the test are marked for it.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/timer.h>

#include "cached.h"
#include "oracle.h"
#include "patience.h"

#define MAX_CPUS	8		/* that have threads of their own */
#define WANDERERS	2
#define SLEEPERS	2
#define CREW		(MAX_CPUS + WANDERERS + SLEEPERS)
#define HOLD		32		/* blocks of one actor */
#define SLOTS		64		/* where blocks change hands */
#define MOST		32		/* quanta of a block that can */
#define BULK		16
#define MOST_QUANTA	100000
#define STAGES		5		/* tests, which share the time */
#define LIMIT		(200 * HZ)
#define TIMES		1000000000	/* that requests fail, at most */
#define OFF		"1,0,0,0"

static unsigned int stress_seconds = 2;
module_param(stress_seconds, uint, 0444);
MODULE_PARM_DESC(stress_seconds, "duration of all stress tests (at least 1)");

enum kind {
	TAKEN, REFUSED, GIVEN, PASSED, BULKS, OWN_ARENAS, REAPS, HARDIRQS, SOFTIRQS,
	SLEEPS, KILLS, HOTPLUGS, LOADED, FAILURES, TWICE, UNSUITED, NR_KINDS
};

static const char * const kind_names[NR_KINDS] = {
	[TAKEN] = "taken", [REFUSED] = "not to be had", [GIVEN] = "given back",
	[PASSED] = "passed on", [BULKS] = "bulks", [OWN_ARENAS] = "own arenas",
	[REAPS] = "reaps", [HARDIRQS] = "hardirqs", [SOFTIRQS] = "softirqs",
	[SLEEPS] = "sleeping requests", [KILLS] = "killed", [HOTPLUGS] = "hotplugs",
	[LOADED] = "of them with magazines", [FAILURES] = "made to fail",
	[TWICE] = "handed out twice", [UNSUITED] = "unsuited",
};

/* Who takes and gives; nobody else uses its fields while it may be running. */
struct actor {
	struct rnd_state rnd;
	unsigned long count[NR_KINDS];
	unsigned int nr;
	unsigned long block[HOLD];	/* first quantum * 256 + number of quanta */
};

/* A thread. One of a CPU has two timers there, each of them an actor as well. */
struct member {
	struct actor actor, hard_actor, soft_actor;
	struct hrtimer hard;
	struct timer_list soft;
	struct task_struct *task;
	struct completion done;
	int cpu;			/* -1: any */
	bool settled;			/* its timers have been started there */
	bool sleeps, killable;
};

/* A thread that is lost for ever must not find it gone. */
static struct stage {
	vmem_t *vmp;
	unsigned long base;
	size_t quantum;
	unsigned int quanta, classes;
	int cflags;
	DECLARE_BITMAP(owned, MOST_QUANTA);
	atomic_t asking;		/* sleepers that are in a request */
	bool calm;			/* sleepers stay away: magazines are in use */
	bool stop;
	atomic_long_t slot[SLOTS];
	struct actor director;		/* the test itself */
	unsigned int nr_members;
	struct member member[CREW];
} stage;

/* === Blocks === */

static unsigned long address_of(unsigned long block)
{
	return stage.base + (block >> 8) * stage.quantum;
}

static size_t size_of(unsigned long block)
{
	return (block & 0xff) * stage.quantum;
}

/* Whoever gets something claims it, and returns whether it can be right. */
static bool claim(struct actor *actor, unsigned long addr, unsigned int quanta)
{
	unsigned long first = (addr - stage.base) / stage.quantum, i;

	if (addr % stage.quantum || addr < stage.base ||
	    first + quanta > stage.quanta) {
		actor->count[UNSUITED]++;
		return false;
	}
	for (i = first; i < first + quanta; i++)
		if (test_and_set_bit(i, stage.owned))
			actor->count[TWICE]++;
	actor->count[TAKEN]++;
	return true;
}

static void disclaim(struct actor *actor, unsigned long addr, unsigned int quanta)
{
	unsigned long first = (addr - stage.base) / stage.quantum, i;

	for (i = first; i < first + quanta; i++)
		if (!test_and_clear_bit(i, stage.owned))
			actor->count[TWICE]++;
	actor->count[GIVEN]++;
}

static void keep(struct actor *actor, unsigned long addr, unsigned int quanta)
{
	if (claim(actor, addr, quanta))
		actor->block[actor->nr++] =
			((addr - stage.base) / stage.quantum) << 8 | quanta;
}

static unsigned int random_quanta(struct actor *actor)
{
	return 1 + below(&actor->rnd, below(&actor->rnd, 8) ? stage.classes : MOST);
}

/* Larger blocks may also be asked for with an alignment, and freed like others. */
static void get_from(struct actor *actor, vmem_t *vmp)
{
	unsigned int quanta = random_quanta(actor);
	size_t size = quanta * stage.quantum;
	unsigned long addr;

	if (quanta > stage.classes && below(&actor->rnd, 4) == 0)
		addr = xtake(vmp, size, 2 * stage.quantum, 0, 0, 0, 0, 0);
	else
		addr = take(vmp, size, 0);
	if (addr)
		keep(actor, addr, quanta);
	else
		actor->count[REFUSED]++;
}

static void give_to(struct actor *actor, vmem_t *vmp, unsigned long block)
{
	disclaim(actor, address_of(block), block & 0xff);
	give(vmp, address_of(block), size_of(block));
}

static void put_one(struct actor *actor)
{
	unsigned int which = below(&actor->rnd, actor->nr);
	unsigned long block = actor->block[which];

	actor->block[which] = actor->block[--actor->nr];
	give_to(actor, stage.vmp, block);
}

/* Leave a block, if there is one, and take what another one left. */
static void pass_on(struct actor *actor)
{
	atomic_long_t *slot = &stage.slot[below(&actor->rnd, SLOTS)];
	unsigned long block = 0;

	if (actor->nr)
		block = actor->block[--actor->nr];
	block = atomic_long_xchg(slot, block);
	if (block)
		actor->block[actor->nr++] = block;
	actor->count[PASSED]++;
}

static void bulk_in(struct actor *actor)
{
	unsigned int quanta = random_quanta(actor), room = HOLD - actor->nr;
	void *addrs[BULK];
	size_t i, nr;

	nr = vmem_alloc_bulk(stage.vmp, quanta * stage.quantum,
			     min(1 + below(&actor->rnd, BULK), room), addrs,
			     VM_NOSLEEP);
	for (i = 0; i < nr; i++)
		keep(actor, (unsigned long)addrs[i], quanta);
	actor->count[BULKS]++;
}

/* Those of the size of the last one. */
static void bulk_out(struct actor *actor)
{
	unsigned long block = 0, last = actor->block[actor->nr - 1];
	void *addrs[BULK];
	size_t nr = 0;

	while (actor->nr && nr < BULK) {
		block = actor->block[actor->nr - 1];
		if (size_of(block) != size_of(last))
			break;
		disclaim(actor, address_of(block), block & 0xff);
		addrs[nr++] = (void *)address_of(block);
		actor->nr--;
	}
	if (vmem_free_bulk(stage.vmp, size_of(last), nr, addrs) != nr)
		actor->count[UNSUITED]++;
	actor->count[BULKS]++;
}

/* Who sleeps may want it all: others mostly give, then. */
static void act(struct actor *actor)
{
	unsigned int choice = below(&actor->rnd, 32);

	if (atomic_read(&stage.asking) && below(&actor->rnd, 8))
		choice = 4;
	if (choice < 2)
		pass_on(actor);
	else if (choice == 2 && actor->nr < HOLD)
		bulk_in(actor);
	else if (choice == 3 && actor->nr)
		bulk_out(actor);
	else if (choice % 2 && actor->nr < HOLD)
		get_from(actor, stage.vmp);
	else if (actor->nr)
		put_one(actor);
}

static void put_all(struct actor *actor)
{
	while (actor->nr)
		put_one(actor);
}

static void empty_slots(struct actor *actor)
{
	unsigned long block;
	int i;

	for (i = 0; i < SLOTS; i++) {
		block = atomic_long_xchg(&stage.slot[i], 0);
		if (block)
			give_to(actor, stage.vmp, block);
	}
}

/* === Timers === */

/*
 * In hardirq context, but on PREEMPT_RT, which has none where an arena could be
 * used. Between two there is time for threads, also where all is slow.
 */
static enum hrtimer_restart interrupt(struct hrtimer *timer)
{
	struct member *member = container_of(timer, struct member, hard);
	struct actor *actor = &member->hard_actor;
	unsigned int n = 1 + below(&actor->rnd, 3);
	ktime_t begin = ktime_get(), now;
	u64 gap = (20 + below(&actor->rnd, 160)) * NSEC_PER_USEC;

	while (n--)
		act(actor);
	actor->count[HARDIRQS]++;
	now = ktime_get();
	gap = max(gap, 8 * (u64)ktime_to_ns(ktime_sub(now, begin)));
	hrtimer_set_expires(timer, ktime_add_ns(now, gap));
	return READ_ONCE(stage.stop) ? HRTIMER_NORESTART : HRTIMER_RESTART;
}

static void interrupt_softly(struct timer_list *timer)
{
	struct member *member = container_of(timer, struct member, soft);
	unsigned long begin = jiffies;
	unsigned int n = 100;

	while (n--)
		act(&member->soft_actor);
	member->soft_actor.count[SOFTIRQS]++;
	if (!READ_ONCE(stage.stop))
		mod_timer(timer, jiffies + 1 + 4 * (jiffies - begin));
}

/* A CPU that went took away its thread, and gave its timers to another one. */
static void settle(struct member *member)
{
	if (member->cpu < 0 ||
	    (member->settled && raw_smp_processor_id() == member->cpu) ||
	    set_cpus_allowed_ptr(current, cpumask_of(member->cpu)))
		return;
	member->settled = true;
	hrtimer_cancel(&member->hard);
	timer_delete_sync(&member->soft);
	hrtimer_start(&member->hard, 100 * NSEC_PER_USEC, HRTIMER_MODE_REL_PINNED);
	mod_timer(&member->soft, jiffies + 1);
}

static void stop_timers(struct member *member)
{
	hrtimer_cancel(&member->hard);
	timer_delete_sync(&member->soft);
	put_all(&member->hard_actor);
	put_all(&member->soft_actor);
}

/* === Threads === */

/* Requests fail when there is not enough left to import: no matter. */
static void use_own_arena(struct actor *actor)
{
	struct actor *own = kzalloc(sizeof(*own), GFP_KERNEL);
	vmem_t *vmp;
	int i;

	if (!own)
		return;
	own->rnd = actor->rnd;
	vmp = vmem_create("own", NULL, 0, stage.quantum, vmem_alloc, vmem_free, stage.vmp,
			  stage.classes * stage.quantum, VM_SLEEP | stage.cflags);
	if (!vmp) {
		actor->count[UNSUITED]++;
		kfree(own);
		return;
	}
	for (i = 0; i < 100 && own->nr < HOLD; i++) {
		get_from(own, vmp);
		if (own->nr && i % 3 == 0)
			give_to(own, vmp, own->block[--own->nr]);
	}
	while (own->nr)
		give_to(own, vmp, own->block[--own->nr]);
	vmem_destroy(vmp);
	for (i = 0; i < NR_KINDS; i++)
		actor->count[i] += own->count[i];
	actor->count[OWN_ARENAS]++;
	kfree(own);
}

static void act_in_thread(struct member *member)
{
	struct actor *actor = &member->actor;
	unsigned int choice = below(&actor->rnd, 2000);

	if (choice == 0) {
		use_own_arena(actor);
	} else if (choice == 1) {
		vmem_qcache_reap(stage.vmp);
		actor->count[REAPS]++;
	} else if (choice < 50 && atomic_read(&stage.asking)) {
		put_all(actor);
		empty_slots(actor);
	} else {
		act(actor);
	}
}

static void work(struct member *member)
{
	unsigned int n;

	while (!READ_ONCE(stage.stop)) {
		settle(member);
		for (n = 0; n < 100; n++)
			act_in_thread(member);
		cond_resched();
	}
	put_all(&member->actor);
}

/* It holds nothing while it asks, so that no other one waits for it in vain. */
static void sleep_once(struct member *member)
{
	struct actor *actor = &member->actor;
	unsigned int quanta = 1 + below(&actor->rnd, below(&actor->rnd, 2) ?
					MOST : stage.quanta);
	int vmflag = VM_SLEEP | (member->killable ? VM_KILLABLE : 0);
	void *addr;

	atomic_inc(&stage.asking);
	addr = vmem_alloc(stage.vmp, quanta * stage.quantum, vmflag);
	atomic_dec(&stage.asking);
	actor->count[SLEEPS]++;
	if (!addr) {
		actor->count[signal_pending(current) ? KILLS : UNSUITED]++;
		flush_signals(current);
	} else if (claim(actor, (unsigned long)addr, quanta)) {
		disclaim(actor, (unsigned long)addr, quanta);
		vmem_free(stage.vmp, addr, quanta * stage.quantum);
	}
}

/* Memory that this thread asks for may be made to fail. */
static void mark_for_failure(void)
{
#ifdef CONFIG_FAULT_INJECTION
	current->make_it_fail = 1;
#endif
}

static int member_main(void *data)
{
	struct member *member = data;

	allow_signal(SIGKILL);
	mark_for_failure();
	if (!member->sleeps)
		work(member);
	while (!READ_ONCE(stage.stop)) {
		if (!READ_ONCE(stage.calm))
			sleep_once(member);
		usleep_range(500, 5000);
	}
	complete(&member->done);
	return 0;
}

/* === The test === */

static void begin_actor(struct actor *actor, unsigned int seed)
{
	prandom_seed_state(&actor->rnd, seed);
}

static void begin_member(struct kunit *test, int cpu, bool sleeps, unsigned int seed)
{
	struct member *member = &stage.member[stage.nr_members];

	member->cpu = cpu;
	member->sleeps = sleeps;
	member->killable = stage.nr_members % 2;
	begin_actor(&member->actor, seed + 3 * stage.nr_members);
	begin_actor(&member->hard_actor, seed + 3 * stage.nr_members + 1);
	begin_actor(&member->soft_actor, seed + 3 * stage.nr_members + 2);
	init_completion(&member->done);
	hrtimer_init(&member->hard, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	member->hard.function = interrupt;
	timer_setup(&member->soft, interrupt_softly, TIMER_PINNED);
	member->task = kthread_create(member_main, member, "vmem-stress/%u",
				      stage.nr_members);
	if (IS_ERR(member->task)) {
		KUNIT_FAIL(test, "no thread: %pe", member->task);
		return;
	}
	get_task_struct(member->task);
	stage.nr_members++;
}

static void begin(struct kunit *test)
{
	unsigned int seed = vmem_kunit_seed ?: get_random_u32(), i, cpus = 0;
	int cpu;

	kunit_info(test, "vmem_kunit.seed=%u", seed);
	begin_actor(&stage.director, seed - 1);
	for_each_online_cpu(cpu)
		if (cpus++ < MAX_CPUS)
			begin_member(test, cpu, false, seed);
	for (i = 0; i < WANDERERS; i++)
		begin_member(test, -1, false, seed);
	for (i = 0; i < SLEEPERS; i++)
		begin_member(test, -1, true, seed);
	for (i = 0; i < stage.nr_members; i++)
		wake_up_process(stage.member[i].task);
}

/* Take a CPU away and bring it back; not the first one, where the test runs. */
static void replace_a_cpu(struct kunit *test)
{
	unsigned int n = num_online_cpus(), cpu;

	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU) || n == 1)
		return;
	cpu = cpumask_nth(1 + below(&stage.director.rnd, n - 1), cpu_online_mask);
	if (atomic_long_read(&stage.vmp->caches->parked))
		stage.director.count[LOADED]++;
	if (remove_cpu(cpu))
		return;
	usleep_range(1000, 5000);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	stage.director.count[HOTPLUGS]++;
}

static void kill_one(void)
{
	struct member *member;

	member = &stage.member[below(&stage.director.rnd, stage.nr_members)];
	if (member->sleeps && member->killable)
		send_sig(SIGKILL, member->task, 1);
}

static void begin_failures(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vmem_fail_set("1,10,0," __stringify(TIMES)), 0);
}

/* However slow the machine is, or busy with other turns. */
static void await_failure(void)
{
#ifdef CONFIG_FAULT_INJECTION
	unsigned int turns = 0;

	while (atomic_read(&vmem_fail_attr.times) == TIMES && patience_lasts(&turns))
		;
#endif
}

static void end_failures(void)
{
#ifdef CONFIG_FAULT_INJECTION
	if (vmem_fail_armed())
		stage.director.count[FAILURES] +=
			TIMES - atomic_read(&vmem_fail_attr.times);
#endif
	vmem_fail_set(OFF);
}

/*
 * Turns come by four: in one somebody wants much, in one requests are made to fail,
 * too, and in two neither. Magazines are used only in these (vmem/magazine.c).
 */
static void direct(struct kunit *test)
{
	unsigned long end = jiffies + max(stress_seconds, 1) * HZ / STAGES;
	unsigned int turn;

	for (turn = 0; turn < 4 || time_before(jiffies, end); turn++) {
		WRITE_ONCE(stage.calm, turn % 4 > 1);
		if (turn % 4 == 1)
			begin_failures(test);
		else
			end_failures();
		usleep_range(5000, 20000);
		replace_a_cpu(test);
		kill_one();
		if (turn % 4 == 1)
			await_failure();
		EXPECT_VALID(test, stage.vmp);
	}
	end_failures();
	WRITE_ONCE(stage.stop, true);
}

static bool finish_member(struct kunit *test, struct member *member)
{
	unsigned long spare = stage.base + 2 * stage.quanta * stage.quantum;

	if (!wait_for_completion_timeout(&member->done, LIMIT)) {
		KUNIT_FAIL(test, "%s does not finish", member->task->comm);
		send_sig(SIGKILL, member->task, 1);
		vmem_add(stage.vmp, (void *)spare, stage.quanta * stage.quantum,
			 VM_NOSLEEP);
		if (!wait_for_completion_timeout(&member->done, LIMIT / 10)) {
			KUNIT_FAIL(test, "%s is lost", member->task->comm);
			return false;
		}
	}
	kthread_stop(member->task);
	put_task_struct(member->task);
	return true;
}

/* Sleepers get what they wait for when all others have given back theirs. */
static void finish(struct kunit *test)
{
	bool finished = true;
	unsigned int i;

	for (i = 0; i < stage.nr_members; i++)
		if (!stage.member[i].sleeps)
			finished &= finish_member(test, &stage.member[i]);
	for (i = 0; i < stage.nr_members; i++)
		stop_timers(&stage.member[i]);
	empty_slots(&stage.director);
	for (i = 0; i < stage.nr_members; i++)
		if (stage.member[i].sleeps)
			finished &= finish_member(test, &stage.member[i]);
	KUNIT_ASSERT_TRUE(test, finished);
}

static unsigned long total(enum kind kind)
{
	unsigned long sum = stage.director.count[kind];
	unsigned int i;

	for (i = 0; i < stage.nr_members; i++)
		sum += stage.member[i].actor.count[kind] +
		       stage.member[i].hard_actor.count[kind] +
		       stage.member[i].soft_actor.count[kind];
	return sum;
}

static void run_stage(struct kunit *test)
{
	enum kind kind;

	begin(test);
	direct(test);
	finish(test);
	for (kind = 0; kind < NR_KINDS; kind++)
		kunit_info(test, "%10lu %s", total(kind), kind_names[kind]);
	kunit_info(test, "%10llu sleeps", vmem_stat(stage.vmp, VMEM_STAT_WAIT));
	KUNIT_EXPECT_EQ(test, total(TWICE), 0ul);
	KUNIT_EXPECT_EQ(test, total(UNSUITED), 0ul);
	KUNIT_EXPECT_EQ(test, total(TAKEN), total(GIVEN));
	KUNIT_EXPECT_GT(test, total(TAKEN), 0ul);
	if (IS_ENABLED(CONFIG_FAULT_INJECTION))
		KUNIT_EXPECT_GT(test, total(FAILURES), 0ul);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(stage.owned, stage.quanta));
	cached_reap(test, stage.vmp, 0);
	EXPECT_STAT(test, stage.vmp, MISUSE, 0);
	EXPECT_STAT(test, stage.vmp, FREE, vmem_stat(stage.vmp, VMEM_STAT_ALLOC));
}

static void set_stage(struct kunit *test, unsigned long base, size_t quantum,
		      unsigned int quanta, unsigned int classes)
{
	memset(&stage, 0, sizeof(stage));
	stage.base = base;
	stage.quantum = quantum;
	stage.quanta = quanta;
	stage.classes = classes;
	KUNIT_ASSERT_LE(test, quanta, MOST_QUANTA);
}

static void stress_identifiers(struct kunit *test, unsigned int nr)
{
	set_stage(test, 1, 1, nr, 16);
	stage.cflags = VMC_IDENTIFIER;
	stage.vmp = cached_ids(test, nr, 16);
	run_stage(test);
	cached_expect_whole(test, stage.vmp, 1, nr);
}

static void few_identifiers(struct kunit *test)
{
	stress_identifiers(test, 64);
}

static void hundreds_of_identifiers(struct kunit *test)
{
	stress_identifiers(test, 1000);
}

static void many_identifiers(struct kunit *test)
{
	stress_identifiers(test, MOST_QUANTA);
}

static void pages(struct kunit *test)
{
	set_stage(test, CACHED_BASE, PG, 4096, 8);
	stage.vmp = cached_arena(test, 4096 * PG, PG, 8 * PG);
	run_stage(test);
	cached_expect_whole(test, stage.vmp, CACHED_BASE, 4096 * PG);
}

static void imported_pages(struct kunit *test)
{
	vmem_t *source = fixture_arena(test, CACHED_BASE, 4096 * PG, 4 * PG);

	set_stage(test, CACHED_BASE, PG, 4096, 8);
	stage.vmp = cached_child(test, source, PG, 8 * PG);
	run_stage(test);
	EXPECT_STAT(test, stage.vmp, MEM_TOTAL, 0);
	EXPECT_STAT(test, source, MEM_INUSE, 0);
	EXPECT_LAYOUT(test, source, VMEM_FREE, "1000000+1000000");
}

static struct kunit_case stress_cases[] = {
	KUNIT_CASE_SLOW(few_identifiers),
	KUNIT_CASE_SLOW(hundreds_of_identifiers),
	KUNIT_CASE_SLOW(many_identifiers),
	KUNIT_CASE_SLOW(pages),
	KUNIT_CASE_SLOW(imported_pages),
	{}
};

static_assert(ARRAY_SIZE(stress_cases) == STAGES + 1);

/* A backtrace for each failure would be some thousands of them. */
static void set_verbose(unsigned long verbose)
{
#ifdef CONFIG_FAULT_INJECTION
	vmem_fail_attr.verbose = verbose;
#endif
}

static int stress_init(struct kunit *test)
{
	set_verbose(0);
	return cached_init(test);
}

static void stress_exit(struct kunit *test)
{
	vmem_fail_set(OFF);
	set_verbose(2);
	fixture_exit(test);
}

static struct kunit_suite stress_suite = {
	.name = "vmem_stress",
	.init = stress_init,
	.exit = stress_exit,
	.test_cases = stress_cases,
};

kunit_test_suite(stress_suite);
