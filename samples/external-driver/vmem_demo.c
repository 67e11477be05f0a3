// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_demo - a PCI driver that shares out its card with vmem.
 *
 * The card is the shared memory device of QEMU: BAR 2 is plain memory. Let us
 * take it for the memory of an accelerator, in which the driver has to place
 * tables, buffers and many small rings, and which shows itself to user space
 * as a handful of ports, /dev/vmem_demoN. All that is numbered is handed out
 * by arenas:
 *
 *   vmem_demo_minor    minor numbers; one for all cards
 *   bar@<card>         addresses of BAR 2, in pages
 *     ring@<card>      rings, in units of 256 bytes; imports pages from bar@
 *   tag@<card>         tags of commands in flight
 *
 * vmem never touches what it manages. It computes with the addresses; mapping
 * and using them remains the work of the driver.
 *
 * This being an example, it checks what it was given and says so in the log.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <linux/vmem.h>

#define DEMO_BAR	2
#define DEMO_BAR_MIN	SZ_4M	/* what the windows below need */

#define MINORS		64	/* ports of all cards together */
#define FAVOURITE	42	/* the minor that the first port asks for */
#define PORTS		8	/* ports of one card */

#define RING_QUANTUM	256
#define RING_SIZE	768

#define TAGS		1024

/*
 * How to allocate in a probe function: sleep for memory if need be, yet give
 * up when the arena is full, as nobody is about to free anything.
 */
#define DEMO_TRY	(VM_SLEEP | VM_ABORT)

/**
 * struct demo_window - a large piece of the BAR, and what it has to be like.
 * @name: what it is for
 * @size: bytes
 * @align: power of two to which it is aligned; 0: a page will do
 * @phase: distance from that alignment
 * @nocross: power of two no multiple of which it may straddle; 0: it may
 * @min: first offset in the BAR that it may use
 * @max: first offset in the BAR that it may not use; 0: end of the BAR
 * @policy: where vmem shall look for it
 */
struct demo_window {
	const char *name;
	size_t size;
	size_t align;
	size_t phase;
	size_t nocross;
	size_t min;
	size_t max;
	int policy;
};

static const struct demo_window demo_windows[] = {
	{ "descriptor table", SZ_16K, .align = SZ_256K },
	{ "receive buffer", SZ_512K + SZ_256K, .nocross = SZ_1M },
	{ "transmit buffer", SZ_512K + SZ_256K, .nocross = SZ_1M },
	{ "mailbox", PAGE_SIZE, .min = SZ_2M, .max = SZ_2M + SZ_64K },
	{ "page after header", PAGE_SIZE, .align = SZ_64K, .phase = PAGE_SIZE },
	{ "trace buffer", SZ_64K, .policy = VM_BESTFIT | VM_ENDALLOC },
};

#define WINDOWS ARRAY_SIZE(demo_windows)

/**
 * struct demo_card - a card.
 * @pdev: its PCI device
 * @start: where BAR 2 starts
 * @len: length of BAR 2
 * @bar: arena of BAR 2
 * @rings: arena of rings, a child of @bar
 * @tags: arena of command tags
 * @window: addresses of the windows, in the order of the table demo_windows
 * @port: the ports; NULL where there is none
 */
struct demo_card {
	struct pci_dev *pdev;
	resource_size_t start;
	resource_size_t len;
	vmem_t *bar;
	vmem_t *rings;
	vmem_t *tags;
	void *window[WINDOWS];
	struct demo_port *port[PORTS];
};

/**
 * struct demo_port - a port: a character device with a ring of its own.
 * @dev: device in sysfs; holds the memory of the port
 * @cdev: character device
 * @card: the card; valid while @io is not NULL
 * @id: from the arena of minors
 * @ring: from the arena of rings
 * @lock: guards @io and @bounce
 * @io: where @ring is mapped; NULL when the card is gone
 * @bounce: what travels between user space and the ring
 */
struct demo_port {
	struct device dev;
	struct cdev cdev;
	struct demo_card *card;
	void *id;
	void *ring;
	struct mutex lock;	/* io, bounce */
	void __iomem *io;
	u8 bounce[RING_SIZE];
};

static struct class demo_class = { .name = KBUILD_MODNAME };
static dev_t demo_devt;			/* first of MINORS device numbers */
static vmem_t *demo_minors;		/* of minor + 1: see to_id() */

/* Only to check the arena: a driver has no need to keep such a map. */
static DECLARE_BITMAP(demo_minors_seen, MINORS);

/* === Addresses and numbers === */

/* With vmem, addresses travel as pointers. Nobody dereferences these. */
static void *to_ptr(resource_size_t addr)
{
	return (void *)(uintptr_t)addr;
}

static resource_size_t to_addr(void *ptr)
{
	return (uintptr_t)ptr;
}

/* NULL means failure, so that an arena holds no 0: minors are kept plus one. */
static void *to_id(unsigned int minor)
{
	return (void *)(uintptr_t)(minor + 1);
}

static unsigned int to_minor(void *id)
{
	return (uintptr_t)id - 1;
}

/* === Windows === */

/* vmem takes 0 for "no limit"; otherwise limits are addresses, as the rest. */
static void *window_limit(const struct demo_card *card, size_t offset)
{
	return offset ? to_ptr(card->start + offset) : NULL;
}

/* What is wrong with a window at [first, last], or NULL if nothing is. */
static const char *window_flaw(const struct demo_card *card,
			       const struct demo_window *w,
			       resource_size_t first, resource_size_t last)
{
	if (first < card->start || last > card->start + card->len - 1)
		return "is not in the BAR";
	if (first - card->start < w->min ||
	    (w->max && last - card->start >= w->max))
		return "is not between its limits";
	if (w->align && (first & (w->align - 1)) != w->phase)
		return "is not aligned";
	if (w->nocross && ((first ^ last) & ~((u64)w->nocross - 1)))
		return "crosses a boundary";
	return NULL;
}

static int demo_window_alloc(struct demo_card *card, unsigned int i)
{
	const struct demo_window *w = &demo_windows[i];
	struct device *dev = &card->pdev->dev;
	const char *flaw = "was not to be had";
	resource_size_t first = 0;

	card->window[i] = vmem_xalloc(card->bar, w->size, w->align, w->phase,
				      w->nocross, window_limit(card, w->min),
				      window_limit(card, w->max),
				      DEMO_TRY | w->policy);
	if (card->window[i]) {
		first = to_addr(card->window[i]);
		flaw = window_flaw(card, w, first, first + w->size - 1);
	}
	if (flaw) {
		dev_err(dev, "FAILED: %s %s\n", w->name, flaw);
		return -EIO;
	}
	dev_info(dev, "window %u: %-17s %7zu bytes at BAR + 0x%06llx\n",
		 i, w->name, w->size, (u64)(first - card->start));
	return 0;
}

static u32 window_mark(unsigned int i)
{
	return 0x01010101 * (i + 1);
}

static int demo_window_fill(struct demo_card *card, unsigned int i)
{
	size_t size = demo_windows[i].size;
	void __iomem *io = ioremap(to_addr(card->window[i]), size);

	if (!io)
		return -ENOMEM;
	memset_io(io, (u8)window_mark(i), size);
	iounmap(io);
	return 0;
}

static int demo_window_check(struct demo_card *card, unsigned int i)
{
	size_t size = demo_windows[i].size, offset = 0;
	void __iomem *io = ioremap(to_addr(card->window[i]), size);

	if (!io)
		return -ENOMEM;
	while (offset < size && readl(io + offset) == window_mark(i))
		offset += sizeof(u32);
	iounmap(io);
	if (offset < size) {
		dev_err(&card->pdev->dev, "FAILED: %s was overwritten\n",
			demo_windows[i].name);
		return -EIO;
	}
	return 0;
}

/* Each window is filled first, and read when all are: none shares a byte. */
static int demo_windows_add(struct demo_card *card)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < WINDOWS && !ret; i++)
		ret = demo_window_alloc(card, i);
	for (i = 0; i < WINDOWS && !ret; i++)
		ret = demo_window_fill(card, i);
	for (i = 0; i < WINDOWS && !ret; i++)
		ret = demo_window_check(card, i);
	return ret;
}

static void demo_windows_remove(struct demo_card *card)
{
	unsigned int i;

	for (i = 0; i < WINDOWS; i++) {
		/* What vmem_xalloc() gave, vmem_xfree() takes. */
		if (card->window[i])
			vmem_xfree(card->bar, card->window[i],
				   demo_windows[i].size);
	}
}

/* === What user space sees: a port is a file, its content the ring === */

static int demo_open(struct inode *inode, struct file *file)
{
	file->private_data = container_of(inode->i_cdev, struct demo_port, cdev);
	return 0;
}

static ssize_t demo_read(struct file *file, char __user *to, size_t count,
			 loff_t *pos)
{
	struct demo_port *port = file->private_data;
	ssize_t ret = -ENODEV;

	mutex_lock(&port->lock);
	if (port->io) {
		memcpy_fromio(port->bounce, port->io, RING_SIZE);
		ret = simple_read_from_buffer(to, count, pos, port->bounce,
					      RING_SIZE);
	}
	mutex_unlock(&port->lock);
	return ret;
}

/*
 * A command to the card carries a tag. Should all tags be in flight, this waits
 * until one is free.
 */
static ssize_t demo_command(struct demo_port *port, const char __user *from,
			    size_t count, loff_t *pos)
{
	void *tag = vmem_alloc(port->card->tags, 1, VM_SLEEP | VM_KILLABLE);
	ssize_t ret;

	if (!tag)
		return -EINTR;
	memcpy_fromio(port->bounce, port->io, RING_SIZE);
	ret = simple_write_to_buffer(port->bounce, RING_SIZE, pos, from, count);
	if (ret > 0)
		memcpy_toio(port->io, port->bounce, RING_SIZE);
	vmem_free(port->card->tags, tag, 1);
	return ret;
}

static ssize_t demo_write(struct file *file, const char __user *from,
			  size_t count, loff_t *pos)
{
	struct demo_port *port = file->private_data;
	ssize_t ret = -ENODEV;

	mutex_lock(&port->lock);
	if (port->io)
		ret = demo_command(port, from, count, pos);
	mutex_unlock(&port->lock);
	return ret;
}

static const struct file_operations demo_fops = {
	.owner = THIS_MODULE,
	.open = demo_open,
	.read = demo_read,
	.write = demo_write,
	.llseek = default_llseek,
};

/* === Ports: a minor number and a ring each === */

/*
 * A certain minor is a window of one id. Any minor is taken in turn, with
 * VM_NEXTFIT: one that was freed is not used again until all others were, so
 * that a program which still has the old number does not meet a new port.
 */
static void *demo_minor_alloc(bool favourite)
{
	void *id = NULL;

	if (favourite)
		id = vmem_xalloc(demo_minors, 1, 0, 0, 0, to_id(FAVOURITE),
				 to_id(FAVOURITE + 1), DEMO_TRY);
	if (!id)
		id = vmem_xalloc(demo_minors, 1, 0, 0, 0, NULL, NULL,
				 DEMO_TRY | VM_NEXTFIT);
	if (id && test_and_set_bit(to_minor(id), demo_minors_seen)) {
		pr_err("FAILED: minor %u was given away twice\n", to_minor(id));
		return NULL;
	}
	return id;
}

static void demo_minor_free(void *id)
{
	clear_bit(to_minor(id), demo_minors_seen);
	vmem_xfree(demo_minors, id, 1);
}

/* What the port has from arenas and from the card; undone by the next one. */
static int demo_port_equip(struct demo_port *port, bool favourite)
{
	port->id = demo_minor_alloc(favourite);
	if (!port->id)
		return -ENOSPC;
	port->ring = vmem_alloc(port->card->rings, RING_SIZE, DEMO_TRY);
	if (!port->ring)
		return -ENOSPC;
	port->io = ioremap(to_addr(port->ring), RING_SIZE);
	if (!port->io)
		return -ENOMEM;
	memset_io(port->io, 0, RING_SIZE);
	return 0;
}

static void demo_port_strip(struct demo_port *port)
{
	/* From here on whoever still has the file open gets an error. */
	mutex_lock(&port->lock);
	if (port->io)
		iounmap(port->io);
	port->io = NULL;
	mutex_unlock(&port->lock);

	if (port->ring)
		vmem_free(port->card->rings, port->ring, RING_SIZE);
	if (port->id)
		demo_minor_free(port->id);
}

static void demo_port_release(struct device *dev)
{
	kfree(container_of(dev, struct demo_port, dev));
}

static struct demo_port *demo_port_create(struct demo_card *card)
{
	struct demo_port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	port->card = card;
	mutex_init(&port->lock);
	cdev_init(&port->cdev, &demo_fops);
	port->cdev.owner = THIS_MODULE;
	device_initialize(&port->dev);
	port->dev.class = &demo_class;
	port->dev.parent = &card->pdev->dev;
	port->dev.release = demo_port_release;
	return port;
}

static int demo_port_register(struct demo_port *port)
{
	unsigned int minor = to_minor(port->id);
	int ret;

	port->dev.devt = MKDEV(MAJOR(demo_devt), MINOR(demo_devt) + minor);
	ret = dev_set_name(&port->dev, KBUILD_MODNAME "%u", minor);
	return ret ? ret : cdev_device_add(&port->cdev, &port->dev);
}

static int demo_port_add(struct demo_card *card, unsigned int i)
{
	struct demo_port *port = demo_port_create(card);
	int ret;

	if (!port)
		return -ENOMEM;
	ret = demo_port_equip(port, i == 0);
	if (!ret)
		ret = demo_port_register(port);
	if (ret) {
		demo_port_strip(port);
		put_device(&port->dev);
		return ret;
	}
	card->port[i] = port;
	dev_info(&card->pdev->dev, "port %u: minor %2u, ring at BAR + 0x%06llx\n",
		 i, to_minor(port->id),
		 (u64)(to_addr(port->ring) - card->start));
	return 0;
}

static int demo_ports_add(struct demo_card *card)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < PORTS && !ret; i++)
		ret = demo_port_add(card, i);
	return ret;
}

static void demo_ports_remove(struct demo_card *card)
{
	struct demo_port *port;
	unsigned int i;

	for (i = 0; i < PORTS && card->port[i]; i++) {
		port = card->port[i];
		cdev_device_del(&port->cdev, &port->dev);
		demo_port_strip(port);
		put_device(&port->dev);
	}
}

/* === The card === */

static int demo_arenas_create(struct demo_card *card)
{
	const char *card_name = pci_name(card->pdev);
	char name[32];

	snprintf(name, sizeof(name), "bar@%s", card_name);
	card->bar = vmem_create(name, to_ptr(card->start), card->len, PAGE_SIZE,
				NULL, NULL, NULL, 0, VM_SLEEP);
	if (!card->bar)
		return -ENOMEM;

	/* Empty at first: what it hands out it gets from the BAR, and returns. */
	snprintf(name, sizeof(name), "ring@%s", card_name);
	card->rings = vmem_create(name, NULL, 0, RING_QUANTUM, vmem_alloc,
				  vmem_free, card->bar, 0, VM_SLEEP);
	if (!card->rings)
		return -ENOMEM;

	/* qcache_max is 1: tags are wanted often, and one at a time. */
	snprintf(name, sizeof(name), "tag@%s", card_name);
	card->tags = vmem_create(name, to_ptr(1), TAGS, 1, NULL, NULL, NULL, 1,
				 VM_SLEEP | VMC_IDENTIFIER);
	return card->tags ? 0 : -ENOMEM;
}

/*
 * Children before their source, which vmem would not destroy otherwise. An arena
 * that still has something allocated would be reported as a leak.
 */
static void demo_arenas_destroy(struct demo_card *card)
{
	vmem_destroy(card->tags);
	vmem_destroy(card->rings);
	vmem_destroy(card->bar);
}

/* No sleeping, no luck, no harm: it costs a NULL and a tick of a counter. */
static int demo_ask_too_much(struct demo_card *card)
{
	struct device *dev = &card->pdev->dev;
	void *all = vmem_alloc(card->bar, card->len, VM_NOSLEEP);

	if (all) {
		dev_err(dev, "FAILED: the BAR was given away twice\n");
		vmem_free(card->bar, all, card->len);
		return -EIO;
	}
	dev_info(dev, "the whole BAR is not to be had any more, as expected\n");
	return 0;
}

static int demo_share_out(struct demo_card *card)
{
	int ret = demo_arenas_create(card);

	if (!ret)
		ret = demo_windows_add(card);
	if (!ret)
		ret = demo_ports_add(card);
	if (!ret)
		ret = demo_ask_too_much(card);
	return ret;
}

static void demo_take_back(struct demo_card *card)
{
	demo_ports_remove(card);
	demo_windows_remove(card);
}

static struct demo_card *demo_card_create(struct pci_dev *pdev)
{
	struct demo_card *card;

	card = devm_kzalloc(&pdev->dev, sizeof(*card), GFP_KERNEL);
	if (!card)
		return NULL;
	card->pdev = pdev;
	card->start = pci_resource_start(pdev, DEMO_BAR);
	card->len = pci_resource_len(pdev, DEMO_BAR);
	pci_set_drvdata(pdev, card);
	return card;
}

/* Is there memory, enough of it, and at addresses that a pointer can carry? */
static bool demo_bar_usable(struct pci_dev *pdev)
{
	return pci_resource_flags(pdev, DEMO_BAR) & IORESOURCE_MEM &&
	       pci_resource_len(pdev, DEMO_BAR) >= DEMO_BAR_MIN &&
	       pci_resource_end(pdev, DEMO_BAR) <= UINTPTR_MAX;
}

static int demo_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct demo_card *card;
	int ret;

	if (!demo_bar_usable(pdev))
		return -ENODEV;
	card = demo_card_create(pdev);
	if (!card)
		return -ENOMEM;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = pci_request_regions(pdev, KBUILD_MODNAME);
	if (ret)
		return ret;

	dev_info(dev, "BAR %d: %pR\n", DEMO_BAR, &pdev->resource[DEMO_BAR]);
	ret = demo_share_out(card);
	if (ret) {
		demo_take_back(card);
		demo_arenas_destroy(card);
		pci_release_regions(pdev);
		return dev_err_probe(dev, ret, "FAILED: cannot share the card out\n");
	}
	dev_info(dev, "ok: %zu windows, %d ports\n", WINDOWS, PORTS);
	return 0;
}

static void demo_remove(struct pci_dev *pdev)
{
	struct demo_card *card = pci_get_drvdata(pdev);
	size_t left;

	demo_take_back(card);
	/* The pages that were imported for rings are back in the BAR as well. */
	left = vmem_size(card->bar, VMEM_ALLOC) +
	       vmem_size(card->rings, VMEM_ALLOC | VMEM_FREE);
	if (left)
		dev_err(&pdev->dev, "FAILED: %zu bytes not returned\n", left);
	else
		dev_info(&pdev->dev, "ok: all returned\n");
	demo_arenas_destroy(card);
	pci_release_regions(pdev);
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
	int ret = -ENOMEM;

	demo_minors = vmem_create("vmem_demo_minor", to_id(0), MINORS, 1, NULL,
				  NULL, NULL, 0, VM_SLEEP | VMC_IDENTIFIER);
	if (!demo_minors)
		return ret;
	ret = alloc_chrdev_region(&demo_devt, 0, MINORS, KBUILD_MODNAME);
	if (ret)
		goto err_minors;
	ret = class_register(&demo_class);
	if (ret)
		goto err_chrdev;
	ret = pci_register_driver(&demo_driver);
	if (ret)
		goto err_class;
	return 0;

err_class:
	class_unregister(&demo_class);
err_chrdev:
	unregister_chrdev_region(demo_devt, MINORS);
err_minors:
	vmem_destroy(demo_minors);
	return ret;
}
module_init(demo_init);

static void __exit demo_exit(void)
{
	pci_unregister_driver(&demo_driver);
	class_unregister(&demo_class);
	unregister_chrdev_region(demo_devt, MINORS);
	vmem_destroy(demo_minors);
}
module_exit(demo_exit);

MODULE_DESCRIPTION("Example driver for vmem: shares out a PCI device");
MODULE_LICENSE("GPL");
