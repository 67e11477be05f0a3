// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks through an arena, in address order.
 *
 * A reentrant walk holds no lock while its callback runs. It leaves no mark in the
 * arena, either: a cursor tells where it will go on, and is passed on when that
 * tag goes away (segment.c).
 */
#include "internal.h"

static bool matches(const struct vmem_seg *seg, int typemask)
{
	switch (seg->type) {
	case VMEM_SEG_SPAN:
		return typemask & VMEM_SPAN;
	case VMEM_SEG_FREE:
		return typemask & VMEM_FREE;
	default:
		return typemask & VMEM_ALLOC;
	}
}

static size_t walk_size(const struct vmem *vmp, const struct vmem_seg *seg)
{
	switch (seg->type) {
	case VMEM_SEG_ALLOCATED:
	case VMEM_SEG_OBJECT:
		return seg->size;
	case VMEM_SEG_SLAB:
		return vmp->caches->slab_size;
	default:
		return seg->last - seg->first + 1;
	}
}

static void walk_locked(struct vmem *vmp, int typemask,
			void (*func)(void *arg, void *start, size_t size),
			void *arg)
{
	const struct vmem_seg *seg;
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	list_for_each_entry(seg, &vmp->anchor.order, order)
		if (matches(seg, typemask))
			func(arg, (void *)seg->first, walk_size(vmp, seg));
	spin_unlock_irqrestore(&vmp->lock, flags);
}

/* Go on to the next tag that matches; false at the end. */
static bool __advance(struct vmem *vmp, struct vmem_cursor *cursor, int typemask,
		      void **start, size_t *size)
{
	lockdep_assert_held(&vmp->lock);
	while (cursor->next != &vmp->anchor) {
		struct vmem_seg *seg = cursor->next;

		cursor->next = list_next_entry(seg, order);
		if (matches(seg, typemask)) {
			*start = (void *)seg->first;
			*size = walk_size(vmp, seg);
			return true;
		}
	}
	return false;
}

/* Begin at the lowest address. */
void vmem_cursor_begin(struct vmem *vmp, struct vmem_cursor *cursor)
{
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	cursor->next = list_next_entry(&vmp->anchor, order);
	list_add(&cursor->link, &vmp->walks);
	spin_unlock_irqrestore(&vmp->lock, flags);
}

void vmem_cursor_end(struct vmem *vmp, struct vmem_cursor *cursor)
{
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	list_del_init(&cursor->link);
	spin_unlock_irqrestore(&vmp->lock, flags);
}

/**
 * vmem_cursor_read() - Copy what comes next.
 * @vmp: The arena.
 * @cursor: Where to go on, kept up to date.
 * @row: Where to.
 * @most: How many at most: the lock is held as long.
 *
 * Return: How many there were; 0 at the end.
 */
unsigned int vmem_cursor_read(struct vmem *vmp, struct vmem_cursor *cursor,
			      struct vmem_seg_row *row, unsigned int most)
{
	unsigned int nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	for (; nr < most && cursor->next != &vmp->anchor; nr++) {
		struct vmem_seg *seg = cursor->next;

		cursor->next = list_next_entry(seg, order);
		row[nr].first = seg->first;
		row[nr].size = walk_size(vmp, seg);
		row[nr].type = seg->type;
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	return nr;
}

static void walk_reentrant(struct vmem *vmp, int typemask,
			   void (*func)(void *arg, void *start, size_t size),
			   void *arg)
{
	struct vmem_cursor cursor;
	unsigned long flags;
	void *start;
	size_t size;

	vmem_cursor_begin(vmp, &cursor);
	spin_lock_irqsave(&vmp->lock, flags);
	while (__advance(vmp, &cursor, typemask, &start, &size)) {
		spin_unlock_irqrestore(&vmp->lock, flags);
		func(arg, start, size);
		spin_lock_irqsave(&vmp->lock, flags);
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	vmem_cursor_end(vmp, &cursor);
}

void vmem_walk(vmem_t *vmp, int typemask,
	       void (*func)(void *arg, void *start, size_t size), void *arg)
{
	if (vmem_absent(vmp, _RET_IP_) || (typemask & VMEM_WALKER))
		return;
	if (!func) {
		vmem_misuse(vmp, "no callback", 0, 0, _RET_IP_);
		return;
	}
	if (typemask & VMEM_REENTRANT)
		walk_reentrant(vmp, typemask, func, arg);
	else
		walk_locked(vmp, typemask, func, arg);
}
EXPORT_SYMBOL_GPL(vmem_walk);
