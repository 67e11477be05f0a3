// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Linux wants around the part that was ported, which is in chan.c: a module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <sys/id_space.h>

#include "chan.h"

static struct chan chans[CHAN_MAX];

static const size_t sizes[CHAN_MAX] = {
	0x1000, 0x10000, 0x1000, 0x8000, 0x400, 0x4000, 0x400, 0x8000,
};

static int glue_open(unsigned int i)
{
	struct chan *ch = &chans[i];
	int ret = -chan_open(ch, sizes[i]);

	if (ret)
		return ret;
	pr_info("channel %d: ring of %5zu bytes at 0x%lx%s\n", ch->id, ch->size,
		(unsigned long)ch->ring, chan_sane(ch) ? "" : ": FAILED");
	return 0;
}

/* All are open: there is no channel more, until one is closed. */
static int glue_reopen(void)
{
	struct chan extra;
	size_t nr, bytes, free;

	pr_info("one channel too many: error %d\n", chan_open(&extra, 0x400));
	chan_close(&chans[3]);
	chan_inventory(&nr, &bytes, &free);
	pr_info("with channel 3 closed %zu bytes of %zu are free\n", free,
		bytes + free);
	return glue_open(3);
}

static void glue_close(unsigned int nr)
{
	while (nr)
		chan_close(&chans[--nr]);
}

static int __init glue_init(void)
{
	unsigned int i;
	int ret = -chan_attach();

	for (i = 0; i < CHAN_MAX && !ret; i++)
		ret = glue_open(i);
	if (!ret) {
		pr_info("detaching while in use: error %d\n", chan_detach());
		ret = glue_reopen();
	}
	if (ret)
		glue_close(i);
	return ret;
}
module_init(glue_init);

static void __exit glue_exit(void)
{
	glue_close(CHAN_MAX);
	pr_info("detached: error %d\n", chan_detach());
}
module_exit(glue_exit);

MODULE_DESCRIPTION("A part of an illumos-style driver, and the module around it");
MODULE_LICENSE("GPL");
