// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping until there is space. With VM_SLEEP vmem_alloc() returns when the request can
 * be met: a free that makes room for it wakes it. Nothing else need be done: no loop, no
 * wait queue, no message from one to the other.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

#include <linux/vmem.h>

static vmem_t *slots;
static void *held[2];

/* lesson begins */
static int waiting_free(void *unused)
{
	pr_info("a thread frees one slot, then its neighbour\n");
	vmem_free(slots, held[0], 2);
	vmem_free(slots, held[1], 2);
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static int waiting_wait(void)
{
	struct task_struct *thread = kthread_run(waiting_free, NULL, "lesson_free");
	void *both;

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	both = vmem_alloc(slots, 4, VM_SLEEP);
	pr_info("who waited for both has them\n");
	vmem_free(slots, both, 4);
	return kthread_stop(thread);
}

/* lesson ends */

static int __init waiting_init(void)
{
	int ret;

	slots = vmem_create("lesson_slots", (void *)1, 4, 1, NULL, NULL, NULL, 0,
			    VM_SLEEP | VMC_IDENTIFIER);
	if (!slots)
		return -ENOMEM;
	held[0] = vmem_alloc(slots, 2, VM_SLEEP);
	held[1] = vmem_alloc(slots, 2, VM_SLEEP);
	pr_info("the arena is full: without sleep there is %s\n",
		vmem_alloc(slots, 4, VM_NOSLEEP) ? "something" : "nothing");
	ret = waiting_wait();
	if (ret) {
		vmem_free(slots, held[0], 2);
		vmem_free(slots, held[1], 2);
		vmem_destroy(slots);
	}
	return ret;
}
module_init(waiting_init);

static void __exit waiting_exit(void)
{
	vmem_destroy(slots);
}
module_exit(waiting_exit);

MODULE_DESCRIPTION("vmem lesson: sleeping until space is freed");
MODULE_LICENSE("GPL");
