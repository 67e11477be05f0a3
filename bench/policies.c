// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same work under four policies, to be traced: what does each make of the space?
 */
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmem.h>

#include "main.h"

#define SPACE	1024		/* units */
#define STEPS	2000
#define FULL	(SPACE * 4 / 5)	/* from which on blocks are only freed */

static bool policies;
module_param(policies, bool, 0444);
MODULE_PARM_DESC(policies, "Instead of measuring, do the same work under four policies");

struct policy {
	const char *name;
	int vmflag;
};

static const struct policy all[] = {
	{ "instant", 0 },
	{ "best", VM_BESTFIT },
	{ "first", VM_FIRSTFIT },
	{ "next", VM_NEXTFIT },
};

struct work {
	struct rnd_state random;
	unsigned long nr;
	unsigned long inuse;
	void *addr[SPACE];
	unsigned long size[SPACE];
};

static u32 below(struct work *work, u32 ceiling)
{
	return prandom_u32_state(&work->random) % ceiling;
}

/* Mostly small ones. */
static unsigned long some_size(struct work *work)
{
	u32 kind = below(work, 20);

	if (kind < 14)
		return 1 + below(work, 8);
	return kind < 19 ? 8 + below(work, 24) : 64;
}

/* Three of four times one of the youngest: old blocks get older. */
static unsigned long some_block(struct work *work)
{
	u32 young = min(work->nr, 16ul);

	return below(work, 4) ? work->nr - 1 - below(work, young) : below(work, work->nr);
}

static void allocate(vmem_t *arena, struct work *work, int vmflag)
{
	unsigned long size = some_size(work);
	void *addr = vmem_alloc(arena, size, vmflag | VM_NOSLEEP);

	if (!addr)
		return;
	work->addr[work->nr] = addr;
	work->size[work->nr++] = size;
	work->inuse += size;
}

/* Blocks stay in the order of their age. */
static void free_one(vmem_t *arena, struct work *work, unsigned long nr)
{
	unsigned long younger = work->nr - nr - 1;

	vmem_free(arena, work->addr[nr], work->size[nr]);
	work->inuse -= work->size[nr];
	memmove(&work->addr[nr], &work->addr[nr + 1], younger * sizeof(work->addr[0]));
	memmove(&work->size[nr], &work->size[nr + 1], younger * sizeof(work->size[0]));
	work->nr--;
}

static void do_work(vmem_t *arena, struct work *work, int vmflag)
{
	bool filling = true;
	int i;

	prandom_seed_state(&work->random, 1);
	for (i = 0; i < STEPS; i++) {
		if (work->inuse >= FULL)
			filling = false;
		else if (work->inuse < FULL - SPACE / 8)
			filling = true;
		if (!work->nr || below(work, 10) < (filling ? 7 : 3))
			allocate(arena, work, vmflag);
		else
			free_one(arena, work, some_block(work));
	}
	while (work->nr)
		free_one(arena, work, work->nr - 1);
}

/* Is this what the module was loaded for? */
bool policies_wanted(void)
{
	return policies;
}

int policies_run(void)
{
	struct work *work;
	vmem_t *arena;
	int ret = 0, i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		work = kzalloc(sizeof(*work), GFP_KERNEL);
		arena = vmem_create(all[i].name, (void *)1, SPACE, 1, NULL, NULL, NULL, 0,
				    VM_SLEEP | VMC_IDENTIFIER);
		if (work && arena)
			do_work(arena, work, all[i].vmflag);
		else
			ret = -ENOMEM;
		vmem_destroy(arena);
		kfree(work);
	}
	return ret;
}
