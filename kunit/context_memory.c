// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of calls on kernel memory: what arenas of it give is written and read.
 */
#include <linux/align.h>
#include <linux/dma-mapping.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "context_calls.h"

/* What kmalloc() could never give, kvmalloc() has to map. */
#define GRAIN		64ul
#define LARGE		(KMALLOC_MAX_SIZE + PAGE_SIZE)

/* === Columns: pages, kvmalloc, vmalloc === */

static const size_t sizes[] = { 1, 64, 100, 192, 1000, PAGE_SIZE, 3 * PAGE_SIZE };

/* Blocks of all sizes, written first, then read, so that none may overlap another. */
static void use_memory(struct contexts_cell *cell, vmem_t *vmp, int vmflag)
{
	void *block[ARRAY_SIZE(sizes)];
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		block[i] = vmem_alloc(vmp, sizes[i], vmflag);
		if (block[i])
			memset(block[i], 0xa0 + i, sizes[i]);
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!expect_memory(cell, block[i]))
			continue;
		expect(cell, IS_ALIGNED((unsigned long)block[i], GRAIN));
		expect(cell, !memchr_inv(block[i], 0xa0 + i, sizes[i]));
		vmem_free(vmp, block[i], sizes[i]);
	}
}

static vmem_t *memory(struct contexts_cell *cell, size_t qcache_max, int vmflag)
{
	const struct column *column = cell->column;

	return contexts_own(cell, vmem_create("memory", NULL, 0, GRAIN,
					      column->import, column->release,
					      NULL, qcache_max, vmflag));
}

void contexts_prepare_memory(struct contexts_cell *cell)
{
	cell->pile[0].vmp = memory(cell, 0, VM_SLEEP | VMC_KMEMLEAK);
	cell->pile[1].vmp = memory(cell, 8 * GRAIN, VM_SLEEP);
}

void contexts_call_memory(struct contexts_cell *cell)
{
	pile_empty(&cell->pile[0]);
	use_memory(cell, cell->pile[0].vmp, VM_NOSLEEP);
	use_memory(cell, cell->pile[0].vmp, VM_NOSLEEP | VM_PUSHPAGE);
	expect(cell, vmem_size(cell->pile[0].vmp, VMEM_ALLOC | VMEM_FREE) == 0);
	use_memory(cell, cell->pile[1].vmp, VM_NOSLEEP);
}

/* One block that has to be unmapped, where nothing can be, when it is freed. */
void contexts_prepare_kvmalloc(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];

	contexts_prepare_memory(cell);
	pile_begin(pile, LARGE);
	expect(cell, is_vmalloc_addr(pile->block[0]));
}

/* An arena that has got more than it needs, and one that has nothing. */
void contexts_prepare_vmalloc(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];

	pile->vmp = memory(cell, 16 * GRAIN, VM_SLEEP | VMC_NO_QCACHE);
	cell->pile[1].vmp = memory(cell, 0, VM_SLEEP);
	pile_begin(pile, GRAIN);
}

void contexts_call_vmalloc(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];
	void *block;

	contexts_expect_none(cell, cell->pile[1].vmp, GRAIN, VM_NOSLEEP);
	contexts_expect_none(cell, pile->vmp, 16 * PAGE_SIZE, VM_NOSLEEP);
	memset(pile->block[0], 0x55, GRAIN);
	block = vmem_alloc(pile->vmp, 1000, VM_NOSLEEP);
	if (expect_memory(cell, block)) {
		memset(block, 0xaa, 1000);
		expect(cell, !memchr_inv(pile->block[0], 0x55, GRAIN));
		expect(cell, !memchr_inv(block, 0xaa, 1000));
		vmem_free(pile->vmp, block, 1000);
	}
	pile_empty(pile);
	expect(cell, vmem_size(pile->vmp, VMEM_ALLOC | VMEM_FREE) == 0);
}

/* === Columns: DMA === */

static vmem_t *dma_memory(struct contexts_cell *cell, int vmflag)
{
	vmem_t *source;

	source = contexts_own(cell, vmem_create_dma("device", cell->means.dev,
						    vmflag));
	if (!source)
		return NULL;
	return contexts_own(cell, vmem_create("rings", NULL, 0, GRAIN,
					      vmem_dma_alloc, vmem_dma_free,
					      source, 0, vmflag));
}

static void use_dma_addr(struct contexts_cell *cell, vmem_t *vmp, void *block)
{
	dma_addr_t addr = vmem_dma_addr(vmp, block);

	expect(cell, addr != DMA_MAPPING_ERROR);
	expect(cell, vmem_dma_addr(vmp, block + 63) == addr + 63);
}

static void use_dma(struct contexts_cell *cell, vmem_t *vmp, int vmflag)
{
	void *block = vmem_alloc(vmp, GRAIN, vmflag);

	if (expect_memory(cell, block)) {
		use_dma_addr(cell, vmp, block);
		vmem_free(vmp, block, GRAIN);
	}
	use_memory(cell, vmp, vmflag);
	expect(cell, vmem_size(vmp, VMEM_ALLOC | VMEM_FREE) == 0);
}

void contexts_prepare_dma(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];

	pile->vmp = dma_memory(cell, VM_SLEEP);
	pile_begin(pile, GRAIN);
}

void contexts_call_dma(struct contexts_cell *cell)
{
	struct pile *pile = &cell->pile[0];
	vmem_t *vmp;

	use_dma_addr(cell, pile->vmp, pile->block[0]);
	pile_empty(pile);
	use_dma(cell, pile->vmp, VM_NOSLEEP);
	vmp = dma_memory(cell, VM_NOSLEEP);
	if (vmp)
		use_dma(cell, vmp, VM_NOSLEEP);
}

/* === Columns: calls that sleep === */

void contexts_sleep_for_memory(struct contexts_cell *cell)
{
	static const struct {
		vmem_alloc_t *import;
		vmem_free_t *release;
	} from[] = {
		{ vmem_pages_alloc, vmem_pages_free },
		{ vmem_kvmalloc_alloc, vmem_kvmalloc_free },
		{ vmem_vmalloc_alloc, vmem_vmalloc_free },
	};
	vmem_t *vmp;
	int i;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		vmp = vmem_create("memory", NULL, 0, GRAIN, from[i].import,
				  from[i].release, NULL, 0, VM_SLEEP);
		use_memory(cell, vmp, VM_SLEEP);
		expect(cell, vmem_size(vmp, VMEM_ALLOC | VMEM_FREE) == 0);
		vmem_destroy(vmp);
	}
	if (cell->means.dev)
		use_dma(cell, dma_memory(cell, VM_SLEEP), VM_SLEEP);
}
