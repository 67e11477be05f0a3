// SPDX-License-Identifier: GPL-2.0-only
/*
 * A part of a driver in the manner of illumos: it shares out the numbers of channels
 * and the memory of a card, and includes nothing of Linux. What it calls, it calls
 * as it would there; what surrounds it here is in glue.c.
 */
#include <sys/errno.h>
#include <sys/vmem.h>
#include <sys/id_space.h>

#include "chan.h"

#define BANK_LOW	0x40000000UL
#define BANK_HIGH	0x60000000UL
#define BANK_SIZE	0x40000UL
#define SRAM_QUANTUM	256
#define RING_WINDOW	0x10000		/* the card's DMA does not carry beyond */
#define DESC_SIZE	64

static id_space_t *chan_ids;
static vmem_t *chan_sram;	/* both banks */
static vmem_t *chan_descs;	/* imports from chan_sram */
static unsigned int chan_users;	/* channels that are open */

int chan_attach(void)
{
	chan_ids = id_space_create("chan_id", 0, CHAN_MAX);
	chan_sram = vmem_create("chan_sram", (void *)BANK_LOW, BANK_SIZE,
				SRAM_QUANTUM, NULL, NULL, NULL, 0, VM_SLEEP);
	if (!vmem_add(chan_sram, (void *)BANK_HIGH, BANK_SIZE, VM_SLEEP))
		return ENOMEM;
	chan_descs = vmem_create("chan_desc", NULL, 0, DESC_SIZE, vmem_alloc,
				 vmem_free, chan_sram, CHAN_DESCS * DESC_SIZE,
				 VM_SLEEP);
	return 0;
}

int chan_detach(void)
{
	if (chan_users != 0)
		return EBUSY;
	vmem_destroy(chan_descs);
	vmem_destroy(chan_sram);
	id_space_destroy(chan_ids);
	return 0;
}

/* Rings are aligned to their size, and the card reaches those in its low bank only. */
int chan_open(struct chan *ch, size_t size)
{
	ch->id = id_alloc_nosleep(chan_ids);
	if (ch->id == -1)
		return EAGAIN;
	ch->size = size;
	ch->ring = vmem_xalloc(chan_sram, size, size, 0, RING_WINDOW, NULL,
			       (void *)(BANK_LOW + BANK_SIZE),
			       VM_NOSLEEP | VM_BESTFIT);
	if (!ch->ring) {
		id_free(chan_ids, ch->id);
		return ENOMEM;
	}
	ch->desc = vmem_alloc(chan_descs, CHAN_DESCS * DESC_SIZE, VM_SLEEP);
	chan_users++;
	return 0;
}

void chan_close(struct chan *ch)
{
	vmem_free(chan_descs, ch->desc, CHAN_DESCS * DESC_SIZE);
	vmem_xfree(chan_sram, ch->ring, ch->size);
	id_free(chan_ids, ch->id);
	chan_users--;
}

int chan_sane(const struct chan *ch)
{
	uintptr_t ring = (uintptr_t)ch->ring;

	return vmem_contains(chan_sram, ch->ring, ch->size) &&
	       vmem_contains(chan_descs, ch->desc, CHAN_DESCS * DESC_SIZE) &&
	       ring % ch->size == 0 &&
	       ring / RING_WINDOW == (ring + ch->size - 1) / RING_WINDOW;
}

static void chan_count(void *arg, void *addr, size_t size)
{
	size_t *nr = arg;

	if ((uintptr_t)addr < BANK_HIGH)
		(*nr)++;
}

/* Segments of the low bank; bytes in use, and free ones, of both. */
void chan_inventory(size_t *nr, size_t *bytes, size_t *free)
{
	*nr = 0;
	vmem_walk(chan_sram, VMEM_ALLOC, chan_count, nr);
	*bytes = vmem_size(chan_sram, VMEM_ALLOC);
	*free = vmem_size(chan_sram, VMEM_FREE);
}
