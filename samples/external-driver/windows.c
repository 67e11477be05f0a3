// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows: large pieces of the BAR, each under conditions of its own.
 */
#include <linux/device.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "demo.h"

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
	{ "lookup table", SZ_16K, .align = SZ_256K },
	{ "receive buffer", SZ_512K + SZ_256K, .nocross = SZ_1M },
	{ "transmit buffer", SZ_512K + SZ_256K, .nocross = SZ_1M },
	{ "mailbox", PAGE_SIZE, .min = SZ_2M, .max = SZ_2M + SZ_64K },
	{ "page after header", PAGE_SIZE, .align = SZ_64K, .phase = PAGE_SIZE },
	{ "event log", SZ_64K, .policy = VM_BESTFIT | VM_ENDALLOC },
};

static_assert(ARRAY_SIZE(demo_windows) == DEMO_WINDOWS);

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
		dev_err(card->dev, "FAILED: %s %s\n", w->name, flaw);
		return -EIO;
	}
	dev_info(card->dev,
		 "window %u: %-17s %7zu bytes at BAR + 0x%06llx\n", i, w->name,
		 w->size, (u64)(first - card->start));
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
		dev_err(card->dev, "FAILED: %s was overwritten\n",
			demo_windows[i].name);
		return -EIO;
	}
	return 0;
}

/* Each window is filled first, and read when all are: none shares a byte. */
int demo_windows_add(struct demo_card *card)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DEMO_WINDOWS && !ret; i++)
		ret = demo_window_alloc(card, i);
	for (i = 0; i < DEMO_WINDOWS && !ret; i++)
		ret = demo_window_fill(card, i);
	for (i = 0; i < DEMO_WINDOWS && !ret; i++)
		ret = demo_window_check(card, i);
	return ret;
}

void demo_windows_remove(struct demo_card *card)
{
	unsigned int i;

	for (i = 0; i < DEMO_WINDOWS; i++) {
		/* What vmem_xalloc() gave, vmem_xfree() takes. */
		if (card->window[i])
			vmem_xfree(card->bar, card->window[i],
				   demo_windows[i].size);
	}
}
