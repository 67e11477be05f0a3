/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a test waits for what must come: some ten seconds, but counted in turns. A
 * virtual machine may stand still, all of it, when its host pauses it, and then find
 * that time has passed in which nobody could do anything. That is one turn, no more.
 */
#ifndef _VMEM_PATIENCE_H
#define _VMEM_PATIENCE_H

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

/* Whether it was completed. */
static inline bool patient_wait(struct completion *done)
{
	unsigned int turns = 100;

	while (turns--)
		if (wait_for_completion_timeout(done, HZ / 10))
			return true;
	return false;
}

/* Sleeps a little: while (!what_must_come() && patience_lasts(&turns)) */
static inline bool patience_lasts(unsigned int *turns)
{
	usleep_range(50, 200);
	return ++*turns < 100000;
}

#endif
