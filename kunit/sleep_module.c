// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_sleep - requests that may sleep, where that is illegal
 *
 * There is space and memory for them, so that nothing happens. All the same a
 * kernel that looks after such mistakes must complain when it is loaded: once of
 * a call with a lock held, once of one that reclaim could be waiting for.
 */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include <linux/vmem.h>

static DEFINE_SPINLOCK(lock);

static void take_and_give(vmem_t *vmp)
{
	vmem_free(vmp, vmem_alloc(vmp, 1, VM_SLEEP), 1);
}

static int __init sleep_init(void)
{
	vmem_t *vmp = vmem_create("sleep", (void *)1, 100, 1, NULL, NULL, NULL, 0,
				  VM_SLEEP);

	if (!vmp)
		return -EINVAL;
	take_and_give(vmp);

	pr_info("vmem_sleep: with a lock held\n");
	spin_lock(&lock);
	take_and_give(vmp);
	spin_unlock(&lock);

	pr_info("vmem_sleep: in reclaim\n");
	fs_reclaim_acquire(GFP_KERNEL);
	take_and_give(vmp);
	fs_reclaim_release(GFP_KERNEL);
	vmem_destroy(vmp);
	return 0;
}
module_init(sleep_init);

static void __exit sleep_exit(void)
{
}
module_exit(sleep_exit);

MODULE_DESCRIPTION("Sleeps with vmem where that is illegal");
MODULE_LICENSE("GPL");
