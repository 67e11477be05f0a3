// SPDX-License-Identifier: GPL-2.0-only
/*
 * A carve-out that grows. Firmware has left two ranges, which vmem_add() puts into one
 * arena; no block lies across both. A second arena imports from it by a function of
 * ours, which may take more than it is asked for, so that it is asked less often.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sizes.h>

#include <linux/vmem.h>

#define LOW	((void *)0x10000000UL)
#define HIGH	((void *)0x20000000UL)

static vmem_t *carveout, *buffers;
static unsigned int imports;

/* lesson begins */
static void *grow_import(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	unsigned int *count = vmem_get_private(source);
	size_t size = ALIGN(*sizep, SZ_64K);
	void *addr = vmem_alloc(source, size, vmflag);

	if (addr) {
		*sizep = size;
		++*count;
	}
	return addr;
}

static int grow_create(void)
{
	carveout = vmem_create("lesson_carveout", NULL, 0, SZ_4K, NULL, NULL, NULL, 0,
			       VM_SLEEP);
	if (!carveout || !vmem_add(carveout, LOW, SZ_128K, VM_SLEEP) ||
	    !vmem_add(carveout, HIGH, SZ_128K, VM_SLEEP))
		return -ENOMEM;
	vmem_set_private(carveout, &imports);
	buffers = vmem_xcreate("lesson_buffers", NULL, 0, SZ_4K, grow_import, vmem_free,
			       carveout, 0, VM_SLEEP);
	return buffers ? 0 : -ENOMEM;
}

/* lesson ends */

static void grow_end(void)
{
	vmem_destroy(buffers);
	vmem_destroy(carveout);
}

static int __init grow_init(void)
{
	void *block[10];
	unsigned int i;

	if (grow_create()) {
		grow_end();
		return -ENOMEM;
	}
	pr_info("free in all: %zu KiB, in one piece: %s\n",
		vmem_size(carveout, VMEM_FREE) / SZ_1K,
		vmem_alloc(carveout, SZ_256K, VM_NOSLEEP) ? "as much" : "less");
	pr_info("in the carve-out: its first page %s, what follows the low range %s\n",
		vmem_contains(carveout, LOW, SZ_4K) ? "yes" : "no",
		vmem_contains(carveout, LOW + SZ_128K, SZ_4K) ? "yes" : "no");
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = vmem_alloc(buffers, SZ_4K, VM_SLEEP);
	pr_info("10 blocks, imports: %u\n", imports);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		vmem_free(buffers, block[i], SZ_4K);
	return 0;
}
module_init(grow_init);

static void __exit grow_exit(void)
{
	grow_end();
}
module_exit(grow_exit);

MODULE_DESCRIPTION("vmem lesson: a carve-out, and imports that grow");
MODULE_LICENSE("GPL");
