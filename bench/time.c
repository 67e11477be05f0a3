// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times: all workloads in turn, on one CPU.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "main.h"
#include "time.h"

struct bench_options bench_options = {
	.most = 100000,
	.repeats = 7,
};

static char *work;
module_param(work, charp, 0444);
MODULE_PARM_DESC(work, "What to time, with commas (default: all)");

static char *peer;
module_param(peer, charp, 0444);
MODULE_PARM_DESC(peer, "Whom to time besides vmem, with commas (default: all)");

module_param_named(most, bench_options.most, uint, 0444);
MODULE_PARM_DESC(most, "The largest number of live segments");

module_param_named(repeats, bench_options.repeats, uint, 0444);
MODULE_PARM_DESC(repeats, "How often each is timed");

module_param_named(quick, bench_options.quick, bool, 0444);
MODULE_PARM_DESC(quick, "Do less of everything");

/* Is it to be measured? Announces it. */
bool bench_work(const char *name)
{
	if (!bench_listed(bench_options.work, name))
		return false;
	pr_info("vmem_bench: step: %s\n", name);
	return true;
}

/**
 * bench_times() - measure and print all times.
 * @seed: What the random choices begin with.
 *
 * Context: May sleep.
 * Return: 0 or an error.
 */
int bench_times(unsigned int seed)
{
	static int (*const works[])(void) = {
		bench_memory,	/* first, as long as few others have used memory */
		bench_hot,
		bench_churn,
		bench_full,
		bench_ageing,
	};
	unsigned int i;
	int ret = 0;

	bench_options.work = work;
	bench_options.peer = peer;
	bench_options.seed = seed;
	bench_options.repeats = clamp(bench_options.repeats, 1u, BENCH_REPEATS);
	bench_calibrate();
	pr_info("vmem_bench: seed=%u repeats=%u chunk=%u\n", seed, bench_options.repeats,
		BENCH_CHUNK);
	for (i = 0; i < ARRAY_SIZE(works) && !ret; i++)
		ret = works[i]();
	pr_info("vmem_bench: finished: %d\n", ret);
	return ret;
}
