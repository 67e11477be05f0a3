// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_bench: measures vmem and what a driver might use instead, when loaded.
 *
 * Results go to the kernel log, one line each, of name=value pairs. Nothing is
 * judged here: bars are for the scripts that read them. A stock kernel, in which
 * instructions can be counted, gets the lengths of paths; User Mode Linux times.
 */
#include <linux/module.h>

#include "main.h"

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "What the random choices begin with");

/* Late: where this is built in, all others come first. */
static int __init vmem_bench_init(void)
{
	if (crowd_wanted())
		return crowd_begin();
	if (policies_wanted())
		return policies_run();
	return IS_ENABLED(CONFIG_UML) ? bench_times(seed) : path_lengths(seed);
}
late_initcall(vmem_bench_init);

/* Each measurement has cleaned up after itself. */
static void __exit vmem_bench_exit(void)
{
	crowd_end();
}
module_exit(vmem_bench_exit);

MODULE_DESCRIPTION("Benchmark of vmem and its neighbours");
MODULE_LICENSE("GPL");
