// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking into an arena. vmem_walk() visits segments in the order of their addresses,
 * vmem_size() adds them up. Without VMEM_REENTRANT the lock is held, so that the picture
 * is of one moment, and the callback must not sleep; with it others may come between.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include <linux/vmem.h>

static vmem_t *slots;

/* lesson begins */
static void inspect_tell(void *what, void *start, size_t size)
{
	pr_info("%s %lu, %zu long\n", (const char *)what, (unsigned long)start, size);
}

static void inspect_all(void)
{
	vmem_walk(slots, VMEM_SPAN | VMEM_REENTRANT, inspect_tell, "span at");
	vmem_walk(slots, VMEM_ALLOC | VMEM_REENTRANT, inspect_tell, "in use at");
	vmem_walk(slots, VMEM_FREE | VMEM_REENTRANT, inspect_tell, "free at");
}

/* lesson ends */

static int __init inspect_init(void)
{
	void *low, *high;

	slots = vmem_create("lesson_slots", (void *)100, 50, 1, NULL, NULL, NULL, 0,
			    VM_SLEEP | VMC_IDENTIFIER);
	if (!slots)
		return -ENOMEM;
	low = vmem_alloc(slots, 7, VM_SLEEP | VM_FIRSTFIT);
	high = vmem_alloc(slots, 10, VM_SLEEP | VM_FIRSTFIT | VM_ENDALLOC);
	inspect_all();
	pr_info("%zu in use, %zu free\n", vmem_size(slots, VMEM_ALLOC),
		vmem_size(slots, VMEM_FREE));
	vmem_free(slots, high, 10);
	vmem_free(slots, low, 7);
	return 0;
}
module_init(inspect_init);

static void __exit inspect_exit(void)
{
	vmem_destroy(slots);
}
module_exit(inspect_exit);

MODULE_DESCRIPTION("vmem lesson: looking into an arena");
MODULE_LICENSE("GPL");
