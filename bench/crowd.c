// SPDX-License-Identifier: GPL-2.0-only
/*
 * An arena with very many segments, in which somebody allocates and frees all the
 * time, to be looked at from user space meanwhile: how long do readers of its files
 * keep the lock?
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/vmem.h>

#include "main.h"

#define UNIT		8	/* of a block, and of a gap behind it */
#define SMALL		4	/* what quantum caches serve */
#define HANDS		64	/* blocks that the thread has */

static unsigned long crowd;
module_param(crowd, ulong, 0444);
MODULE_PARM_DESC(crowd, "Instead of measuring, have an arena with so many segments");

static bool busy;
module_param(busy, bool, 0444);
MODULE_PARM_DESC(busy, "Allocate and free in that arena all the time");

static vmem_t *arena;
static struct task_struct *thread;

static size_t size_of(unsigned long nr)
{
	return nr % UNIT + 1;
}

/* Small ones come from quantum caches, others from the arena. */
static int allocate_and_free(void *unused)
{
	void *hand[HANDS] = {};
	unsigned long nr = 0, i;

	while (!kthread_should_stop()) {
		i = nr % HANDS;
		if (hand[i])
			vmem_free(arena, hand[i], size_of(nr - HANDS));
		hand[i] = vmem_alloc(arena, size_of(nr), VM_SLEEP);
		nr++;
		cond_resched();
	}
	for (i = 0; i < HANDS; i++, nr++)
		if (hand[nr % HANDS])
			vmem_free(arena, hand[nr % HANDS], size_of(nr - HANDS));
	return 0;
}

/*
 * Blocks in the lowest quarter, in each second place, which gaps follow. And a magazine:
 * the first object to come from a quantum cache brings others along.
 */
static void fill(void)
{
	unsigned long nr;

	for (nr = 0; nr < crowd / 2; nr++) {
		void *at = (void *)(1 + 2 * nr * UNIT);

		vmem_xalloc(arena, UNIT, 0, 0, 0, at, at + UNIT, VM_SLEEP);
	}
	vmem_free(arena, vmem_alloc(arena, 1, VM_SLEEP), 1);
}

static void empty(void)
{
	unsigned long nr;

	for (nr = 0; nr < crowd / 2; nr++)
		vmem_xfree(arena, (void *)(1 + 2 * nr * UNIT), UNIT);
}

/* Is this what the module was loaded for? */
bool crowd_wanted(void)
{
	return crowd;
}

int crowd_begin(void)
{
	arena = vmem_create("crowd", (void *)1, 4 * UNIT * crowd, 1, NULL, NULL, NULL,
			    SMALL, VM_SLEEP | VMC_IDENTIFIER);
	if (!arena)
		return -ENOMEM;
	fill();
	if (!busy)
		return 0;
	thread = kthread_run(allocate_and_free, NULL, "vmem_crowd");
	if (!IS_ERR(thread))
		return 0;
	crowd_end();
	return -ENOMEM;
}

void crowd_end(void)
{
	if (!arena)
		return;
	if (!IS_ERR_OR_NULL(thread))
		kthread_stop(thread);
	empty();
	vmem_destroy(arena);
}
