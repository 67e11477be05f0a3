// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tags of commands, taken in an interrupt. With VM_NOSLEEP vmem_alloc() may be called
 * there, and vmem_free() always. A qcache_max of 1 has each CPU keep some tags at hand
 * where there are enough. Who finds none tries again when a command has ended.
 *
 * With PREEMPT_RT this irq_work runs in a thread: arenas are guarded by a spinlock_t,
 * which sleeps there, so that a hard interrupt is no place for them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/preempt.h>

#include <linux/vmem.h>

#define TAGS	4

static vmem_t *tags;
static void *tag[TAGS + 1];
static bool was_interrupt;

/* lesson begins */
static void tags_take(struct irq_work *work)
{
	unsigned int i;

	was_interrupt = in_hardirq();
	for (i = 0; i <= TAGS; i++)
		tag[i] = vmem_alloc(tags, 1, VM_NOSLEEP);
}

static void tags_give(struct irq_work *work)
{
	unsigned int i;

	for (i = 0; i < TAGS; i++)
		if (tag[i])
			vmem_free(tags, tag[i], 1);
}

/* lesson ends */

static struct irq_work take = IRQ_WORK_INIT(tags_take);
static struct irq_work give = IRQ_WORK_INIT(tags_give);

static void interrupt(struct irq_work *work)
{
	irq_work_queue(work);
	irq_work_sync(work);
}

static int __init tags_init(void)
{
	unsigned int i, had = 0;

	tags = vmem_create("lesson_tags", (void *)1, TAGS, 1, NULL, NULL, NULL, 1,
			   VM_SLEEP | VMC_IDENTIFIER);
	if (!tags)
		return -ENOMEM;

	interrupt(&take);
	if (!was_interrupt && !IS_ENABLED(CONFIG_PREEMPT_RT))
		pr_err("this was no interrupt\n");
	for (i = 0; i < TAGS; i++)
		had += !!tag[i];
	pr_info("an interrupt took %u tags of %u\n", had, TAGS);
	pr_info("one more: %s\n", tag[TAGS] ? "there was one" : "none, and no sleep");

	interrupt(&give);
	vmem_qcache_reap(tags);
	pr_info("another gave them back: %zu in use\n", vmem_size(tags, VMEM_ALLOC));
	return 0;
}
module_init(tags_init);

static void __exit tags_exit(void)
{
	vmem_destroy(tags);
}
module_exit(tags_exit);

MODULE_DESCRIPTION("vmem lesson: tags in interrupt context");
MODULE_LICENSE("GPL");
