// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_contexts: contexts.c on a kernel without KUnit. Loading it runs all cells but
 * those of reclaim. They wait for a real shrinker to be called, which writing 2 to
 * /proc/sys/vm/drop_caches does, and their results for the end of the module. Results
 * go to the kernel log, in KTAP format.
 */
#include <linux/atomic.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/shrinker.h>
#include <linux/slab.h>

#include "../vmem/compat.h"
#include "contexts.h"

static bool leave;
module_param(leave, bool, 0444);
MODULE_PARM_DESC(leave, "Do nothing, but leave an arena behind");

static struct platform_device *device;
static struct contexts_means means;

/* === Results === */

static void report(unsigned int nr, const struct contexts_verdict *verdict)
{
	char name[64];

	contexts_name(nr, name, sizeof(name));
	switch (verdict->result) {
	case CONTEXTS_OK:
		pr_info("ok %u %s\n", nr + 1, name);
		break;
	case CONTEXTS_SKIPPED:
		pr_info("ok %u %s # SKIP %s\n", nr + 1, name, verdict->why);
		break;
	case CONTEXTS_FAILED:
		pr_info("# %s: %s:%u: %s%s\n", name, verdict->file, verdict->line,
			verdict->why, verdict->starved ? ", time and again" : "");
		pr_info("not ok %u %s\n", nr + 1, name);
		break;
	}
}

/* === Reclaim === */

static struct contexts_cell *pending[CONTEXTS_CELLS];
static struct contexts_verdict verdicts[CONTEXTS_CELLS];
static struct shrinker *shrinker;
static atomic_t called;

static unsigned long count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return atomic_read(&called) ? SHRINK_EMPTY : 1;
}

static unsigned long scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	unsigned int nr;

	if (atomic_xchg(&called, 1))
		return SHRINK_STOP;
	for (nr = 0; nr < CONTEXTS_CELLS; nr++)
		if (pending[nr])
			contexts_call(pending[nr]);
	return SHRINK_STOP;
}

static int await_reclaim(void)
{
	unsigned int nr;

	shrinker = shrinker_alloc(0, "vmem_contexts");
	if (!shrinker)
		return -ENOMEM;
	for (nr = 0; nr < CONTEXTS_CELLS; nr++)
		if (contexts_in_reclaim(nr))
			pending[nr] = contexts_begin(nr, &means, &verdicts[nr]);
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker_register(shrinker);
	return 0;
}

static void end_reclaim(void)
{
	unsigned int nr;

	shrinker_free(shrinker);
	for (nr = 0; nr < CONTEXTS_CELLS; nr++) {
		if (pending[nr])
			verdicts[nr] = contexts_end(pending[nr]);
		if (contexts_in_reclaim(nr))
			report(nr, &verdicts[nr]);
	}
}

/* === The module === */

/* Where there is no DMA, cells that are about it are skipped. */
static int make_device(void)
{
	device = platform_device_register_simple("vmem_contexts", -1, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	if (!dma_coerce_mask_and_coherent(&device->dev, DMA_BIT_MASK(64)))
		means.dev = &device->dev;
	return 0;
}

static void run(void)
{
	struct contexts_verdict verdict;
	unsigned int nr;

	pr_info("KTAP version 1\n");
	pr_info("1..%u\n", CONTEXTS_CELLS);
	for (nr = 0; nr < CONTEXTS_CELLS; nr++) {
		if (contexts_in_reclaim(nr))
			continue;
		verdict = contexts_run(nr, &means);
		report(nr, &verdict);
	}
}

static int __init vmem_contexts_init(void)
{
	int ret;

	if (leave)
		return vmem_create("left behind", (void *)1, 1, 1, NULL, NULL, NULL,
				   0, VM_SLEEP) ? 0 : -ENOMEM;
	ret = make_device();
	if (ret)
		return ret;
	run();
	ret = await_reclaim();
	if (ret)
		platform_device_unregister(device);
	return ret;
}
module_init(vmem_contexts_init);

static void __exit vmem_contexts_exit(void)
{
	if (leave)
		return;
	end_reclaim();
	platform_device_unregister(device);
}
module_exit(vmem_contexts_exit);

MODULE_DESCRIPTION("Calls vmem in all contexts");
MODULE_LICENSE("GPL");
