// SPDX-License-Identifier: GPL-2.0-only
/*
 * What groups of calls are made of: expectations, arenas, piles of blocks.
 */
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "context_calls.h"

bool contexts_expect(struct contexts_cell *cell, bool fact, const char *what,
		     const char *file, unsigned int line)
{
	if (!fact && !cell->verdict.why) {
		cell->verdict.result = CONTEXTS_FAILED;
		cell->verdict.why = what;
		cell->verdict.file = kbasename(file);
		cell->verdict.line = line;
	}
	return fact;
}

bool contexts_expect_memory(struct contexts_cell *cell, bool fact, const char *what,
			    const char *file, unsigned int line)
{
	if (!fact && !cell->verdict.why)
		cell->verdict.starved = true;
	return contexts_expect(cell, fact, what, file, line);
}

vmem_t *contexts_own(struct contexts_cell *cell, vmem_t *vmp)
{
	if (expect_memory(cell, vmp))
		cell->arena[cell->nr_arenas++] = vmp;
	return vmp;
}

void contexts_expect_none(struct contexts_cell *cell, vmem_t *vmp, size_t size,
			  int vmflag)
{
	void *block = vmem_alloc(vmp, size, vmflag);

	if (!expect(cell, !block))
		vmem_free(vmp, block, size);
}

void pile_begin(struct pile *pile, size_t size)
{
	if (!pile->vmp)
		return;
	pile->size = size;
	pile->block[pile->nr++] = vmem_alloc(pile->vmp, size, VM_SLEEP);
}

void pile_fill(struct pile *pile, int vmflag)
{
	while (pile->nr < ARRAY_SIZE(pile->block)) {
		void *block = vmem_alloc(pile->vmp, pile->size, vmflag);

		if (!block)
			break;
		pile->block[pile->nr++] = block;
	}
}

void pile_fill_bulk(struct pile *pile, int vmflag)
{
	pile->nr = vmem_alloc_bulk(pile->vmp, pile->size, ARRAY_SIZE(pile->block),
				   pile->block, vmflag);
}

void pile_empty(struct pile *pile)
{
	while (pile->nr)
		vmem_free(pile->vmp, pile->block[--pile->nr], pile->size);
}

void pile_empty_bulk(struct contexts_cell *cell, struct pile *pile)
{
	expect(cell, vmem_free_bulk(pile->vmp, pile->size, pile->nr,
				    pile->block) == pile->nr);
	pile->nr = 0;
}

void pile_thin(struct pile *pile)
{
	unsigned int i;

	for (i = 0; i < pile->nr / 2; i++) {
		vmem_free(pile->vmp, pile->block[2 * i], pile->size);
		pile->block[i] = pile->block[2 * i + 1];
	}
	pile->nr -= i;
	if (pile->nr > i)
		pile->block[i] = pile->block[2 * i];
}

bool pile_sound(struct pile *pile)
{
	unsigned long units = DIV_ROUND_UP(pile->size, UNIT), first;
	unsigned int i;

	bitmap_zero(pile->taken, MANY);
	for (i = 0; i < pile->nr; i++) {
		first = ((unsigned long)pile->block[i] - BASE) / UNIT;
		if (!IS_ALIGNED((unsigned long)pile->block[i], UNIT) ||
		    first + units > MANY ||
		    find_next_bit(pile->taken, first + units, first) < first + units)
			return false;
		bitmap_set(pile->taken, first, units);
	}
	return true;
}

bool pile_nearly_all(const struct pile *pile)
{
	return pile->nr * pile->size >= MANY * 99 / 100 * UNIT;
}

void pile_warm_up(struct pile *pile)
{
	if (!pile->vmp)
		return;
	pile->size = UNIT;
	pile_fill(pile, VM_NOSLEEP);
	pile_empty(pile);
	vmem_qcache_reap(pile->vmp);
}
