// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every invariant of an arena, in one place. Every test ends here.
 *
 * Takes as long as the arena is large, with the lock held: not for production.
 */
#define pr_fmt(fmt) "vmem: " fmt

#include "internal.h"

/* What one pass through the tags has found so far. */
struct census {
	const struct vmem_span *span;	/* that the pass is in */
	unsigned long next;		/* where the next segment must begin */
	unsigned long nr_free;
	unsigned long nr_allocated;	/* in their table */
	unsigned long nr_slabs;
	unsigned long nr_cursors;
	unsigned long inuse;
	unsigned long total;
	unsigned long imported;
};

static const char *span_broken(const struct vmem *vmp, struct census *census,
			       const struct vmem_span *span)
{
	const struct vmem_seg *head = &span->head;
	struct rb_node *node = census->span ? rb_next(&census->span->node) :
					      rb_first(&vmp->spans);
	unsigned long len = head->last - head->first + 1;

	if (node != &span->node)
		return "spans and their tree differ";
	if (census->span && census->next != census->span->head.last + 1)
		return "span is not tiled to its end";
	if (!head->first || head->last < head->first ||
	    !IS_ALIGNED(head->first | len, vmp->quantum))
		return "span is no whole number of quanta";
	if (census->span && head->first <= census->span->head.last)
		return "spans overlap";
	if (span->imported && !vmp->alloc_fn)
		return "imported span without an import function";
	if (!__vmem_free_has_room(vmp, len - 1))
		return "no size class for a span";
	census->span = span;
	census->next = head->first;
	census->total += len;
	if (span->imported)
		census->imported += len;
	return NULL;
}

static const char *free_broken(struct vmem *vmp, struct census *census,
			       struct vmem_seg *seg)
{
	if (list_prev_entry(seg, order)->type == VMEM_SEG_FREE)
		return "free segments not merged";
	if (__vmem_span_idle(vmp, seg))
		return "idle imported span not released";
	census->nr_free++;
	return NULL;
}

static const char *allocated_broken(struct vmem *vmp, struct census *census,
				    const struct vmem_seg *seg)
{
	u64 lookup = 0;

	if (!seg->size || ALIGN(seg->size, vmp->quantum) !=
			  seg->last - seg->first + 1)
		return "size and length of an allocated segment";
	if (*__vmem_allocated_find(vmp, seg->first, &lookup) != seg)
		return "allocated segment is not found";
	if (seg->type == VMEM_SEG_OBJECT &&
	    (!vmp->caches || seg->class >= vmp->caches->nr ||
	     vmp->caches->cache[seg->class].size != seg->size))
		return "size of a quantum cache's object";
	census->nr_allocated++;
	census->inuse += seg->size;
	return NULL;
}

static const char *seg_broken(struct vmem *vmp, struct census *census,
			      struct vmem_seg *seg)
{
	unsigned long last;

	if (seg->type == VMEM_SEG_SLAB &&
	    (!vmp->caches || seg->class >= vmp->caches->nr))
		return "slab of no cache";
	last = vmem_seg_end(vmp, seg);
	if (!census->span)
		return "segment before the first span";
	if (seg->first != census->next || last < seg->first ||
	    last > census->span->head.last)
		return "segments do not tile their span";
	if (!IS_ALIGNED(seg->first | (last + 1), vmp->quantum))
		return "segment is no whole number of quanta";
	census->next = last + 1;
	switch (seg->type) {
	case VMEM_SEG_FREE:
		return free_broken(vmp, census, seg);
	case VMEM_SEG_ALLOCATED:
	case VMEM_SEG_OBJECT:
		return allocated_broken(vmp, census, seg);
	case VMEM_SEG_SLAB:
		census->nr_slabs++;
		census->inuse += last - seg->first + 1;
		return NULL;
	default:
		return "type of a segment";
	}
}

static unsigned int count_cursors(const struct vmem *vmp,
				  const struct vmem_seg *seg)
{
	const struct vmem_cursor *cursor;
	unsigned int nr = 0;

	list_for_each_entry(cursor, &vmp->walks, link)
		if (!seg || cursor->next == seg)
			nr++;
	return nr;
}

static bool has_cursor(const struct vmem *vmp, const struct vmem_cursor *wanted)
{
	const struct vmem_cursor *cursor;

	list_for_each_entry(cursor, &vmp->walks, link)
		if (cursor == wanted)
			return true;
	return false;
}

static const char *walks_broken(const struct vmem *vmp,
				const struct census *census)
{
	const struct vmem_order *order;

	for (order = vmp->order; order < vmp->order + VMEM_ORDERS; order++) {
		bool building = order->state == VMEM_ORDER_BUILDING;

		if (building != has_cursor(vmp, &order->next))
			return "tree is being built, or is not";
	}
	if (census->nr_cursors + count_cursors(vmp, &vmp->anchor) !=
	    count_cursors(vmp, NULL))
		return "walk at a tag that is not there";
	return NULL;
}

static const char *tags_broken(struct vmem *vmp, struct census *census)
{
	const char *broken;
	struct vmem_seg *seg;

	if (vmp->anchor.order.prev->next != &vmp->anchor.order)
		return "links of the last tag";
	list_for_each_entry(seg, &vmp->anchor.order, order) {
		if (seg->order.prev->next != &seg->order)
			return "links of a tag";
		census->nr_cursors += count_cursors(vmp, seg);
		if (seg->type == VMEM_SEG_SPAN)
			broken = span_broken(vmp, census,
					     container_of(seg, struct vmem_span,
							  head));
		else
			broken = seg_broken(vmp, census, seg);
		if (broken)
			return broken;
	}
	if (!census->span)
		return RB_EMPTY_ROOT(&vmp->spans) ? NULL : "span without tag";
	if (census->next != census->span->head.last + 1)
		return "last span is not tiled to its end";
	return rb_next(&census->span->node) ? "span without tag" : NULL;
}

static const char *stats_broken(const struct vmem *vmp,
				const struct census *census)
{
	if (census->inuse != vmp->inuse)
		return "mem_inuse";
	if (census->total != vmp->total)
		return "mem_total";
	if (census->imported != vmp->imported)
		return "mem_import";
	if (vmp->allocs - vmp->frees !=
	    census->nr_allocated + census->nr_slabs)
		return "alloc - free";
	if (vmp->imported + vmp->own != vmp->total)
		return "static and imported units";
	if (!IS_ALIGNED(vmp->cursor, vmp->quantum))
		return "cursor of next fit";
	return NULL;
}

static const char *spare_broken(const struct vmem *vmp)
{
	bool wide = vmp->wide;
	const struct vmem_seg *seg;
	unsigned int nr = 0;

	if (wide == (!vmp->order[VMEM_BY_ADDR].state && !vmp->order[VMEM_BY_LEN].state))
		return "width of tags";
	for (seg = vmp->spare; seg; seg = seg->chain) {
		if (seg->wide != wide)
			return "width of a spare tag";
		nr++;
	}
	for (seg = vmp->outgrown; seg; seg = seg->chain)
		if (seg->wide || !wide)
			return "outgrown tag of the right width";
	return nr != vmp->nr_spare ? "number of spare tags" : NULL;
}

static const char *waiters_broken(const struct vmem *vmp)
{
	const struct vmem_waiter *waiter;
	unsigned int nr = 0;

	list_for_each_entry(waiter, &vmp->waiters, link) {
		nr++;
		if (waiter->vmp != vmp)
			return "sleeper of another arena";
		if (waiter > waiter->wait->waiters && waiter[-1].vmp->source != vmp)
			return "sleeper does not come from a child";
	}
	return nr != vmp->nr_waiters ? "number of sleepers" : NULL;
}

/* Is the arena where it belongs among the others? */
static const char *family_broken(const struct vmem *vmp)
{
	const struct vmem *child, *src = vmp->source;
	bool known = !src;

	lockdep_assert_held(&vmem_arenas_lock);
	if (!vmp->id)
		return "arena without a number";
	if (src && ((src->cflags ^ vmp->cflags) & VMC_IDENTIFIER))
		return "identifiers imported from others";
	if (src)
		list_for_each_entry(child, &src->children, siblings)
			known |= child == vmp;
	list_for_each_entry(child, &vmp->children, siblings)
		if (child->source != vmp)
			return "child of another source";
	return known ? NULL : "source does not know the arena";
}

/* Does what never changes fit together? */
static const char *constants_broken(const struct vmem *vmp)
{
	const struct vmem_qcaches *caches = vmp->caches;
	unsigned int i, nr = caches ? caches->nr : 0;

	if (vmp->quantum != 1ul << vmp->quantum_shift)
		return "quantum and its logarithm";
	if (vmp->cached_max != nr * vmp->quantum)
		return "largest size of a quantum cache";
	for (i = 0; i < nr; i++)
		if (caches->cache[i].size != (i + 1) * vmp->quantum)
			return "size of a quantum cache";
	return NULL;
}

static const char *arena_broken(struct vmem *vmp)
{
	struct census census = {};
	const char *broken;

	broken = constants_broken(vmp);
	broken = broken ?: tags_broken(vmp, &census);
	broken = broken ?: stats_broken(vmp, &census);
	broken = broken ?: spare_broken(vmp);
	broken = broken ?: waiters_broken(vmp);
	broken = broken ?: walks_broken(vmp, &census);
	broken = broken ?: __vmem_free_broken(vmp, census.nr_free);
	broken = broken ?: __vmem_table_broken(vmp, &vmp->allocated,
					       census.nr_allocated);
	broken = broken ?: __vmem_slab_broken(vmp, census.nr_slabs);
	broken = broken ?: __vmem_order_broken(vmp);
	broken = broken ?: vmem_magazine_broken(vmp);
	broken = broken ?: vmem_dma_broken(vmp);
	broken = broken ?: __vmem_audit_broken(vmp);
	return broken;
}

/**
 * vmem_validate() - Check every invariant of an arena.
 * @vmp: The arena.
 *
 * Context: any. Holds the arena lock for as long as it takes.
 * Return: Whether they hold. If not, the first that does not is in the log.
 */
bool vmem_validate(struct vmem *vmp)
{
	const char *broken;
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	broken = family_broken(vmp);
	spin_lock(&vmp->lock);
	broken = broken ?: arena_broken(vmp);
	spin_unlock(&vmp->lock);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	if (broken)
		pr_err("invalid: arena \"%s\": %s\n", vmp->name, broken);
	return !broken;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_validate);
