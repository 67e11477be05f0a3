// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA memory in small pieces. The source carries the device; the arena imports whole
 * pages of coherent memory from it and cuts them into descriptors. vmem_dma_addr() tells
 * what the device calls an address.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include <linux/vmem.h>

static struct platform_device *pdev;
static vmem_t *source, *descs;

static bool dma_aligned(void *desc)
{
	dma_addr_t bus = vmem_dma_addr(descs, desc);

	return bus != DMA_MAPPING_ERROR && IS_ALIGNED(bus, 64);
}

static int dma_share(void)
{
	void *one, *two;

	/* lesson begins */
	source = vmem_create_dma("lesson_dma", &pdev->dev, VM_SLEEP);
	descs = vmem_create("lesson_descs", NULL, 0, 64, vmem_dma_alloc, vmem_dma_free,
			    source, 0, VM_SLEEP);
	if (!source || !descs)
		return -ENOMEM;
	one = vmem_alloc(descs, 64, VM_SLEEP | VM_ABORT);
	two = vmem_alloc(descs, 192, VM_SLEEP | VM_ABORT);
	/* lesson ends */
	if (one && two) {
		pr_info("%zu bytes in use, of %lu page\n", vmem_size(descs, VMEM_ALLOC),
			vmem_size(descs, VMEM_ALLOC | VMEM_FREE) / PAGE_SIZE);
		pr_info("bus addresses are aligned as the others: %s\n",
			dma_aligned(one) && dma_aligned(two) ? "yes" : "no");
	}
	if (one)
		vmem_free(descs, one, 64);
	if (two)
		vmem_free(descs, two, 192);
	if (!one || !two)
		return -ENOMEM;
	pr_info("all freed: %zu bytes are kept\n",
		vmem_size(descs, VMEM_ALLOC | VMEM_FREE));
	return 0;
}

/* Coherent memory must be back before the device goes. */
static void dma_end(void)
{
	vmem_destroy(descs);
	vmem_destroy(source);
	platform_device_unregister(pdev);
}

static int __init dma_init(void)
{
	int ret;

	pdev = platform_device_register_simple(KBUILD_MODNAME, PLATFORM_DEVID_NONE,
					       NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!ret)
		ret = dma_share();
	if (ret)
		dma_end();
	return ret;
}
module_init(dma_init);

static void __exit dma_exit(void)
{
	dma_end();
}
module_exit(dma_exit);

MODULE_DESCRIPTION("vmem lesson: sub-allocation of DMA memory");
MODULE_LICENSE("GPL");
