// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_demo - a PCI driver that shares out its card, and memory, with vmem.
 *
 * The card is the shared memory device of QEMU: BAR 2 is plain memory. Let us
 * take it for the memory of an accelerator, in which the driver has to place
 * tables, buffers and many small rings, and which shows itself to user space
 * as a handful of ports, /dev/vmem_demoN. All that is numbered is handed out
 * by arenas:
 *
 *   vmem_demo_minor    minor numbers; one for all cards (ports.c)
 *   bar@<card>         addresses of BAR 2, in pages (windows.c)
 *     ring@<card>      rings, in units of 256 bytes; imports pages from bar@
 *   tag@<card>         tags of commands in flight (memory.c)
 *
 * vmem never touches what these manage. It computes with the addresses; mapping
 * and using them remains the work of the driver. The other arenas hand out real
 * memory, so much for each command (memory.c):
 *
 *   table@<card>       tables, by kvmalloc(), in pages
 *   bounce@<card>      bounce buffers, by alloc_pages(), in units of 256 bytes
 *   dma@<card>         what the card may access
 *     desc@<card>      descriptors of 64 bytes
 *
 * This being an example, it checks what it was given and says so in the log.
 */
#include <linux/dma-mapping.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "demo.h"

#define DEMO_BAR	2
#define DEMO_BAR_MIN	SZ_4M	/* what the windows need */

#define RING_QUANTUM	256

/**
 * demo_arena_name() - Name an arena after its purpose and the card.
 * @card: The card.
 * @what: The purpose.
 *
 * Return: The name, until the next call: vmem copies it.
 */
const char *demo_arena_name(struct demo_card *card, const char *what)
{
	snprintf(card->name, sizeof(card->name), "%s@%s", what,
		 dev_name(card->dev));
	return card->name;
}

/*
 * These end when the driver is detached, or probing fails, the last one first:
 * children before their source, which vmem would not destroy otherwise. An arena
 * that still has something allocated then would be reported as a leak.
 */
static int demo_bar_create(struct demo_card *card, const struct resource *res)
{
	card->bar = devm_vmem_create_resource(card->dev,
					      demo_arena_name(card, "bar"), res,
					      PAGE_SIZE, 0, VM_SLEEP);
	if (!card->bar)
		return -ENOMEM;

	/* Empty at first: what it hands out it gets from the BAR, and returns. */
	card->rings = devm_vmem_create(card->dev, demo_arena_name(card, "ring"),
				       NULL, 0, RING_QUANTUM, vmem_alloc,
				       vmem_free, card->bar, 0, VM_SLEEP);
	return card->rings ? 0 : -ENOMEM;
}

/* No sleeping, no luck, no harm: it costs a NULL and a tick of a counter. */
static int demo_ask_too_much(struct demo_card *card)
{
	void *all = vmem_alloc(card->bar, card->len, VM_NOSLEEP);

	if (all) {
		dev_err(card->dev, "FAILED: the BAR was given away twice\n");
		vmem_free(card->bar, all, card->len);
		return -EIO;
	}
	dev_info(card->dev,
		 "the whole BAR is not to be had any more, as expected\n");
	return 0;
}

static int demo_share_out(struct demo_card *card, const struct resource *res)
{
	int ret = demo_bar_create(card, res);

	if (!ret)
		ret = demo_windows_add(card);
	if (!ret)
		ret = demo_memory_add(card);
	if (!ret)
		ret = demo_ports_add(card);
	if (!ret)
		ret = demo_ask_too_much(card);
	return ret;
}

static void demo_take_back(struct demo_card *card)
{
	demo_ports_remove(card);
	demo_memory_remove(card);
	demo_windows_remove(card);
}

static struct demo_card *demo_card_create(struct device *dev,
					  const struct resource *res)
{
	struct demo_card *card = devm_kzalloc(dev, sizeof(*card), GFP_KERNEL);

	if (!card)
		return NULL;
	card->dev = dev;
	card->start = res->start;
	card->len = resource_size(res);
	dev_set_drvdata(dev, card);
	return card;
}

/* Have the card awake, its BAR ours, and its DMA working. */
static int demo_enable(struct pci_dev *pdev, const struct resource *res)
{
	int ret = pcim_enable_device(pdev);

	if (ret)
		return ret;
	if (!devm_request_mem_region(&pdev->dev, res->start, resource_size(res),
				     KBUILD_MODNAME))
		return -EBUSY;
	pci_set_master(pdev);
	return dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
}

/* Is there memory, and enough of it? */
static bool demo_bar_usable(const struct resource *res)
{
	return resource_type(res) == IORESOURCE_MEM &&
	       resource_size(res) >= DEMO_BAR_MIN;
}

static int demo_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct resource *res = &pdev->resource[DEMO_BAR];
	struct device *dev = &pdev->dev;
	struct demo_card *card;
	int ret;

	if (!demo_bar_usable(res))
		return -ENODEV;
	card = demo_card_create(dev, res);
	if (!card)
		return -ENOMEM;
	ret = demo_enable(pdev, res);
	if (ret)
		return ret;

	dev_info(dev, "BAR %d: %pR\n", DEMO_BAR, res);
	ret = demo_share_out(card, res);
	if (ret) {
		demo_take_back(card);
		return dev_err_probe(dev, ret, "FAILED: cannot share the card out\n");
	}
	dev_info(dev, "ok: %d windows, %d ports\n", DEMO_WINDOWS, DEMO_PORTS);
	return 0;
}

static void demo_remove(struct pci_dev *pdev)
{
	struct demo_card *card = pci_get_drvdata(pdev);
	size_t left;

	demo_take_back(card);
	/* The pages that were imported for rings are back in the BAR as well. */
	left = vmem_size(card->bar, VMEM_ALLOC) +
	       vmem_size(card->rings, VMEM_ALLOC | VMEM_FREE) +
	       demo_memory_left(card);
	if (left)
		dev_err(&pdev->dev, "FAILED: %zu bytes not returned\n", left);
	else
		dev_info(&pdev->dev, "ok: all returned\n");
}

static const struct pci_device_id demo_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, 0x1110) },
	{ }
};
MODULE_DEVICE_TABLE(pci, demo_ids);

static struct pci_driver demo_driver = {
	.name = KBUILD_MODNAME,
	.id_table = demo_ids,
	.probe = demo_probe,
	.remove = demo_remove,
};

static int __init demo_init(void)
{
	int ret;

	if (!demo_memory_wanted())
		return -EINVAL;
	ret = demo_ports_init();
	if (ret)
		return ret;
	ret = pci_register_driver(&demo_driver);
	if (ret)
		demo_ports_exit();
	return ret;
}
module_init(demo_init);

static void __exit demo_exit(void)
{
	pci_unregister_driver(&demo_driver);
	demo_ports_exit();
}
module_exit(demo_exit);

MODULE_DESCRIPTION("Example driver for vmem: shares out a PCI device");
MODULE_LICENSE("GPL");
