/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rulers. Which of them a module has, depends on the kernel it is built for.
 */
#ifndef _VMEM_BENCH_MAIN_H
#define _VMEM_BENCH_MAIN_H

#include <linux/types.h>

int path_lengths(unsigned int seed);
int bench_times(unsigned int seed);

bool crowd_wanted(void);
int crowd_begin(void);
void crowd_end(void);

bool policies_wanted(void);
int policies_run(void);

#endif /* _VMEM_BENCH_MAIN_H */
