// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas that end with the driver. What is made by devm_ functions in probe() ends when
 * the driver leaves its device, the last one first: make a source before its children.
 * Blocks are to be freed by then. There is no remove function, and nothing to unwind.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>

#include <linux/vmem.h>

static struct resource window = DEFINE_RES_MEM(0x40000000, SZ_1M);
static struct platform_device *pdev;

/* Take from the window in pieces of 64 KiB at least. */
static void *managed_import(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	*sizep = ALIGN(*sizep, SZ_64K);
	return vmem_alloc(source, *sizep, vmflag);
}

static int managed_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	vmem_t *bar, *slots, *dma, *descs;
	void *slot, *desc;

	/* lesson begins */
	bar = devm_vmem_create_resource(dev, "lesson_window", &window, SZ_4K, 0,
					VM_SLEEP);
	slots = devm_vmem_xcreate(dev, "lesson_slots", NULL, 0, SZ_4K, managed_import,
				  vmem_free, bar, 0, VM_SLEEP);
	dma = devm_vmem_create_dma(dev, "lesson_dma", VM_SLEEP);
	descs = devm_vmem_create(dev, "lesson_descs", NULL, 0, 64, vmem_dma_alloc,
				 vmem_dma_free, dma, 0, VM_SLEEP);
	/* lesson ends */
	if (!bar || !slots || !dma || !descs)
		return -ENOMEM;

	slot = vmem_alloc(slots, SZ_4K, VM_NOSLEEP);
	desc = vmem_alloc(descs, 64, VM_SLEEP | VM_ABORT);
	pr_info("a slot: %s, a descriptor: %s\n", slot ? "yes" : "no",
		desc ? "yes" : "no");
	pr_info("the window lent %zu bytes\n", vmem_size(bar, VMEM_ALLOC));
	if (desc)
		vmem_free(descs, desc, 64);
	if (slot)
		vmem_free(slots, slot, SZ_4K);
	return slot && desc ? 0 : -ENOMEM;
}

static struct platform_driver managed_driver = {
	.driver = { .name = KBUILD_MODNAME },
	.probe = managed_probe,
};

static int __init managed_init(void)
{
	int ret = platform_driver_register(&managed_driver);

	if (ret)
		return ret;
	pdev = platform_device_register_simple(KBUILD_MODNAME, PLATFORM_DEVID_NONE,
					       NULL, 0);
	if (IS_ERR(pdev)) {
		platform_driver_unregister(&managed_driver);
		return PTR_ERR(pdev);
	}
	return 0;
}
module_init(managed_init);

static void __exit managed_exit(void)
{
	platform_device_unregister(pdev);
	platform_driver_unregister(&managed_driver);
}
module_exit(managed_exit);

MODULE_DESCRIPTION("vmem lesson: arenas that end with the driver");
MODULE_LICENSE("GPL");
