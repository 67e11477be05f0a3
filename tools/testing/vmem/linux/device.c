// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: what they own is released in reverse order; memory for DMA has another
 * address on the bus.
 */
#include "kernel.h"

struct devres {
	struct list_head link;
	void (*action)(void *data);	/* NULL: the beginning of a group */
	void *data;
};

void kernel_device_init(struct device *dev, const char *name)
{
	*dev = (struct device){};
	kref_init(&dev->kobj.kref);
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
	INIT_LIST_HEAD(&dev->devres);
	strscpy(dev->name, name);
}

struct device *get_device(struct device *dev)
{
	if (dev)
		kref_get(&dev->kobj.kref);
	return dev;
}

static void free_device(struct kref *kref)
{
	kfree(container_of(kref, struct device, kobj.kref));
}

void put_device(struct device *dev)
{
	if (dev)
		kref_put(&dev->kobj.kref, free_device);
}

static struct devres *last(struct device *dev)
{
	return list_first_entry_or_null(&dev->devres, struct devres, link);
}

static void release(struct devres *res)
{
	list_del(&res->link);
	if (res->action)
		res->action(res->data);
	kfree(res);
}

void kernel_device_release_all(struct device *dev)
{
	while (last(dev))
		release(last(dev));
}

void kernel_device_end(struct device *dev)
{
	kernel_device_release_all(dev);
	put_device(dev);
}

static struct devres *push(struct device *dev, void (*action)(void *data), void *data)
{
	struct devres *res = kzalloc(sizeof(*res), GFP_KERNEL);

	if (!res)
		return NULL;
	res->action = action;
	res->data = data;
	list_add(&res->link, &dev->devres);
	return res;
}

int devm_add_action(struct device *dev, void (*action)(void *data), void *data)
{
	return push(dev, action, data) ? 0 : -ENOMEM;
}

int devm_add_action_or_reset(struct device *dev, void (*action)(void *data),
			     void *data)
{
	int ret = devm_add_action(dev, action, data);

	if (ret)
		action(data);
	return ret;
}

void *devres_open_group(struct device *dev, void *id, gfp_t gfp)
{
	return push(dev, NULL, id) ? id : NULL;
}

int devres_release_group(struct device *dev, void *id)
{
	struct devres *res = last(dev);
	bool end;

	while (res) {
		end = !res->action && res->data == id;
		release(res);
		if (end)
			return 0;
		res = last(dev);
	}
	panic("no group");
}

int dma_coerce_mask_and_coherent(struct device *dev, u64 mask)
{
	dev->coherent_dma_mask = mask;
	return 0;
}

#define BUS_OFFSET	0x100000000ull

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *bus, gfp_t gfp)
{
	void *ptr = alloc_pages_exact(size, gfp | __GFP_ZERO);

	if (ptr)
		*bus = (unsigned long)ptr + BUS_OFFSET;
	return ptr;
}

void dma_free_coherent(struct device *dev, size_t size, void *addr, dma_addr_t bus)
{
	might_sleep();
	BUG_ON(bus != (unsigned long)addr + BUS_OFFSET);
	free_pages_exact(addr, size);
}
