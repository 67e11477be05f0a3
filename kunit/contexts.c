// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: how each is entered, and how a cell is run in it. The calls are those of
 * context_calls.c.
 */
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "context_calls.h"
#include "patience.h"

#define ATTEMPTS	5

struct row {
	const char *name;
	void (*enter)(struct contexts_cell *cell);
	bool (*here)(void);		/* is it that context? NULL: who knows */
	bool sleeps;			/* may sleep, and wait for memory */
	bool bare;			/* on PREEMPT_RT, no spinlock_t may be taken */
	bool watched;			/* by lockdep, as if this were PREEMPT_RT */
};

/* === Rows: tasks === */

static void enter_task(struct contexts_cell *cell)
{
	contexts_call(cell);
}

static void enter_spinlock(struct contexts_cell *cell)
{
	static DEFINE_SPINLOCK(lock);
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	contexts_call(cell);
	spin_unlock_irqrestore(&lock, flags);
}

static void enter_bh_off(struct contexts_cell *cell)
{
	local_bh_disable();
	contexts_call(cell);
	local_bh_enable();
}

static void enter_preemption_off(struct contexts_cell *cell)
{
	preempt_disable();
	contexts_call(cell);
	preempt_enable();
}

static void enter_interrupts_off(struct contexts_cell *cell)
{
	unsigned long flags;

	local_irq_save(flags);
	contexts_call(cell);
	local_irq_restore(flags);
}

static void enter_raw_spinlock(struct contexts_cell *cell)
{
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	contexts_call(cell);
	raw_spin_unlock_irqrestore(&lock, flags);
}

static bool in_plain_task(void)
{
	return in_task() && !irqs_disabled() && !softirq_count();
}

static bool bh_is_off(void)
{
	return in_task() && softirq_count();
}

static bool preemption_is_off(void)
{
	return in_task() && !preemptible();
}

static bool interrupts_are_off(void)
{
	return in_task() && irqs_disabled();
}

/* === Rows: interrupts === */

static void await(struct contexts_cell *cell)
{
	expect(cell, patient_wait(&cell->done));
}

static void in_tasklet(struct tasklet_struct *tasklet)
{
	contexts_call(container_of(tasklet, struct contexts_cell, tasklet));
}

static void enter_tasklet(struct contexts_cell *cell)
{
	tasklet_setup(&cell->tasklet, in_tasklet);
	tasklet_schedule(&cell->tasklet);
	await(cell);
	tasklet_kill(&cell->tasklet);
}

static enum hrtimer_restart in_timer(struct hrtimer *timer)
{
	contexts_call(container_of(timer, struct contexts_cell, timer));
	return HRTIMER_NORESTART;
}

static void run_timer(struct contexts_cell *cell, enum hrtimer_mode mode)
{
	hrtimer_init(&cell->timer, CLOCK_MONOTONIC, mode);
	cell->timer.function = in_timer;
	hrtimer_start(&cell->timer, NSEC_PER_MSEC, mode);
	await(cell);
	hrtimer_cancel(&cell->timer);
}

static void enter_soft_timer(struct contexts_cell *cell)
{
	run_timer(cell, HRTIMER_MODE_REL_SOFT);
}

/*
 * Those that are hard on PREEMPT_RT, too, where all others are not: for calls that
 * take locks, lockdep sees to that. Elsewhere, others run in hardirq just the same.
 */
static bool hard(const struct contexts_cell *cell)
{
	return cell->column->lockless || !IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING);
}

static void enter_hard_timer(struct contexts_cell *cell)
{
	run_timer(cell, hard(cell) ? HRTIMER_MODE_REL_HARD : HRTIMER_MODE_REL);
}

static void in_irq_work(struct irq_work *work)
{
	contexts_call(container_of(work, struct contexts_cell, work));
}

static void enter_irq_work(struct contexts_cell *cell)
{
	init_irq_work(&cell->work, in_irq_work);
	if (hard(cell))
		cell->work = IRQ_WORK_INIT_HARD(in_irq_work);
	irq_work_queue(&cell->work);
	await(cell);
	irq_work_sync(&cell->work);
}

static bool in_softirq_now(void)
{
	return in_serving_softirq();
}

static bool in_hardirq_now(void)
{
	return in_hardirq();
}

/* === Rows: memory scopes and reclaim === */

/*
 * A lock as those that scopes are there for: reclaim takes it, and so nobody who
 * holds it may wait for reclaim. Lockdep tells if a scope is not obeyed.
 */
static DEFINE_MUTEX(wanted_by_reclaim);

static void teach_lockdep(void)
{
	fs_reclaim_acquire(GFP_KERNEL);
	mutex_lock(&wanted_by_reclaim);
	mutex_unlock(&wanted_by_reclaim);
	fs_reclaim_release(GFP_KERNEL);
}

static void call_in_scope(struct contexts_cell *cell, unsigned int (*save)(void),
			  void (*restore)(unsigned int flags))
{
	unsigned int flags;

	teach_lockdep();
	flags = save();
	mutex_lock(&wanted_by_reclaim);
	contexts_call(cell);
	mutex_unlock(&wanted_by_reclaim);
	restore(flags);
}

static void enter_noio(struct contexts_cell *cell)
{
	call_in_scope(cell, memalloc_noio_save, memalloc_noio_restore);
}

static void enter_nofs(struct contexts_cell *cell)
{
	call_in_scope(cell, memalloc_nofs_save, memalloc_nofs_restore);
}

static void enter_noreclaim(struct contexts_cell *cell)
{
	call_in_scope(cell, memalloc_noreclaim_save, memalloc_noreclaim_restore);
}

/* What the kernel is in while it calls shrinkers. */
static void enter_reclaim(struct contexts_cell *cell)
{
	unsigned int flags;

	fs_reclaim_acquire(GFP_KERNEL);
	flags = memalloc_noreclaim_save();
	contexts_call(cell);
	memalloc_noreclaim_restore(flags);
	fs_reclaim_release(GFP_KERNEL);
}

static bool in_noio(void)
{
	return current->flags & PF_MEMALLOC_NOIO;
}

static bool in_nofs(void)
{
	return current->flags & PF_MEMALLOC_NOFS;
}

static bool in_noreclaim(void)
{
	return current->flags & PF_MEMALLOC;
}

static const struct row rows[] = {
	{ "task", enter_task, in_plain_task, .sleeps = true },
	{ "spinlock held", enter_spinlock },
	{ "BH disabled", enter_bh_off, bh_is_off },
	{ "preemption off", enter_preemption_off, preemption_is_off, .bare = true },
	{ "interrupts off", enter_interrupts_off, interrupts_are_off, .bare = true },
	{ "raw spinlock held", enter_raw_spinlock, interrupts_are_off, .bare = true,
	  .watched = true },
	{ "tasklet", enter_tasklet, in_softirq_now },
	{ "soft timer", enter_soft_timer, in_softirq_now },
	{ "irq_work", enter_irq_work, in_hardirq_now, .bare = true },
	{ "hard timer", enter_hard_timer, in_hardirq_now, .bare = true },
	{ "memalloc_noio", enter_noio, in_noio, .sleeps = true },
	{ "memalloc_nofs", enter_nofs, in_nofs, .sleeps = true },
	{ "memalloc_noreclaim", enter_noreclaim, in_noreclaim },
	{ "reclaim", enter_reclaim },
};

static_assert(ARRAY_SIZE(rows) == CONTEXTS_ROWS);

/* === Cells === */

static const struct row *row_of(unsigned int nr)
{
	return &rows[nr / CONTEXTS_COLUMNS];
}

static const struct column *column_of(unsigned int nr)
{
	return &contexts_columns[nr % CONTEXTS_COLUMNS];
}

void contexts_name(unsigned int nr, char *name, size_t size)
{
	snprintf(name, size, "%s: %s", row_of(nr)->name, column_of(nr)->name);
}

bool contexts_in_reclaim(unsigned int nr)
{
	return row_of(nr)->enter == enter_reclaim;
}

/* Why a cell cannot be; NULL if it can. */
static const char *objection(const struct row *row, const struct column *column,
			     const struct contexts_means *means)
{
	if (column->sleeps && !row->sleeps)
		return "may not sleep";
	if (!column->lockless && row->bare && IS_ENABLED(CONFIG_PREEMPT_RT))
		return "illegal on PREEMPT_RT";
	if (!column->lockless && row->watched &&
	    IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING))
		return "lockdep forbids what is illegal on PREEMPT_RT";
	if (column->dma && !means->dev)
		return "no device for DMA";
	return NULL;
}

struct contexts_cell *contexts_begin(unsigned int nr,
				     const struct contexts_means *means,
				     struct contexts_verdict *verdict)
{
	struct contexts_cell *cell;

	*verdict = (struct contexts_verdict) {
		.result = CONTEXTS_SKIPPED,
		.why = objection(row_of(nr), column_of(nr), means),
	};
	if (verdict->why)
		return NULL;
	cell = kvzalloc(sizeof(*cell), GFP_KERNEL);
	if (!cell) {
		*verdict = (struct contexts_verdict) {
			.result = CONTEXTS_FAILED,
			.why = "no memory",
			.file = kbasename(__FILE__),
			.line = __LINE__,
		};
		return NULL;
	}
	cell->row = row_of(nr);
	cell->column = column_of(nr);
	cell->means = *means;
	init_completion(&cell->woken);
	init_completion(&cell->done);
	if (cell->column->prepare)
		cell->column->prepare(cell);
	return cell;
}

void contexts_call(struct contexts_cell *cell)
{
	if (cell->row->here)
		expect(cell, cell->row->here());
	cell->called = true;
	if (!cell->verdict.why)		/* it was prepared */
		cell->column->call(cell);
	complete(&cell->done);
}

/* Caches need not have given everything back when a reap returns. */
static bool settles(vmem_t *vmp)
{
	unsigned int turns = 0;

	do {
		vmem_qcache_reap(vmp);
		if (!vmem_size(vmp, VMEM_ALLOC))
			return true;
	} while (patience_lasts(&turns));
	return false;
}

static void end_arena(struct contexts_cell *cell, vmem_t *vmp)
{
	bool (*valid)(vmem_t *vmp) = cell->means.valid;

	expect(cell, settles(vmp));
	if (valid)
		expect(cell, valid(vmp));
	vmem_destroy(vmp);
}

struct contexts_verdict contexts_end(struct contexts_cell *cell)
{
	struct contexts_verdict verdict;

	expect(cell, cell->called);
	if (!contexts_sleeper_ends(cell))
		return cell->verdict;	/* and keep what it sleeps in, for ever */
	pile_empty(&cell->pile[0]);
	pile_empty(&cell->pile[1]);
	while (cell->nr_arenas)
		end_arena(cell, cell->arena[--cell->nr_arenas]);
	verdict = cell->verdict;
	kvfree(cell);
	return verdict;
}

struct contexts_verdict contexts_run(unsigned int nr,
				     const struct contexts_means *means)
{
	struct contexts_verdict verdict;
	struct contexts_cell *cell;
	int attempt;

	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		cell = contexts_begin(nr, means, &verdict);
		if (!cell)
			break;
		cell->row->enter(cell);
		verdict = contexts_end(cell);
		if (!verdict.starved)
			break;
		msleep(20);
	}
	return verdict;
}
