// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kmemleak is told of the blocks of an arena with VMC_KMEMLEAK. Only in kernels
 * that have it.
 *
 * It takes for lost what nothing points at, or points into, in all the memory that
 * it looks at. So what the arena itself knows of its blocks has to be hidden, see
 * vmem_untrace_record(). And it wants no two objects in one place: a span and the
 * blocks in it, or a block that was leaked and what its memory is used for later.
 */
#include "internal.h"

/* Does a block begin where a span does that was had from elsewhere? */
static bool begins_span(struct vmem *vmp, unsigned long addr)
{
	const struct vmem_span *span;
	unsigned long flags;
	bool ret;

	while (vmem_imports_from_arena(vmp))
		vmp = vmp->source;
	spin_lock_irqsave(&vmp->lock, flags);
	span = __vmem_span_overlap(vmp, addr, addr);
	ret = span && span->head.first == addr;
	spin_unlock_irqrestore(&vmp->lock, flags);
	return ret;
}

/* A block has gone to whoever is on the stack now. */
void vmem_leaktrace(struct vmem *vmp, unsigned long addr, unsigned long size,
		    gfp_t gfp)
{
	void *block = (void *)addr;
	int own = 0;

	/* vmalloc() keeps a pointer to what it gave, which does not count. */
	if (is_vmalloc_addr(block) && begins_span(vmp, addr))
		own = 1;
	kmemleak_alloc(block, size, own + 1, gfp);
}

/* Forget a segment, or the objects of a slab. */
static void forget(const struct vmem *vmp, const struct vmem_seg *seg)
{
	unsigned long addr = seg->first, size, left;

	left = vmem_seg_end(vmp, seg) - addr + 1;
	size = left;
	if (seg->type == VMEM_SEG_SLAB)
		size = vmp->caches->cache[seg->class].size;
	for (; left >= size; left -= size, addr += size)
		kmemleak_free((void *)addr);
}

/* Forget what an arena that ends has leaked: its memory will be used again. */
void vmem_leaktrace_end(struct vmem *vmp)
{
	const struct vmem_seg *seg;

	list_for_each_entry(seg, &vmp->anchor.order, order)
		if (seg->type >= VMEM_SEG_ALLOCATED)
			forget(vmp, seg);
}
