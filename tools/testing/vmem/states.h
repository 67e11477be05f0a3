/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * States of a world: which ones have been met, and how.
 */
#ifndef _VMEM_TEST_STATES_H
#define _VMEM_TEST_STATES_H

#include "world.h"

/* === Telling states apart === */

static u64 mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static u64 mix_tree(u64 hash, const struct rb_node *node)
{
	if (!node)
		return mix(hash, 1);
	hash = mix(hash, node->__rb_parent_color & 1 ? 2 : 3);
	hash = mix_tree(hash, node->rb_left);
	return mix_tree(hash, node->rb_right);
}

static u64 mix_table(u64 hash, const struct vmem_table *table)
{
	unsigned long i;

	/* There are never more buckets than the first ones: so few blocks. */
	for (i = 0; i < ARRAY_SIZE(table->small); i++) {
		const struct vmem_seg *seg = table->small[i];

		for (; seg; seg = seg->chain)
			hash = mix(hash, seg->first + i);
	}
	return mix(hash, table->buckets);
}

static u64 mix_magazines(u64 hash, const struct vmem_magazine *mag)
{
	unsigned long i;

	for (; mag; mag = mag->next) {
		hash = mix(hash, mag->size);
		for (i = 0; i < mag->rounds; i++)
			hash = mix(hash, mag->round[i]);
	}
	return mix(hash, 4);
}

static u64 mix_caches(u64 hash, vmem_t *vmp)
{
	const struct vmem_qcaches *caches = vmp->caches;
	const struct vmem_seg *slab;
	unsigned int i;

	hash = mix_table(hash, &caches->slabs);
	hash = mix(hash, atomic_long_read(&caches->parked));
	for (i = 0; i < caches->nr; i++) {
		const struct vmem_qcache *cache = &caches->cache[i];

		for (slab = cache->partial; slab; slab = slab->below)
			hash = mix(hash, slab->first);
		for (slab = cache->full; slab; slab = slab->below)
			hash = mix(hash, ~slab->first);
		hash = mix_magazines(hash, per_cpu_ptr(vmp->cpu, 0)->loaded[i]);
		hash = mix_magazines(hash, cache->depot.full.first);
		hash = mix_magazines(hash, cache->depot.empty.first);
		hash = mix(hash, cache->unused);
	}
	return hash;
}

/*
 * All of an arena that its next answers may depend on. Trees have the free segments
 * that the list has, and in the order of their keys; what is left is their shape.
 */
static u64 mix_arena(u64 hash, vmem_t *vmp)
{
	const struct vmem_freeindex *idx = &vmp->free;
	const struct vmem_seg *seg;
	unsigned int i;

	list_for_each_entry(seg, &vmp->anchor.order, order) {
		hash = mix(hash, seg->first);
		hash = mix(hash, vmem_seg_end(vmp, seg));
		hash = mix(hash, seg->type * 2 + seg->wide);
		if (seg->type >= VMEM_SEG_ALLOCATED)
			hash = mix(hash, seg->size);
	}
	for (i = 0; i < idx->classes; i++)
		hlist_for_each_entry(seg, &idx->class[i], peers)
			hash = mix(hash, seg->first + i);
	hash = mix(hash, idx->words);
	hash = mix_table(hash, &vmp->allocated);
	hash = mix(hash, vmp->cursor);
	hash = mix(hash, vmp->inuse);
	hash = mix(hash, vmp->total);
	hash = mix(hash, vmp->imported);
	for (i = 0; i < VMEM_ORDERS; i++) {
		const struct vmem_order *order = &vmp->order[i];

		if (order->state == VMEM_ORDER_BUILDING)
			hash = mix(hash, order->next.next->first +
					 order->next.next->type);
		hash = mix(hash, order->state);
		hash = mix_tree(hash, order->tree.rb_node);
	}
	return vmp->caches ? mix_caches(hash, vmp) : hash;
}

/*
 * The model is part of it. What the library has lost or duplicated, it does not know
 * of; states that differ in nothing else must not be taken for one.
 */
static u64 mix_cells(u64 hash, const struct cells *c)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		hash = mix(hash, c->cell[i]);
	return mix(hash, c->cursor);
}

static u64 fingerprint(const struct world *w)
{
	u64 hash = 5;
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		hash = mix_cells(mix_arena(hash, w->vmp[i]), &w->cells[i]);
	return hash ?: 1;
}

/* === The states that have been met === */

/* How a state was met first: by an operation on another one. */
struct state {
	u64 key;
	u32 before;
	u8 letter;
	u8 depth;
};

static struct {
	struct state *state;		/* in the order in which they were met */
	unsigned int nr;
	unsigned int max;
	u32 *slot;			/* by key; number of a state plus 1 */
} states;

/* Is this a new state? */
static bool enter_state(u64 key, u32 before, unsigned int letter, unsigned int depth)
{
	u32 slot = key >> 32;

	for (;; slot++) {
		u32 *at = &states.slot[slot % (2 * states.max)];

		if (!*at) {
			if (states.nr == states.max)
				panic("too many states");
			states.state[states.nr++] = (struct state){ key, before, letter,
								    depth };
			*at = states.nr;
			return true;
		}
		if (states.state[*at - 1].key == key)
			return false;
	}
}

static void forget_states(void)
{
	memset(states.slot, 0, 2ul * states.max * sizeof(*states.slot));
	states.nr = 0;
}

/* Make room for as many, a power of two. */
static void get_states(unsigned int max)
{
	states.max = max;
	states.state = calloc(max, sizeof(*states.state));
	states.slot = calloc(2ul * max, sizeof(*states.slot));
	if (!states.state || !states.slot)
		panic("no memory");
}

#endif /* _VMEM_TEST_STATES_H */
