// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lib/fault-inject.c of a kernel has: "interval,probability,space,times".
 */
#include "kernel.h"

#ifdef CONFIG_FAULT_INJECTION

bool should_fail(struct fault_attr *attr, ssize_t size)
{
	int space = atomic_read(&attr->space), times = atomic_read(&attr->times);

	if (!READ_ONCE(attr->probability) || !times)
		return false;
	if (space > size) {
		atomic_sub(size, &attr->space);
		return false;
	}
	if (READ_ONCE(attr->interval) > 1 &&
	    __atomic_add_fetch(&attr->count, 1, __ATOMIC_RELAXED) %
	    READ_ONCE(attr->interval))
		return false;
	if (get_random_u32() % 100 >= READ_ONCE(attr->probability))
		return false;
	if (times > 0)
		atomic_dec(&attr->times);
	return true;
}

int setup_fault_attr(struct fault_attr *attr, char *text)
{
	unsigned long interval, probability;
	int space, times;

	if (sscanf(text, "%lu,%lu,%d,%d", &interval, &probability, &space, &times) < 4)
		return 0;
	WRITE_ONCE(attr->interval, interval);
	WRITE_ONCE(attr->probability, probability);
	atomic_set(&attr->space, space);
	atomic_set(&attr->times, times);
	return 1;
}

#endif
