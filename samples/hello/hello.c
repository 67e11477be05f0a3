// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest driver: an arena of numbers, and one piece of it.
 */
#include <linux/module.h>
#include <linux/vmem.h>

static vmem_t *slots;			/* 64 KiB from 0x1000 on, in units of 256 */
static void *slot;

static int __init hello_init(void)
{
	slots = vmem_create("slots", (void *)0x1000, 0x10000, 0x100,
			    NULL, NULL, NULL, 0, VM_SLEEP);
	slot = vmem_alloc(slots, 0x300, VM_SLEEP);
	pr_info("hello: 768 bytes at 0x%lx\n", (unsigned long)slot);
	return 0;
}
module_init(hello_init);

static void __exit hello_exit(void)
{
	vmem_free(slots, slot, 0x300);
	vmem_destroy(slots);
}
module_exit(hello_exit);

MODULE_DESCRIPTION("vmem in ten lines");
MODULE_LICENSE("GPL");
