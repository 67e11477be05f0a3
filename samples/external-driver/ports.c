// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports: how the card shows itself to user space. A port is a character device,
 * /dev/vmem_demoN, and its content a ring in the memory of the card.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "demo.h"

#define MINORS		64	/* ports of all cards together */
#define FAVOURITE	42	/* the minor that the first port asks for */

/**
 * struct demo_port - a port: a character device with a ring of its own.
 * @dev: device in sysfs; holds the memory of the port
 * @cdev: character device
 * @card: the card; valid while @io is not NULL
 * @id: from the arena of minors
 * @ring: from the arena of rings
 * @lock: guards @io
 * @io: where @ring is mapped; NULL when the card is gone
 */
struct demo_port {
	struct device dev;
	struct cdev cdev;
	struct demo_card *card;
	void *id;
	void *ring;
	struct mutex lock;	/* io */
	void __iomem *io;
};

static struct class demo_class = { .name = KBUILD_MODNAME };
static dev_t demo_devt;			/* first of MINORS device numbers */
static vmem_t *demo_minors;		/* of minor + 1: see to_id() */

/* Only to check the arena: a driver has no need to keep such a map. */
static DECLARE_BITMAP(demo_minors_seen, MINORS);

/* === What user space sees === */

static int demo_open(struct inode *inode, struct file *file)
{
	file->private_data = container_of(inode->i_cdev, struct demo_port, cdev);
	return 0;
}

/* Either is a command to the card, and takes what is set apart for one. */
static ssize_t demo_fetch(struct demo_port *port, char __user *to, size_t count,
			  loff_t *pos)
{
	struct demo_command *command;
	ssize_t ret;

	command = demo_command_begin(port->card, port->ring);
	if (!command)
		return -EINTR;
	memcpy_fromio(command->bounce, port->io, RING_SIZE);
	ret = simple_read_from_buffer(to, count, pos, command->bounce,
				      RING_SIZE);
	demo_command_end(port->card, command);
	return ret;
}

static ssize_t demo_store(struct demo_port *port, const char __user *from,
			  size_t count, loff_t *pos)
{
	struct demo_command *command;
	ssize_t ret;

	command = demo_command_begin(port->card, port->ring);
	if (!command)
		return -EINTR;
	memcpy_fromio(command->bounce, port->io, RING_SIZE);
	ret = simple_write_to_buffer(command->bounce, RING_SIZE, pos, from,
				     count);
	if (ret > 0)
		memcpy_toio(port->io, command->bounce, RING_SIZE);
	demo_command_end(port->card, command);
	return ret;
}

static ssize_t demo_read(struct file *file, char __user *to, size_t count,
			 loff_t *pos)
{
	struct demo_port *port = file->private_data;
	ssize_t ret = -ENODEV;

	mutex_lock(&port->lock);
	if (port->io)
		ret = demo_fetch(port, to, count, pos);
	mutex_unlock(&port->lock);
	return ret;
}

static ssize_t demo_write(struct file *file, const char __user *from,
			  size_t count, loff_t *pos)
{
	struct demo_port *port = file->private_data;
	ssize_t ret = -ENODEV;

	mutex_lock(&port->lock);
	if (port->io)
		ret = demo_store(port, from, count, pos);
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
	if (id && test_and_set_bit(to_number(id), demo_minors_seen)) {
		pr_err("FAILED: minor %u was given away twice\n", to_number(id));
		return NULL;
	}
	return id;
}

static void demo_minor_free(void *id)
{
	clear_bit(to_number(id), demo_minors_seen);
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
	port->dev.parent = card->dev;
	port->dev.release = demo_port_release;
	return port;
}

static int demo_port_register(struct demo_port *port)
{
	unsigned int minor = to_number(port->id);
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
	dev_info(card->dev, "port %u: minor %2u, ring at BAR + 0x%06llx\n",
		 i, to_number(port->id),
		 (u64)(to_addr(port->ring) - card->start));
	return 0;
}

int demo_ports_add(struct demo_card *card)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DEMO_PORTS && !ret; i++)
		ret = demo_port_add(card, i);
	return ret;
}

void demo_ports_remove(struct demo_card *card)
{
	struct demo_port *port;
	unsigned int i;

	for (i = 0; i < DEMO_PORTS && card->port[i]; i++) {
		port = card->port[i];
		cdev_device_del(&port->cdev, &port->dev);
		demo_port_strip(port);
		put_device(&port->dev);
	}
}

/* === What all cards share === */

int demo_ports_init(void)
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
	return 0;

err_chrdev:
	unregister_chrdev_region(demo_devt, MINORS);
err_minors:
	vmem_destroy(demo_minors);
	return ret;
}

void demo_ports_exit(void)
{
	class_unregister(&demo_class);
	unregister_chrdev_region(demo_devt, MINORS);
	vmem_destroy(demo_minors);
}
