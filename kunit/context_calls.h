/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups of calls: what the files share that make them, and contexts.c, which has
 * them made. A cell is prepared in a task, which may wait for memory; the calls are
 * made in the context; a task ends it.
 *
 * Calls with VM_NOSLEEP may fail for want of memory. Such a cell is starved, not
 * wrong, until it has been so a few times.
 */
#ifndef _VMEM_CONTEXT_CALLS_H
#define _VMEM_CONTEXT_CALLS_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>

#include "contexts.h"

/* Arenas of numbers. Caches have magazines where there is space for 400 objects. */
#define UNIT		0x1000ul
#define BASE		(16 * UNIT)
#define FEW		128u
#define MANY		1024u
#define CACHED		(8 * UNIT)

/* Blocks of one size from one arena. */
struct pile {
	vmem_t *vmp;
	size_t size;
	unsigned int nr;
	void *block[MANY + 1];		/* so that full is told from exhausted */
	DECLARE_BITMAP(taken, MANY);
};

struct contexts_cell {
	const struct row *row;
	const struct column *column;
	struct contexts_means means;
	struct contexts_verdict verdict;

	vmem_t *arena[8];		/* to be destroyed, last one first */
	unsigned int nr_arenas;
	struct pile pile[2];

	struct task_struct *sleeper;	/* waits for a block of the first pile */
	void *found;
	struct completion woken;

	bool called;			/* the context was entered */
	struct completion done;
	union {
		struct tasklet_struct tasklet;
		struct irq_work work;
		struct hrtimer timer;
	};
};

struct column {
	const char *name;
	void (*prepare)(struct contexts_cell *cell);
	void (*call)(struct contexts_cell *cell);
	bool lockless;
	bool sleeps;
	bool dma;
	size_t qcache_max;
	vmem_alloc_t *import;
	vmem_free_t *release;
};

extern const struct column contexts_columns[];

/* === What came of it: the first thing that does not hold counts === */

bool contexts_expect(struct contexts_cell *cell, bool fact, const char *what,
		     const char *file, unsigned int line);
bool contexts_expect_memory(struct contexts_cell *cell, bool fact, const char *what,
			    const char *file, unsigned int line);

#define expect(cell, fact) \
	contexts_expect(cell, fact, #fact, __FILE__, __LINE__)
#define expect_memory(cell, fact) \
	contexts_expect_memory(cell, fact, #fact, __FILE__, __LINE__)

/* === Arenas and piles === */

/* An arena that ends with the cell. */
vmem_t *contexts_own(struct contexts_cell *cell, vmem_t *vmp);

void contexts_expect_none(struct contexts_cell *cell, vmem_t *vmp, size_t size,
			  int vmflag);

/* The first block, waiting for memory; nothing if there is no arena. */
void pile_begin(struct pile *pile, size_t size);

/* As many blocks as there are. */
void pile_fill(struct pile *pile, int vmflag);
void pile_fill_bulk(struct pile *pile, int vmflag);

void pile_empty(struct pile *pile);
void pile_empty_bulk(struct contexts_cell *cell, struct pile *pile);

/* Give every other one back, which leaves nothing but holes. */
void pile_thin(struct pile *pile);

/* Of numbers: every block where it may be, and none handed out twice. */
bool pile_sound(struct pile *pile);

/* Without a hundredth, at most, which other CPUs hold if the task has moved. */
bool pile_nearly_all(const struct pile *pile);

/* Have the tags at hand that it takes, and nothing where this CPU alone finds it. */
void pile_warm_up(struct pile *pile);

/* === Groups with parts in several files === */

/* Has the thread got its block that wake-up is about? False: it sleeps for ever. */
bool contexts_sleeper_ends(struct contexts_cell *cell);

/* Calls on kernel memory. */
void contexts_prepare_memory(struct contexts_cell *cell);
void contexts_call_memory(struct contexts_cell *cell);
void contexts_prepare_kvmalloc(struct contexts_cell *cell);
void contexts_prepare_vmalloc(struct contexts_cell *cell);
void contexts_call_vmalloc(struct contexts_cell *cell);
void contexts_prepare_dma(struct contexts_cell *cell);
void contexts_call_dma(struct contexts_cell *cell);
void contexts_sleep_for_memory(struct contexts_cell *cell);

#endif /* _VMEM_CONTEXT_CALLS_H */
