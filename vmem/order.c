// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free segments in order, for the policies that need it: by address, with the
 * longest segment of each subtree, and by length.
 *
 * Keeping trees costs several times as much as keeping the size index, and makes
 * tags twice as long, so an arena has none of it until a request needs it. Then
 * the trees are built in steps: each gets memory for some wide tags, takes the
 * lock, and exchanges narrow tags for wide ones in address order. The next tag to
 * be exchanged, order.next, divides the arena: all tags before it are wide, and
 * the free ones among them are in the trees; none behind it is in the trees. Why
 * that holds while others allocate and free between the steps:
 *
 * - From the first step on, every new tag is wide: before order.next, where it is
 *   free it enters the trees, and behind, it is passed later.
 * - A free segment that becomes shorter or longer keeps its tag, and so the side of
 *   order.next that it is on.
 * - If the tag that order.next points at goes away, having been joined to the
 *   segment beside it or with its span, order.next moves to the one behind.
 *
 * Places are compared by address. A span's head begins where its first segment
 * does; as long as order.next is the head, that segment is not before it.
 */
#include "internal.h"

#define VMEM_BUILD_STEP	32	/* tags passed in one hold of the lock */

static struct vmem_wide_seg *wide(struct vmem_seg *seg)
{
	return container_of(seg, struct vmem_wide_seg, seg);
}

static unsigned long seg_length(const struct vmem_seg *seg)
{
	return seg->last - seg->first + 1;
}

/* === Trees === */

#define by_addr_entry(node)	rb_entry(node, struct vmem_wide_seg, by_addr)
#define by_len_entry(node)	rb_entry(node, struct vmem_wide_seg, by_len)

static unsigned long wide_length(const struct vmem_wide_seg *ws)
{
	return seg_length(&ws->seg);
}

RB_DECLARE_CALLBACKS_MAX(static, longest_callbacks, struct vmem_wide_seg,
			 by_addr, unsigned long, longest, wide_length)

static void insert_by_addr(struct vmem_order *order, struct vmem_wide_seg *ws)
{
	struct rb_node **link = &order->by_addr.rb_node, *parent = NULL;
	unsigned long length = wide_length(ws);

	while (*link) {
		struct vmem_wide_seg *here = by_addr_entry(*link);

		parent = *link;
		if (here->longest < length)
			here->longest = length;
		if (ws->seg.first < here->seg.first)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	ws->longest = length;
	rb_link_node(&ws->by_addr, parent, link);
	rb_insert_augmented(&ws->by_addr, &order->by_addr, &longest_callbacks);
}

static bool shorter(struct rb_node *a, const struct rb_node *b)
{
	const struct vmem_seg *x = &by_len_entry(a)->seg;
	const struct vmem_seg *y = &by_len_entry(b)->seg;

	if (seg_length(x) != seg_length(y))
		return seg_length(x) < seg_length(y);
	return x->first < y->first;
}

/* Is the tag before order.next? */
static bool in_trees(const struct vmem *vmp, const struct vmem_seg *seg)
{
	const struct vmem_order *order = &vmp->order;

	if (order->state != VMEM_ORDER_BUILDING)
		return order->state == VMEM_ORDER_READY;
	return order->next.next == &vmp->anchor ||
	       seg->first < order->next.next->first;
}

static void tree_insert(struct vmem *vmp, struct vmem_seg *seg)
{
	insert_by_addr(&vmp->order, wide(seg));
	rb_add(&wide(seg)->by_len, &vmp->order.by_len, shorter);
}

void __vmem_order_insert(struct vmem *vmp, struct vmem_seg *seg)
{
	lockdep_assert_held(&vmp->lock);
	if (in_trees(vmp, seg))
		tree_insert(vmp, seg);
}

void __vmem_order_remove(struct vmem *vmp, struct vmem_seg *seg)
{
	lockdep_assert_held(&vmp->lock);
	if (!in_trees(vmp, seg))
		return;
	rb_erase_augmented(&wide(seg)->by_addr, &vmp->order.by_addr,
			   &longest_callbacks);
	rb_erase(&wide(seg)->by_len, &vmp->order.by_len);
}

/* A free segment is about to begin and end elsewhere, between its neighbours. */
void __vmem_order_resize(struct vmem *vmp, struct vmem_seg *seg,
			 unsigned long first, unsigned long last)
{
	struct vmem_wide_seg *ws = wide(seg);

	lockdep_assert_held(&vmp->lock);
	if (!in_trees(vmp, seg))
		return;
	rb_erase(&ws->by_len, &vmp->order.by_len);
	seg->first = first;
	seg->last = last;
	rb_add(&ws->by_len, &vmp->order.by_len, shorter);
	longest_callbacks.propagate(&ws->by_addr, NULL);
}

/* === Questions === */

static unsigned long longest(struct rb_node *node)
{
	return node ? by_addr_entry(node)->longest : 0;
}

/* The lowest segment of the subtree that has @len units, if one has. */
static struct vmem_seg *leftmost(struct rb_node *node, unsigned long len)
{
	while (longest(node) >= len) {
		if (longest(node->rb_left) >= len) {
			node = node->rb_left;
			continue;
		}
		if (wide_length(by_addr_entry(node)) >= len)
			return &by_addr_entry(node)->seg;
		node = node->rb_right;
	}
	return NULL;
}

/**
 * __vmem_order_next() - The lowest long enough segment from an address on.
 * @vmp: The arena, with its trees complete.
 * @from: The segment ends there or later.
 * @len: Units that it must have.
 *
 * Goes down to where @from belongs and remembers the last ancestor at which
 * something long enough lay to the right: O(log n).
 *
 * Return: The segment, or %NULL.
 */
struct vmem_seg *__vmem_order_next(struct vmem *vmp, unsigned long from,
				   unsigned long len)
{
	struct rb_node *node = vmp->order.by_addr.rb_node, *turn = NULL;

	lockdep_assert_held(&vmp->lock);
	while (node) {
		struct vmem_wide_seg *ws = by_addr_entry(node);

		if (ws->seg.last < from) {
			node = node->rb_right;
			continue;
		}
		if (wide_length(ws) >= len || longest(node->rb_right) >= len)
			turn = node;
		node = node->rb_left;
	}
	if (!turn)
		return NULL;
	if (wide_length(by_addr_entry(turn)) >= len)
		return &by_addr_entry(turn)->seg;
	return leftmost(turn->rb_right, len);
}

/**
 * __vmem_order_longer() - The shortest long enough segment, and the next ones.
 * @vmp: The arena, with its trees complete.
 * @seg: The one before; %NULL to begin.
 * @len: Units that it must have.
 *
 * Return: The segment next in length, or %NULL.
 */
struct vmem_seg *__vmem_order_longer(struct vmem *vmp, struct vmem_seg *seg,
				     unsigned long len)
{
	struct rb_node *node = vmp->order.by_len.rb_node, *found = NULL;

	lockdep_assert_held(&vmp->lock);
	if (seg) {
		found = rb_next(&wide(seg)->by_len);
		node = NULL;
	}
	while (node) {
		if (wide_length(by_len_entry(node)) >= len) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found ? &by_len_entry(found)->seg : NULL;
}

/* === Building === */

/* Take the wide tag @ws for the segment of @old, which is in no tree. */
static void exchange(struct vmem *vmp, struct vmem_seg *old,
		     struct vmem_wide_seg *ws)
{
	u64 lookup = 0;

	ws->seg = *old;
	ws->seg.wide = true;
	list_replace(&old->order, &ws->seg.order);
	switch (old->type) {
	case VMEM_SEG_FREE:
		hlist_add_before(&ws->seg.peers, &old->peers);
		__hlist_del(&old->peers);
		break;
	case VMEM_SEG_SLAB:
		__vmem_slab_replace(vmp, old, &ws->seg);
		break;
	default:
		*__vmem_allocated_find(vmp, old->first, &lookup) = &ws->seg;
	}
	__vmem_seg_pass(vmp, old, &ws->seg);
	vmem_seg_push(&vmp->outgrown, old);
}

static void __begin(struct vmem *vmp)
{
	struct vmem_order *order = &vmp->order;

	lockdep_assert_held(&vmp->lock);
	WRITE_ONCE(vmp->wide, true);
	order->state = VMEM_ORDER_BUILDING;
	vmp->outgrown = vmp->spare;
	vmp->spare = NULL;
	WRITE_ONCE(vmp->nr_spare, 0);
	order->next.next = list_next_entry(&vmp->anchor, order);
	list_add(&order->next.link, &vmp->walks);
}

/* Pass some tags, exchanging those that are narrow; true after the last tag. */
static bool __step(struct vmem *vmp, struct vmem_seg **wide_tags,
		   unsigned int *nr_wide)
{
	struct vmem_order *order = &vmp->order;
	unsigned int i;

	lockdep_assert_held(&vmp->lock);
	for (i = 0; i < VMEM_BUILD_STEP && order->next.next != &vmp->anchor; i++) {
		struct vmem_seg *seg = order->next.next;

		if (seg->type != VMEM_SEG_SPAN && !seg->wide) {
			struct vmem_seg *tag;

			if (!*nr_wide)
				return false;
			tag = vmem_seg_pop(wide_tags);
			--*nr_wide;
			exchange(vmp, seg, wide(tag));
			seg = tag;
		}
		order->next.next = list_next_entry(seg, order);
		if (seg->type == VMEM_SEG_FREE)
			tree_insert(vmp, seg);
	}
	if (order->next.next != &vmp->anchor)
		return false;
	list_del(&order->next.link);
	order->state = VMEM_ORDER_READY;
	return true;
}

static bool step(struct vmem *vmp, struct vmem_seg **wide_tags,
		 unsigned int *nr_wide)
{
	struct vmem_seg *outgrown;
	unsigned long flags;
	bool done = true;

	spin_lock_irqsave(&vmp->lock, flags);
	if (vmp->order.state == VMEM_ORDER_NONE)
		__begin(vmp);
	if (vmp->order.state == VMEM_ORDER_BUILDING)
		done = __step(vmp, wide_tags, nr_wide);
	outgrown = vmp->outgrown;
	vmp->outgrown = NULL;
	spin_unlock_irqrestore(&vmp->lock, flags);
	vmem_seg_delete_all(outgrown);
	return done;
}

/**
 * vmem_order_build() - Build the trees, or finish building them.
 * @vmp: The arena.
 * @vmflag: Whether to wait for memory.
 *
 * Others may allocate and free, and build, too, meanwhile.
 *
 * Return: Whether the trees are complete. They are, unless %VM_NOSLEEP.
 */
bool vmem_order_build(struct vmem *vmp, int vmflag)
{
	struct vmem_seg *wide_tags = NULL;
	unsigned int nr = 0;
	bool done = false;

	while (!done) {
		nr += vmem_seg_supply(vmp, &wide_tags, VMEM_BUILD_STEP - nr,
				      nr ? 0 : 1, true, vmflag);
		if (!nr)
			break;
		done = step(vmp, &wide_tags, &nr);
	}
	vmem_seg_delete_all(wide_tags);
	return done;
}

/* Is the next node of a tree, in whatever order it is in, the right one? */
static const char *node_broken(struct vmem *vmp, struct rb_node *node,
			       const struct vmem_seg *seg)
{
	struct vmem_wide_seg *ws = by_addr_entry(node);
	unsigned long want = max3(wide_length(ws), longest(node->rb_left),
				  longest(node->rb_right));
	struct rb_node *longer = rb_next(&ws->by_len);

	if (&ws->seg != seg)
		return "tree is not in address order";
	if (ws->longest != want)
		return "longest segment of a subtree";
	if (longer && shorter(longer, &ws->by_len))
		return "tree is not in order of length";
	return NULL;
}

/* For vmem_validate(): what is wrong with the trees, if anything. */
const char *__vmem_order_broken(struct vmem *vmp)
{
	struct vmem_order *order = &vmp->order;
	struct rb_node *node = rb_first(&order->by_addr);
	struct rb_node *by_len = rb_first(&order->by_len);
	bool passed = order->state != VMEM_ORDER_NONE;
	const char *broken = NULL;
	struct vmem_seg *seg;

	lockdep_assert_held(&vmp->lock);
	list_for_each_entry(seg, &vmp->anchor.order, order) {
		if (order->state == VMEM_ORDER_BUILDING && seg == order->next.next)
			passed = false;
		if (seg->type == VMEM_SEG_SPAN)
			continue;
		if (passed && !seg->wide)
			return "narrow tag where the trees are built";
		if (order->state == VMEM_ORDER_NONE && seg->wide)
			return "wide tag without trees";
		if (seg->type != VMEM_SEG_FREE || !in_trees(vmp, seg))
			continue;
		if (!seg->wide || !node || !by_len)
			return "free segment in no tree";
		broken = node_broken(vmp, node, seg);
		if (broken)
			return broken;
		node = rb_next(node);
		by_len = rb_next(by_len);
	}
	return node || by_len ? "more tree nodes than free segments" : NULL;
}
