// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several threads in one arena. Each quantum has a bit, which whoever gets the
 * quantum sets and whoever gives it back clears: one that is set already has been
 * handed out twice.
 *
 * Fillers take what there is, without sleeping, and give it all back when sleepers
 * ask for space. Sleepers ask when the arena is full, so that they do sleep, even
 * where only one CPU runs all threads. A sleeper holds nothing that another one
 * could wait for: a thread that does not finish has missed its wake-up.
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/wait.h>

#include "fixture.h"
#include "oracle.h"

#define THREADS		4
#define SLEEPERS	2		/* of them; the others are fillers */
#define QUANTA		8192
#define BASE		(16 * PG)
#define HOLD		256		/* blocks of a filler */
#define ROUNDS		300		/* requests of a sleeper, or fillings */
#define LIMIT		(200 * HZ)

struct crew;

struct hand {
	struct crew *crew;
	bool sleeps;
	struct rnd_state rnd;
	struct completion done;
	unsigned int nr;		/* blocks held */
	unsigned long addr[HOLD];
	unsigned long size[HOLD];
};

struct crew {
	vmem_t *vmp;
	struct completion go;
	wait_queue_head_t wait;
	atomic_t asking;		/* sleepers that are in a request */
	atomic_t full;			/* fillers that hold what they can get */
	atomic_t sleepers;		/* that have not finished */
	atomic_t fillers;
	atomic_t twice;			/* quanta handed out when not free */
	atomic_t unsuited;		/* blocks not as asked for */
	atomic_t empty;			/* sleepers that came back without */
	DECLARE_BITMAP(taken, QUANTA);
	struct hand hand[THREADS];
};

/* A thread that is lost for ever must not find its arguments gone. */
static struct crew crew;

static int policy_of(struct hand *hand)
{
	static const int policy[] = { 0, VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT };
	int vmflag = policy[below(&hand->rnd, ARRAY_SIZE(policy))];

	return below(&hand->rnd, 4) ? vmflag : vmflag | VM_ENDALLOC;
}

static unsigned int bit_of(unsigned long addr)
{
	return (addr - BASE) / PG;
}

static void hand_take(struct hand *hand, unsigned int quanta, int vmflag)
{
	unsigned long align = PG << (below(&hand->rnd, 4) ? 0 : below(&hand->rnd, 5));
	unsigned long addr, size = quanta * PG - below(&hand->rnd, PG);
	unsigned int i;

	addr = (unsigned long)vmem_xalloc(hand->crew->vmp, size, align, 0, 0, NULL,
					  NULL, vmflag);
	if (!addr) {
		if (!(vmflag & VM_NOSLEEP))
			atomic_inc(&hand->crew->empty);
		return;
	}
	if (addr < BASE || bit_of(addr) + quanta > QUANTA || addr % align) {
		atomic_inc(&hand->crew->unsuited);
		return;
	}
	for (i = 0; i < quanta; i++)
		if (test_and_set_bit(bit_of(addr) + i, hand->crew->taken))
			atomic_inc(&hand->crew->twice);
	hand->addr[hand->nr] = addr;
	hand->size[hand->nr++] = size;
}

static void hand_give(struct hand *hand, unsigned int which)
{
	unsigned long addr = hand->addr[which];
	unsigned long size = hand->size[which];
	unsigned int i;

	for (i = 0; i < DIV_ROUND_UP(size, PG); i++)
		if (!test_and_clear_bit(bit_of(addr) + i, hand->crew->taken))
			atomic_inc(&hand->crew->twice);
	hand->nr--;
	hand->addr[which] = hand->addr[hand->nr];
	hand->size[which] = hand->size[hand->nr];
	vmem_xfree(hand->crew->vmp, (void *)addr, size);
}

/* The limit of time is for what begins and ends between two looks. */
#define await(crew, condition)	wait_event_timeout((crew)->wait, condition, HZ / 10)

static void sleep_once(struct hand *hand)
{
	struct crew *crew = hand->crew;

	await(crew, atomic_read(&crew->full) >= atomic_read(&crew->fillers));
	atomic_inc(&crew->asking);
	wake_up_all(&crew->wait);
	hand_take(hand, 1 + below(&hand->rnd, QUANTA / 4),
		  policy_of(hand) | VM_SLEEP);
	atomic_dec(&crew->asking);
	wake_up_all(&crew->wait);
	if (hand->nr)
		hand_give(hand, 0);
}

/* Small blocks until there is nothing left; back in random order. */
static void fill_once(struct hand *hand)
{
	struct crew *crew = hand->crew;
	unsigned int nr;

	do {
		nr = hand->nr;
		if (nr && below(&hand->rnd, 5) == 0)
			hand_give(hand, below(&hand->rnd, nr));
		else
			hand_take(hand, 1 + below(&hand->rnd, 64),
				  policy_of(hand) | VM_NOSLEEP);
	} while (hand->nr != nr && hand->nr < HOLD);

	atomic_inc(&crew->full);
	wake_up_all(&crew->wait);
	await(crew, atomic_read(&crew->asking) || !atomic_read(&crew->sleepers));
	while (hand->nr)
		hand_give(hand, below(&hand->rnd, hand->nr));
	atomic_dec(&crew->full);
	await(crew, !atomic_read(&crew->asking));
}

static int hand_main(void *data)
{
	struct hand *hand = data;
	struct crew *crew = hand->crew;
	unsigned int i;

	wait_for_completion(&crew->go);
	for (i = 0; i < ROUNDS; i++) {
		if (hand->sleeps)
			sleep_once(hand);
		else
			fill_once(hand);
		cond_resched();
	}
	atomic_dec(hand->sleeps ? &crew->sleepers : &crew->fillers);
	wake_up_all(&crew->wait);
	kthread_complete_and_exit(&hand->done, 0);
}

/*
 * Thousands of free quanta before any thread asks for order: the index of them is
 * then built while others allocate and free.
 */
static void comb_make(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < QUANTA; i++)
		KUNIT_ASSERT_NE(test, take(crew.vmp, PG, 0), 0ul);
	for (i = 0; i < QUANTA; i += 2)
		give(crew.vmp, BASE + i * PG, PG);
	for (i = 1; i < QUANTA; i += 2)
		set_bit(i, crew.taken);
}

static void comb_break(void)
{
	unsigned int i;

	for (i = 1; i < QUANTA; i += 2) {
		clear_bit(i, crew.taken);
		give(crew.vmp, BASE + i * PG, PG);
		if (i % 64 == 1)
			cond_resched();
	}
}

static void start(struct kunit *test, unsigned int n, unsigned int seed)
{
	struct hand *hand = &crew.hand[n];
	struct task_struct *task;

	hand->crew = &crew;
	hand->sleeps = n < SLEEPERS;
	prandom_seed_state(&hand->rnd, seed + n);
	init_completion(&hand->done);
	task = kthread_run(hand_main, hand, "vmem-hand/%u", n);
	if (IS_ERR(task)) {
		KUNIT_FAIL(test, "no thread: %pe", task);
		atomic_dec(hand->sleeps ? &crew.sleepers : &crew.fillers);
		complete(&hand->done);
	}
}

/* One that sleeps on although there is space is fed once, then given up. */
static void finish(struct kunit *test, unsigned int n)
{
	if (wait_for_completion_timeout(&crew.hand[n].done, LIMIT))
		return;
	KUNIT_FAIL(test, "thread %u sleeps too long", n);
	vmem_add(crew.vmp, (void *)(BASE + 2 * QUANTA * PG), QUANTA * PG, VM_SLEEP);
	if (!wait_for_completion_timeout(&crew.hand[n].done, LIMIT / 10))
		KUNIT_FAIL(test, "thread %u is lost", n);
}

static void run_crew(struct kunit *test, vmem_t *vmp)
{
	unsigned int n, seed = vmem_kunit_seed ?: get_random_u32();

	kunit_info(test, "vmem_kunit.seed=%u", seed);
	memset(&crew, 0, sizeof(crew));
	crew.vmp = vmp;
	init_completion(&crew.go);
	init_waitqueue_head(&crew.wait);
	atomic_set(&crew.sleepers, SLEEPERS);
	atomic_set(&crew.fillers, THREADS - SLEEPERS);
	comb_make(test);
	for (n = 0; n < THREADS; n++)
		start(test, n, seed);
	complete_all(&crew.go);
	comb_break();
	for (n = 0; n < THREADS; n++)
		finish(test, n);

	KUNIT_EXPECT_EQ(test, atomic_read(&crew.twice), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&crew.unsuited), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&crew.empty), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(crew.taken, QUANTA));
	EXPECT_STAT(test, vmp, MEM_INUSE, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	KUNIT_EXPECT_EQ(test, vmem_stat(vmp, VMEM_STAT_ALLOC),
			vmem_stat(vmp, VMEM_STAT_FREE));
	EXPECT_VALID(test, vmp);
	kunit_info(test, "%llu allocations, %llu sleeps, %llu failures",
		   vmem_stat(vmp, VMEM_STAT_ALLOC), vmem_stat(vmp, VMEM_STAT_WAIT),
		   vmem_stat(vmp, VMEM_STAT_FAIL));
}

static void threads_share_an_arena(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, BASE, QUANTA * PG, PG);

	run_crew(test, vmp);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "10000+2000000");
}

/* Imports and releases go on while the other threads search. */
static void threads_share_an_importing_arena(struct kunit *test)
{
	vmem_t *source = fixture_arena(test, BASE, QUANTA * PG, 4 * PG);
	vmem_t *vmp = fixture_child(test, source, PG);

	run_crew(test, vmp);
	EXPECT_STAT(test, vmp, MEM_TOTAL, 0);
	EXPECT_STAT(test, source, MEM_INUSE, 0);
	EXPECT_LAYOUT(test, source, VMEM_FREE, "10000+2000000");
}

static struct kunit_case threads_cases[] = {
	KUNIT_CASE_SLOW(threads_share_an_arena),
	KUNIT_CASE_SLOW(threads_share_an_importing_arena),
	{}
};

static struct kunit_suite threads_suite = {
	.name = "vmem_threads",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = threads_cases,
};

kunit_test_suite(threads_suite);
