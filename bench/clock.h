/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock of everything that is timed. It counts at a fixed rate that is unknown
 * here: bench_calibrate() finds out.
 */
#ifndef _VMEM_BENCH_CLOCK_H
#define _VMEM_BENCH_CLOCK_H

#include <linux/ktime.h>
#include <linux/types.h>

#ifdef __x86_64__
/* What comes before has been done, and what comes after has not begun. */
static __always_inline u64 bench_clock(void)
{
	u32 low, high;

	asm volatile("rdtscp; lfence" : "=a" (low), "=d" (high) : : "rcx", "memory");
	return (u64)high << 32 | low;
}
#else
static __always_inline u64 bench_clock(void)
{
	return ktime_get_ns();
}
#endif

#endif /* _VMEM_BENCH_CLOCK_H */
