// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows of a BAR. vmem_xalloc() takes conditions: an alignment and a phase, that is
 * a distance from it; a boundary that no block may straddle; and a range of addresses,
 * whose end does not belong to it. vmem only computes: there need be no such device.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include <linux/vmem.h>

#define BAR_START	0x40000000UL

static struct resource bar_resource =
	DEFINE_RES_MEM_NAMED(BAR_START, SZ_4M, "lesson_bar");
static vmem_t *bar;

static void bar_tell(const char *what, void *window)
{
	if (window)
		pr_info("%s at offset 0x%lx\n", what, (unsigned long)window - BAR_START);
	else
		pr_info("%s: not to be had\n", what);
}

static void bar_share(void)
{
	void *page, *table, *after, *buffer, *mailbox;

	/* lesson begins */
	page = vmem_xalloc(bar, SZ_4K, 0, 0, 0, NULL, NULL, VM_NOSLEEP | VM_FIRSTFIT);
	table = vmem_xalloc(bar, SZ_16K, SZ_256K, 0, 0, NULL, NULL,
			    VM_NOSLEEP | VM_FIRSTFIT);
	after = vmem_xalloc(bar, SZ_4K, SZ_64K, SZ_4K, 0, NULL, NULL,
			    VM_NOSLEEP | VM_FIRSTFIT);
	buffer = vmem_xalloc(bar, SZ_512K + SZ_256K, 0, 0, SZ_1M, NULL, NULL,
			     VM_NOSLEEP | VM_FIRSTFIT);
	mailbox = vmem_xalloc(bar, SZ_4K, 0, 0, 0, (void *)(BAR_START + SZ_2M),
			      (void *)(BAR_START + SZ_2M + SZ_64K),
			      VM_NOSLEEP | VM_FIRSTFIT);
	/* lesson ends */

	bar_tell("a page", page);
	bar_tell("a table, aligned to 256 KiB", table);
	bar_tell("a page that follows a multiple of 64 KiB", after);
	bar_tell("768 KiB within one MiB", buffer);
	bar_tell("a mailbox in the 64 KiB after 2 MiB", mailbox);

	/* What vmem_xalloc() gave, vmem_xfree() takes. */
	vmem_xfree(bar, mailbox, SZ_4K);
	vmem_xfree(bar, buffer, SZ_512K + SZ_256K);
	vmem_xfree(bar, after, SZ_4K);
	vmem_xfree(bar, table, SZ_16K);
	vmem_xfree(bar, page, SZ_4K);
}

static int __init bar_init(void)
{
	bar = vmem_create_resource(NULL, &bar_resource, SZ_4K, 0, VM_SLEEP);
	if (!bar)
		return -ENOMEM;
	bar_share();
	return 0;
}
module_init(bar_init);

static void __exit bar_exit(void)
{
	vmem_destroy(bar);
}
module_exit(bar_exit);

MODULE_DESCRIPTION("vmem lesson: windows of a BAR");
MODULE_LICENSE("GPL");
