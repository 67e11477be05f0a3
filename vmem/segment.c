// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments: supply of boundary tags, splitting and merging.
 *
 * Boundary tags (Knuth, TAOCP vol. 1, 2.5; the 2001 paper, 4.4.2) make merging
 * a matter of looking at both neighbours in address order. A free segment that a
 * block is cut from, or joined to, keeps its tag, and with it, most of the time,
 * its place in all indexes.
 *
 * Tags come from a stash in the arena, so that nothing is allocated under its
 * lock and a free needs no memory: a block takes at most two tags more than the
 * free segment it is cut from, and joining gives tags back.
 */
#include "internal.h"

#define VMEM_REFILL	8	/* tags allocated at a time */

/* === Supply === */

static struct kmem_cache *seg_cache(bool wide)
{
	return wide ? vmem_wide_cache : vmem_seg_cache;
}

static bool new_tag(const struct vmem *vmp, struct vmem_seg **tags, bool wide,
		    gfp_t gfp)
{
	struct vmem_seg *seg = kmem_cache_alloc(seg_cache(wide), gfp);

	if (!seg)
		return false;
	vmem_untrace_record(vmp, seg);
	seg->wide = wide;
	vmem_seg_push(tags, seg);
	return true;
}

/**
 * vmem_seg_supply() - Allocate tags.
 * @vmp: The arena that they are for, where it is counted if that is difficult.
 * @tags: Stack to add them to.
 * @want: How many would be good to have.
 * @need: How many there must be at least.
 * @wide: Of which width.
 * @vmflag: Whether to wait for those that are needed.
 *
 * Return: How many there are, at least @need unless %VM_NOSLEEP.
 */
unsigned int vmem_seg_supply(struct vmem *vmp, struct vmem_seg **tags,
			     unsigned int want, unsigned int need, bool wide,
			     int vmflag)
{
	gfp_t gfp = vmem_gfp_nowait(vmflag);
	unsigned int nr = 0;

	while (nr < want && new_tag(vmp, tags, wide, gfp))
		nr++;
	if (nr >= need)
		return nr;
	vmem_count(vmp, &vmp->stats.populate_fail);
	if (vmflag & VM_NOSLEEP)
		return nr;
	vmem_count(vmp, &vmp->stats.populate_wait);
	for (; nr < need; nr++)
		new_tag(vmp, tags, wide, GFP_KERNEL | __GFP_NOFAIL);
	return nr;
}

void vmem_seg_delete(struct vmem_seg *seg)
{
	kmem_cache_free(seg_cache(seg->wide), seg);
}

void vmem_seg_delete_all(struct vmem_seg *tags)
{
	while (tags)
		vmem_seg_delete(vmem_seg_pop(&tags));
}

/* Add tags to the stash, unless another width is wanted now. */
static void stash(struct vmem *vmp, struct vmem_seg *tags, unsigned int nr,
		  bool wide)
{
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	if (wide == vmp->wide) {
		while (tags)
			vmem_seg_push(&vmp->spare, vmem_seg_pop(&tags));
		WRITE_ONCE(vmp->nr_spare, vmp->nr_spare + nr);
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	vmem_seg_delete_all(tags);
}

/**
 * vmem_seg_refill() - Get memory for tags, before the lock is taken.
 * @vmp: The arena.
 * @vmflag: Whether to wait.
 *
 * The caller looks again, under the lock, whether there are enough now.
 *
 * Return: Whether there was memory for any. There is, unless %VM_NOSLEEP.
 */
bool vmem_seg_refill(struct vmem *vmp, int vmflag)
{
	bool wide = READ_ONCE(vmp->wide);
	struct vmem_seg *tags = NULL;
	unsigned int nr;

	vmem_table_reserve(vmp, &vmp->allocated, vmflag);
	nr = vmem_seg_supply(vmp, &tags, VMEM_REFILL, VMEM_TAGS, wide, vmflag);
	stash(vmp, tags, nr, wide);
	return nr;
}

/**
 * vmem_seg_reserve() - Get memory for more tags than one operation needs.
 * @vmp: The arena.
 * @nr: How many there shall be to spare.
 * @vmflag: Whether to wait.
 *
 * Others may use them up: the caller looks again, under the lock.
 *
 * Return: Whether there was memory. There is, unless %VM_NOSLEEP.
 */
bool vmem_seg_reserve(struct vmem *vmp, unsigned int nr, int vmflag)
{
	bool wide = READ_ONCE(vmp->wide);
	struct vmem_seg *tags = NULL;
	unsigned int got;

	if (READ_ONCE(vmp->nr_spare) >= nr)
		return true;
	vmem_table_reserve(vmp, &vmp->allocated, vmflag);
	got = vmem_seg_supply(vmp, &tags, nr, nr, wide, vmflag);
	stash(vmp, tags, got, wide);
	return got == nr;
}

/* Give memory of tags back, half of those that may stay. */
void vmem_seg_discard(struct vmem *vmp)
{
	struct vmem_seg *tags = NULL;
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	while (vmp->nr_spare > VMEM_SPARE_MAX / 2)
		vmem_seg_push(&tags, __vmem_seg_get(vmp));
	spin_unlock_irqrestore(&vmp->lock, flags);
	vmem_seg_delete_all(tags);
}

/* Give memory of spare tags back to a system that is short of it. Returns how many. */
unsigned long vmem_seg_shrink(struct vmem *vmp, unsigned long nr)
{
	struct vmem_seg *tags = NULL;
	unsigned long flags, freed;

	spin_lock_irqsave(&vmp->lock, flags);
	for (freed = 0; freed < nr && vmp->nr_spare; freed++)
		vmem_seg_push(&tags, __vmem_seg_get(vmp));
	spin_unlock_irqrestore(&vmp->lock, flags);
	vmem_seg_delete_all(tags);
	return freed;
}

/* Take a tag from the stash. */
struct vmem_seg *__vmem_seg_get(struct vmem *vmp)
{
	lockdep_assert_held(&vmp->lock);
	WRITE_ONCE(vmp->nr_spare, vmp->nr_spare - 1);
	return vmem_seg_pop(&vmp->spare);
}

/* Move whoever is about to visit a tag on to @to, as that tag goes away. */
void __vmem_seg_pass(struct vmem *vmp, const struct vmem_seg *seg,
		     struct vmem_seg *to)
{
	struct vmem_cursor *cursor;

	lockdep_assert_held(&vmp->lock);
	list_for_each_entry(cursor, &vmp->walks, link)
		if (cursor->next == seg)
			cursor->next = to;
}

/*
 * As list_add() and list_del(), but for what CONFIG_DEBUG_LIST has them call: each
 * allocation adds a tag, and each free takes one out.
 */
static void enlist(struct list_head *entry, struct list_head *prev)
{
	struct list_head *next = prev->next;

	entry->next = next;
	entry->prev = prev;
	next->prev = entry;
	prev->next = entry;
}

static void delist(const struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

/* A tag that is no longer needed; the wrong width waits to be deleted. */
void __vmem_seg_put(struct vmem *vmp, struct vmem_seg *seg)
{
	if (unlikely(!list_empty(&vmp->walks)))
		__vmem_seg_pass(vmp, seg, list_next_entry(seg, order));
	delist(&seg->order);
	if (likely(seg->wide == vmp->wide)) {
		vmem_seg_push(&vmp->spare, seg);
		WRITE_ONCE(vmp->nr_spare, vmp->nr_spare + 1);
	} else {
		vmem_seg_push(&vmp->outgrown, seg);
	}
}

/* === Splitting and merging === */

/* A new free segment [first, last] behind the tag @prev, in no index yet. */
struct vmem_seg *__vmem_seg_add(struct vmem *vmp, struct vmem_seg *prev,
				unsigned long first, unsigned long last)
{
	struct vmem_seg *seg = __vmem_seg_get(vmp);

	lockdep_assert_held(&vmp->lock);
	seg->type = VMEM_SEG_FREE;
	seg->first = first;
	seg->last = last;
	enlist(&seg->order, &prev->order);
	return seg;
}

/**
 * __vmem_seg_carve() - Cut a block out of a free segment.
 * @vmp: The arena, with at least two tags to spare.
 * @seg: The free segment.
 * @first: First unit of the block.
 * @last: Last unit of the block.
 *
 * What lies before and behind stays free.
 *
 * Return: The block's tag, allocated, in no table yet.
 */
struct vmem_seg *__vmem_seg_carve(struct vmem *vmp, struct vmem_seg *seg,
				  unsigned long first, unsigned long last)
{
	struct vmem_seg *block = seg;
	unsigned long end = seg->last;

	lockdep_assert_held(&vmp->lock);
	if (first > seg->first) {
		block = __vmem_seg_add(vmp, seg, first, last);
		__vmem_free_resize(vmp, seg, seg->first, first - 1);
		if (last < end)
			__vmem_free_insert(vmp, __vmem_seg_add(vmp, block, last + 1,
							       end));
	} else if (last < end) {
		block = __vmem_seg_add(vmp, list_prev_entry(seg, order), first, last);
		__vmem_free_resize(vmp, seg, last + 1, end);
	} else {
		__vmem_free_remove(vmp, seg);
	}
	block->type = VMEM_SEG_ALLOCATED;
	return block;
}

/**
 * __vmem_seg_merge() - Make an allocated segment free, as one with its neighbours.
 * @vmp: The arena.
 * @seg: The segment, no longer in the table of allocated ones.
 *
 * Return: The tag of the free segment.
 */
struct vmem_seg *__vmem_seg_merge(struct vmem *vmp, struct vmem_seg *seg)
{
	struct vmem_seg *prev = list_prev_entry(seg, order);
	struct vmem_seg *next = list_next_entry(seg, order);
	unsigned long first = seg->first, last = seg->last;
	/* Look at both before branching: neither is likely to be in a cache. */
	unsigned int before = prev->type, behind = next->type;

	lockdep_assert_held(&vmp->lock);
	if (before == VMEM_SEG_FREE) {
		if (behind == VMEM_SEG_FREE) {
			last = next->last;
			__vmem_free_remove(vmp, next);
			__vmem_seg_put(vmp, next);
		}
		__vmem_seg_put(vmp, seg);
		__vmem_free_resize(vmp, prev, prev->first, last);
		return prev;
	}
	if (behind == VMEM_SEG_FREE) {
		__vmem_seg_put(vmp, seg);
		__vmem_free_resize(vmp, next, first, next->last);
		return next;
	}
	seg->type = VMEM_SEG_FREE;
	__vmem_free_insert(vmp, seg);
	return seg;
}
