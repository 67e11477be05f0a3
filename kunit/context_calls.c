// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of calls: those on arenas of numbers; and the table of all groups.
 */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "context_calls.h"
#include "patience.h"

/* === Arenas === */

static vmem_t *numbers(struct contexts_cell *cell, unsigned int nr,
		       size_t qcache_max, int vmflag)
{
	return contexts_own(cell, vmem_create("numbers", (void *)BASE, nr * UNIT,
					      UNIT, NULL, NULL, NULL, qcache_max,
					      vmflag));
}

static vmem_t *child(struct contexts_cell *cell, vmem_t *source, size_t qcache_max,
		     int vmflag)
{
	return contexts_own(cell, vmem_create("child", NULL, 0, UNIT, vmem_alloc,
					      vmem_free, source, qcache_max,
					      vmflag));
}

static void *grow(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	*sizep = ALIGN(*sizep, 4 * UNIT);
	return vmem_alloc(source, *sizep, vmflag);
}

static vmem_t *growing_child(struct contexts_cell *cell, vmem_t *source,
			     size_t qcache_max, int vmflag)
{
	return contexts_own(cell, vmem_xcreate("growing", NULL, 0, UNIT, grow,
					       vmem_free, source, qcache_max,
					       vmflag));
}

static void warm_numbers(struct contexts_cell *cell, struct pile *pile,
			 unsigned int nr, size_t qcache_max)
{
	pile->vmp = numbers(cell, nr, qcache_max, VM_SLEEP);
	pile_warm_up(pile);
}

/* === Columns: no lock === */

static void prepare_lockless(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];

	pile->vmp = numbers(cell, FEW, 0, VM_SLEEP);
	pile_begin(pile, 3 * UNIT - 1);
}

static void call_lockless(struct contexts_cell *cell)
{
	vmem_t *vmp = cell->pile[0].vmp;

	expect(cell, vmem_size(vmp, VMEM_ALLOC) == 3 * UNIT - 1);
	expect(cell, vmem_size(vmp, VMEM_FREE) == (FEW - 3) * UNIT + 1);
	vmem_set_private(vmp, cell);
	expect(cell, vmem_get_private(vmp) == cell);
	expect(cell, vmem_gfp(VM_SLEEP) == GFP_KERNEL);
	expect(cell, vmem_gfp(VM_NOSLEEP) == (GFP_NOWAIT | __GFP_NOWARN));
	expect(cell, vmem_gfp(VM_NOSLEEP | VM_PUSHPAGE) ==
		     (GFP_ATOMIC | __GFP_NOWARN));
}

/* === Columns: frees, inspection === */

static void prepare_frees(struct contexts_cell *cell)
{
	int i;

	warm_numbers(cell, &cell->pile[0], FEW, 0);
	warm_numbers(cell, &cell->pile[1], MANY, CACHED);
	for (i = 0; i < 2; i++)
		if (cell->pile[i].vmp)
			pile_fill(&cell->pile[i], VM_NOSLEEP);
}

struct tally {
	vmem_t *vmp;			/* NULL: the lock is held */
	unsigned int segments;
	size_t size;
	bool strange;
};

static void count(void *arg, void *start, size_t size)
{
	struct tally *tally = arg;

	tally->segments++;
	tally->size += size;
	if (tally->vmp && !vmem_contains(tally->vmp, start, size))
		tally->strange = true;
}

static void inspect(struct contexts_cell *cell, struct pile *pile)
{
	struct tally whole = {}, busy = { .vmp = pile->vmp };

	expect(cell, vmem_contains(pile->vmp, pile->block[0], pile->size));
	expect(cell, !vmem_contains(pile->vmp, (void *)(BASE - UNIT), 2 * UNIT));
	vmem_walk(pile->vmp, VMEM_ALLOC | VMEM_FREE, count, &whole);
	expect(cell, whole.size == vmem_size(pile->vmp, VMEM_ALLOC | VMEM_FREE));
	vmem_walk(pile->vmp, VMEM_ALLOC | VMEM_REENTRANT, count, &busy);
	expect(cell, busy.size >= pile->nr * pile->size);	/* slabs have more */
	expect(cell, !busy.strange);
}

static void call_frees(struct contexts_cell *cell)
{
	struct pile *plain = &cell->pile[0], *cached = &cell->pile[1];
	int i;

	if (!expect_memory(cell, plain->nr == FEW) ||
	    !expect_memory(cell, pile_nearly_all(cached)))
		return;
	for (i = 0; i < 2; i++) {
		inspect(cell, &cell->pile[i]);
		pile_thin(&cell->pile[i]);
		inspect(cell, &cell->pile[i]);
	}
	expect(cell, vmem_size(plain->vmp, VMEM_ALLOC) == FEW / 2 * UNIT);
	vmem_xfree(plain->vmp, plain->block[--plain->nr], plain->size);
	for (i = 0; i < 2; i++)
		pile_empty_bulk(cell, &cell->pile[i]);
	expect(cell, vmem_size(plain->vmp, VMEM_ALLOC) == 0);
}

/* === Columns: allocation === */

static void prepare_numbers(struct contexts_cell *cell)
{
	warm_numbers(cell, &cell->pile[0], FEW, 0);
}

static void exhaust(struct contexts_cell *cell, struct pile *pile, int vmflag)
{
	void *block;

	pile_fill(pile, vmflag);
	expect_memory(cell, pile->nr == FEW);
	expect(cell, pile_sound(pile));
	pile_thin(pile);
	contexts_expect_none(cell, pile->vmp, 2 * UNIT, vmflag);
	pile_fill(pile, vmflag);
	expect_memory(cell, pile->nr == FEW);
	expect(cell, pile_sound(pile));
	pile_empty(pile);
	expect(cell, vmem_size(pile->vmp, VMEM_FREE) == FEW * UNIT);

	block = vmem_alloc(pile->vmp, FEW * UNIT, vmflag);
	if (expect_memory(cell, block == (void *)BASE))
		vmem_free(pile->vmp, block, FEW * UNIT);
}

static void constrained(struct contexts_cell *cell, vmem_t *vmp, int vmflag)
{
	void *min = (void *)(BASE + 30 * UNIT), *max = (void *)(BASE + 48 * UNIT);
	void *block = vmem_xalloc(vmp, 2 * UNIT, 4 * UNIT, UNIT, 16 * UNIT, min, max,
				  vmflag);

	if (!expect_memory(cell, block))
		return;
	expect(cell, block >= min && block + 2 * UNIT <= max);
	expect(cell, (unsigned long)block % (4 * UNIT) == UNIT);
	vmem_xfree(vmp, block, 2 * UNIT);
}

static void call_alloc(struct contexts_cell *cell)
{
	static const int how[] = {
		0, VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT, VM_ENDALLOC,
		VM_BESTFIT | VM_ENDALLOC, VM_FIRSTFIT | VM_PUSHPAGE,
		VM_NEXTFIT | VM_NORMALPRI, VM_ABORT,
	};
	struct pile *pile = &cell->pile[0];
	int i;

	for (i = 0; i < ARRAY_SIZE(how); i++) {
		exhaust(cell, pile, how[i] | VM_NOSLEEP);
		constrained(cell, pile->vmp, how[i] | VM_NOSLEEP);
	}
	pile_fill_bulk(pile, VM_NOSLEEP);
	expect_memory(cell, pile->nr == FEW);
	expect(cell, pile_sound(pile));
	pile_empty_bulk(cell, pile);
}

static void prepare_cached(struct contexts_cell *cell)
{
	warm_numbers(cell, &cell->pile[0], MANY, CACHED);
}

static void call_cached(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];
	void *block;

	for (pile->size = 2 * UNIT; pile->size; pile->size -= UNIT) {
		pile_fill(pile, VM_NOSLEEP);
		expect_memory(cell, pile_nearly_all(pile));
		expect(cell, pile_sound(pile));
		pile_thin(pile);
		pile_fill(pile, VM_NOSLEEP | VM_PUSHPAGE);
		expect_memory(cell, pile_nearly_all(pile));
		expect(cell, pile_sound(pile));
		pile_empty(pile);
	}
	pile->size = UNIT;
	pile_fill_bulk(pile, VM_NOSLEEP);
	expect_memory(cell, pile_nearly_all(pile));
	expect(cell, pile_sound(pile));
	pile_empty_bulk(cell, pile);

	/* More than slabs have: they are dissolved for it. */
	block = vmem_alloc(pile->vmp, MANY / 16 * UNIT, VM_NOSLEEP);
	if (expect_memory(cell, block))
		vmem_free(pile->vmp, block, MANY / 16 * UNIT);
	constrained(cell, pile->vmp, VM_NOSLEEP);
}

/* === Columns: wake-up === */

static int sleep_for_block(void *arg)
{
	struct contexts_cell *cell = arg;
	struct pile *pile = &cell->pile[0];

	cell->found = vmem_alloc(pile->vmp, pile->size, VM_SLEEP);
	if (cell->found)
		vmem_free(pile->vmp, cell->found, pile->size);
	kthread_complete_and_exit(&cell->woken, 0);
}

/* Threads that may not have come to sleep yet do no harm: they find the block. */
static void await_sleep(struct task_struct *task)
{
	unsigned int turns = 0;

	while (patience_lasts(&turns) && task_is_running(task))
		;
}

static void prepare_wake_up(struct contexts_cell *cell)
{
	struct task_struct *task;

	prepare_numbers(cell);
	if (!cell->pile[0].vmp)
		return;
	pile_fill(&cell->pile[0], VM_NOSLEEP);
	task = kthread_create(sleep_for_block, cell, "vmem-contexts");
	if (!expect_memory(cell, !IS_ERR(task)))
		return;
	cell->sleeper = get_task_struct(task);
	wake_up_process(task);
	await_sleep(task);
}

static void call_wake_up(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];

	expect_memory(cell, pile->nr == FEW);
	expect(cell, !cell->found);
	vmem_free(pile->vmp, pile->block[--pile->nr], pile->size);
}

/* One that was not woken, which is a failure, gets all there is; may it end. */
bool contexts_sleeper_ends(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];
	bool ended;

	if (!cell->sleeper)
		return true;
	ended = patient_wait(&cell->woken);
	if (!expect(cell, ended)) {
		pile_empty(pile);
		ended = patient_wait(&cell->woken);
	}
	if (ended) {
		expect(cell, cell->found == pile->block[pile->nr]);
		put_task_struct(cell->sleeper);
	}
	return ended;
}

/* === Columns: spans, creation === */

static void prepare_spans(struct contexts_cell *cell)
{
	cell->pile[0].vmp = numbers(cell, FEW, 0, VM_SLEEP);
	cell->pile[1].vmp = child(cell, NULL, 0, VM_SLEEP);
}

static void call_add(struct contexts_cell *cell)
{
	void *start = (void *)(BASE + 2 * FEW * UNIT);
	size_t size = FEW * UNIT;
	int i;

	for (i = 0; i < 2; i++) {
		vmem_t *vmp = cell->pile[i].vmp;
		size_t before = vmem_size(vmp, VMEM_FREE);
		void *block;

		expect(cell, !vmem_contains(vmp, start, size));
		if (!expect_memory(cell, vmem_add(vmp, start, size, VM_NOSLEEP)))
			continue;
		expect(cell, vmem_contains(vmp, start, size));
		expect(cell, vmem_size(vmp, VMEM_FREE) == before + size);
		block = vmem_xalloc(vmp, size, 0, 0, 0, start, start + size,
				    VM_NOSLEEP);
		if (expect_memory(cell, block == start))
			vmem_xfree(vmp, block, size);
	}
}

static void use_number(struct contexts_cell *cell, vmem_t *vmp)
{
	void *block;

	if (!vmp)
		return;
	block = vmem_alloc(vmp, UNIT, VM_NOSLEEP);
	if (!expect_memory(cell, block))
		return;
	expect(cell, vmem_contains(vmp, block, UNIT));
	vmem_free(vmp, block, UNIT);
}

static void call_create(struct contexts_cell *cell)
{
	static const struct resource bar = {
		.name = "bar",
		.start = BASE,
		.end = BASE + FEW * UNIT - 1,
		.flags = IORESOURCE_MEM,
	};
	size_t qcache_max = cell->column->qcache_max;
	vmem_t *source = numbers(cell, FEW, qcache_max, VM_NOSLEEP), *vmp;

	if (!source)
		return;
	use_number(cell, source);
	use_number(cell, child(cell, source, qcache_max, VM_NOSLEEP));
	use_number(cell, growing_child(cell, source, qcache_max, VM_NOSLEEP));
	vmp = contexts_own(cell, vmem_create_resource(NULL, &bar, UNIT, qcache_max,
						      VM_NOSLEEP));
	if (vmp)
		expect(cell, vmem_size(vmp, VMEM_FREE) == FEW * UNIT);
	use_number(cell, vmp);
}

/* === Columns: imports === */

/* A child, a growing one, a child with caches; each has a source of its own. */
static void prepare_imports(struct contexts_cell *cell)
{
	vmem_t *source = numbers(cell, FEW, 0, VM_SLEEP);

	cell->pile[0].vmp = child(cell, source, 0, VM_SLEEP);
	growing_child(cell, source, 0, VM_SLEEP);
	cell->pile[1].vmp = child(cell, numbers(cell, MANY, 0, VM_SLEEP), CACHED,
				  VM_SLEEP);
	pile_warm_up(&cell->pile[0]);
	pile_warm_up(&cell->pile[1]);
}

static void call_imports(struct contexts_cell *cell)
{
	vmem_t *source = cell->arena[0], *growing = cell->arena[2];
	struct pile *plain = &cell->pile[0], *cached = &cell->pile[1];
	void *block;

	expect(cell, vmem_size(plain->vmp, VMEM_ALLOC | VMEM_FREE) == 0);
	pile_fill(plain, VM_NOSLEEP);
	expect_memory(cell, plain->nr == FEW);
	expect(cell, pile_sound(plain));
	pile_thin(plain);
	pile_empty(plain);
	expect(cell, vmem_size(source, VMEM_ALLOC) == 0);

	block = vmem_alloc(growing, UNIT, VM_NOSLEEP);
	if (expect_memory(cell, block)) {
		expect(cell, vmem_size(source, VMEM_ALLOC) == 4 * UNIT);
		vmem_free(growing, block, UNIT);
	}
	expect(cell, vmem_size(source, VMEM_ALLOC) == 0);

	pile_fill(cached, VM_NOSLEEP);
	expect_memory(cell, pile_nearly_all(cached));
	expect(cell, pile_sound(cached));
	pile_empty(cached);
}

/* === Columns: calls that sleep === */

/* A row that may sleep does not use the timer itself. */
static enum hrtimer_restart give_one(struct hrtimer *timer)
{
	struct contexts_cell *cell = container_of(timer, struct contexts_cell, timer);
	struct pile *pile = &cell->pile[0];

	vmem_free(pile->vmp, pile->block[pile->nr], pile->size);
	return HRTIMER_NORESTART;
}

static void wait_for_block(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];
	void *block;

	pile_fill(pile, VM_NOSLEEP);
	expect_memory(cell, pile->nr == FEW);
	block = pile->block[--pile->nr];
	hrtimer_init(&cell->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	cell->timer.function = give_one;
	hrtimer_start(&cell->timer, 5 * NSEC_PER_MSEC, HRTIMER_MODE_REL_SOFT);
	expect(cell, vmem_alloc(pile->vmp, pile->size, VM_SLEEP) == block);
	hrtimer_cancel(&cell->timer);
	pile->nr++;
	pile_empty(pile);
}

static void sleep_for_numbers(struct contexts_cell *cell, size_t qcache_max)
{
	vmem_t *source = numbers(cell, FEW, qcache_max, VM_SLEEP);
	vmem_t *vmp = child(cell, source, qcache_max, VM_SLEEP);
	void *block[4];

	expect(cell, vmem_add(source, (void *)(BASE + FEW * UNIT), FEW * UNIT,
			      VM_SLEEP));
	block[0] = vmem_alloc(vmp, UNIT, VM_SLEEP | VM_BESTFIT);
	expect(cell, block[0]);
	vmem_free(vmp, block[0], UNIT);
	block[0] = vmem_xalloc(vmp, UNIT, 4 * UNIT, UNIT, 0, NULL, NULL, VM_SLEEP);
	expect(cell, (unsigned long)block[0] % (4 * UNIT) == UNIT);
	vmem_xfree(vmp, block[0], UNIT);
	expect(cell, vmem_alloc_bulk(vmp, UNIT, 4, block, VM_SLEEP) == 4);
	expect(cell, vmem_free_bulk(vmp, UNIT, 4, block) == 4);

	/* The whole source: what the child's caches hold comes back for it. */
	vmem_qcache_reap(vmp);
	block[0] = vmem_alloc(source, FEW * UNIT, VM_SLEEP);
	expect(cell, block[0]);
	vmem_free(source, block[0], FEW * UNIT);
}

/* Destroy what the cell has created, here and now. */
static void end_arenas(struct contexts_cell *cell, unsigned int down_to)
{
	while (cell->nr_arenas > down_to)
		vmem_destroy(cell->arena[--cell->nr_arenas]);
}

static void call_sleeping(struct contexts_cell *cell)
{
	unsigned int before = cell->nr_arenas;

	wait_for_block(cell);
	sleep_for_numbers(cell, 0);
	end_arenas(cell, before);
	sleep_for_numbers(cell, CACHED);
	end_arenas(cell, before);
	contexts_sleep_for_memory(cell);
	end_arenas(cell, before);
}

/* === The table === */

const struct column contexts_columns[] = {
	{ "no lock", prepare_lockless, call_lockless, .lockless = true },
	{ "frees and inspection", prepare_frees, call_frees },
	{ "allocation", prepare_numbers, call_alloc },
	{ "cached allocation", prepare_cached, call_cached },
	{ "wake-up", prepare_wake_up, call_wake_up },
	{ "spans added", prepare_spans, call_add },
	{ "creation", NULL, call_create },
	{ "creation with caches", NULL, call_create, .qcache_max = CACHED },
	{ "imports", prepare_imports, call_imports },
	{ "pages", contexts_prepare_memory, contexts_call_memory,
	  .import = vmem_pages_alloc, .release = vmem_pages_free },
	{ "kvmalloc", contexts_prepare_kvmalloc, contexts_call_memory,
	  .import = vmem_kvmalloc_alloc, .release = vmem_kvmalloc_free },
	{ "vmalloc", contexts_prepare_vmalloc, contexts_call_vmalloc,
	  .import = vmem_vmalloc_alloc, .release = vmem_vmalloc_free },
	{ "DMA", contexts_prepare_dma, contexts_call_dma, .dma = true },
	{ "sleeping", prepare_numbers, call_sleeping, .sleeps = true },
};

static_assert(ARRAY_SIZE(contexts_columns) == CONTEXTS_COLUMNS);
