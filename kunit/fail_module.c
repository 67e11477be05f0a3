// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_fail - requests, and how many of them fail
 *
 * For kernels without KUnit, and without CONFIG_FAULT_INJECTION, where vmem keeps the
 * numbers of fail_vmem itself. Reading the parameter "tries" makes 200 requests, that
 * all succeed as long as none is made to fail: 100 for what a magazine has at hand,
 * and 100 for what none has.
 */
#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include <linux/vmem.h>

#define IDS	100000
#define TRIES	100
#define CACHED	1	/* identifiers at a time */
#define PLAIN	2

static vmem_t *ids;

static unsigned int failures(size_t size, unsigned int tries)
{
	unsigned int failed = 0;
	void *id;

	for (; tries; tries--) {
		id = vmem_alloc(ids, size, VM_NOSLEEP);
		if (id)
			vmem_free(ids, id, size);
		else
			failed++;
	}
	return failed;
}

static int tries_get(char *text, const struct kernel_param *param)
{
	unsigned int cached, plain;

	if (!ids)
		return -ENODEV;
	cached = failures(CACHED, TRIES);
	plain = failures(PLAIN, TRIES);
	return sysfs_emit(text, "%u %u\n", cached, plain);
}

static const struct kernel_param_ops tries_ops = { .get = tries_get };
module_param_cb(tries, &tries_ops, NULL, 0400);
MODULE_PARM_DESC(tries, "Make 100 cached and 100 other requests: how many of each fail?");

/* Have each CPU use its magazines: nothing is got from elsewhere afterwards. */
static long use_magazines(void *arg)
{
	return failures(CACHED, TRIES);
}

static int __init fail_init(void)
{
	unsigned int cpu;

	ids = vmem_create("fail", (void *)1, IDS, 1, NULL, NULL, NULL, CACHED,
			  VM_SLEEP | VMC_IDENTIFIER);
	if (!ids)
		return -ENOMEM;
	cpus_read_lock();
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, use_magazines, NULL);
	cpus_read_unlock();
	return 0;
}
module_init(fail_init);

static void __exit fail_exit(void)
{
	vmem_destroy(ids);
}
module_exit(fail_exit);

MODULE_DESCRIPTION("Makes requests of vmem, for fail_vmem to fail");
MODULE_LICENSE("GPL");
