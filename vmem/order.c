// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free segments in order, for the policies that need it: a tree by address, with the
 * longest segment of each subtree, and a tree by length.
 *
 * Keeping a tree costs several times as much as keeping the size index, and makes
 * tags twice as long, so an arena has none until a request needs it, and then that
 * one. It is built in steps: each gets memory for some wide tags, takes the lock, and
 * passes some tags in address order, exchanging narrow ones for wide ones. The next
 * tag to be passed, next.next, divides the arena: all tags before it are wide, and the
 * free ones among them are in the tree; none behind it is in the tree. Why that holds
 * while others allocate and free between the steps:
 *
 * - From the first step on, every new tag is wide: before next.next, where it is free
 *   it enters the tree, and behind, it is passed later.
 * - A free segment that becomes shorter or longer keeps its tag, and so the side of
 *   next.next that it is on.
 * - If the tag that next.next points at goes away, having been joined to the segment
 *   beside it or with its span, next.next moves to the one behind.
 *
 * Places are compared by address. A span's head begins where its first segment
 * does; as long as next.next is the head, that segment is not before it.
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
	struct rb_node **link = &order->tree.rb_node, *parent = NULL;
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
	rb_insert_augmented(&ws->by_addr, &order->tree, &longest_callbacks);
}

static bool shorter(struct rb_node *a, const struct rb_node *b)
{
	const struct vmem_wide_seg *x = by_len_entry(a), *y = by_len_entry(b);

	if (wide_length(x) != wide_length(y))
		return wide_length(x) < wide_length(y);
	return x->seg.first < y->seg.first;
}

/* Is the tag before next.next, and so in the tree if it is a free segment's? */
static bool in_order(const struct vmem *vmp, enum vmem_order_by by,
		     const struct vmem_seg *seg)
{
	const struct vmem_order *order = &vmp->order[by];

	if (order->state != VMEM_ORDER_BUILDING)
		return order->state == VMEM_ORDER_READY;
	return order->next.next == &vmp->anchor ||
	       seg->first < order->next.next->first;
}

static void insert_by_len(struct vmem_order *order, struct vmem_wide_seg *ws)
{
	rb_add(&ws->by_len, &order->tree, shorter);
}

static void tree_insert(struct vmem *vmp, enum vmem_order_by by,
			struct vmem_seg *seg)
{
	if (by == VMEM_BY_ADDR)
		insert_by_addr(&vmp->order[by], wide(seg));
	else if (vmem_class_has_lengths(seg->class))
		insert_by_len(&vmp->order[by], wide(seg));
}

/* A segment has become free. */
void __vmem_order_insert(struct vmem *vmp, struct vmem_seg *seg)
{
	enum vmem_order_by by;

	lockdep_assert_held(&vmp->lock);
	for (by = 0; by < VMEM_ORDERS; by++)
		if (in_order(vmp, by, seg))
			tree_insert(vmp, by, seg);
}

/* It is about to become something else. */
void __vmem_order_remove(struct vmem *vmp, struct vmem_seg *seg)
{
	struct vmem_order *order = vmp->order;

	lockdep_assert_held(&vmp->lock);
	if (in_order(vmp, VMEM_BY_ADDR, seg))
		rb_erase_augmented(&wide(seg)->by_addr, &order[VMEM_BY_ADDR].tree,
				   &longest_callbacks);
	if (in_order(vmp, VMEM_BY_LEN, seg) && vmem_class_has_lengths(seg->class))
		rb_erase(&wide(seg)->by_len, &order[VMEM_BY_LEN].tree);
}

/**
 * __vmem_order_resize() - Let a free segment begin and end elsewhere.
 * @vmp: The arena.
 * @seg: The segment, in its old size class.
 * @first: Where it will begin, between its neighbours.
 * @last: Where it will end.
 * @class: The size class that it will be in.
 *
 * By address, it stays where it is.
 */
void __vmem_order_resize(struct vmem *vmp, struct vmem_seg *seg,
			 unsigned long first, unsigned long last,
			 unsigned int class)
{
	struct vmem_order *by_len = &vmp->order[VMEM_BY_LEN];
	bool in_addr = in_order(vmp, VMEM_BY_ADDR, seg);
	bool in_len = in_order(vmp, VMEM_BY_LEN, seg);

	lockdep_assert_held(&vmp->lock);
	if (in_len && vmem_class_has_lengths(seg->class))
		rb_erase(&wide(seg)->by_len, &by_len->tree);
	seg->first = first;
	seg->last = last;
	if (in_len && vmem_class_has_lengths(class))
		insert_by_len(by_len, wide(seg));
	if (in_addr)
		longest_callbacks.propagate(&wide(seg)->by_addr, NULL);
}

/* === Questions === */

static unsigned long longest(struct rb_node *node)
{
	return node ? by_addr_entry(node)->longest : 0;
}

/* The lowest segment of the subtree that has @len units, as one has. */
static struct vmem_seg *leftmost(struct rb_node *node, unsigned long len)
{
	for (;;) {
		while (longest(node->rb_left) >= len)
			node = node->rb_left;
		if (wide_length(by_addr_entry(node)) >= len)
			return &by_addr_entry(node)->seg;
		node = node->rb_right;
	}
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
	struct rb_node *node = vmp->order[VMEM_BY_ADDR].tree.rb_node, *turn = NULL;

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

/* The shortest segment in the tree that has @len units. */
static struct rb_node *shortest(const struct vmem_order *order, unsigned long len)
{
	struct rb_node *node = order->tree.rb_node, *found = NULL;

	while (node) {
		if (wide_length(by_len_entry(node)) >= len) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * __vmem_order_longer() - The shortest long enough segment, and the next ones.
 * @vmp: The arena, with its tree by length complete.
 * @seg: The one before; %NULL to begin.
 * @len: Units that it must have.
 *
 * First come those whose class has one length, by class, then those in the tree.
 *
 * Return: The segment next in length, or %NULL.
 */
struct vmem_seg *__vmem_order_longer(struct vmem *vmp, struct vmem_seg *seg,
				     unsigned long len)
{
	struct rb_node *node;

	lockdep_assert_held(&vmp->lock);
	if (seg && vmem_class_has_lengths(seg->class)) {
		node = rb_next(&wide(seg)->by_len);
	} else {
		seg = __vmem_free_maybe(vmp, seg, len);
		if (!seg || !vmem_class_has_lengths(seg->class))
			return seg;
		node = shortest(&vmp->order[VMEM_BY_LEN], len);
	}
	return node ? &by_len_entry(node)->seg : NULL;
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

static void __begin(struct vmem *vmp, struct vmem_order *order)
{
	lockdep_assert_held(&vmp->lock);
	if (!vmp->wide) {
		WRITE_ONCE(vmp->wide, true);
		vmp->outgrown = vmp->spare;
		vmp->spare = NULL;
		WRITE_ONCE(vmp->nr_spare, 0);
	}
	order->state = VMEM_ORDER_BUILDING;
	order->next.next = list_next_entry(&vmp->anchor, order);
	list_add(&order->next.link, &vmp->walks);
}

/* Pass some tags, exchanging those that are narrow; true after the last tag. */
static bool __step(struct vmem *vmp, enum vmem_order_by by,
		   struct vmem_seg **wide_tags, unsigned int *nr_wide)
{
	struct vmem_order *order = &vmp->order[by];
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
			tree_insert(vmp, by, seg);
	}
	if (order->next.next != &vmp->anchor)
		return false;
	list_del(&order->next.link);
	order->state = VMEM_ORDER_READY;
	return true;
}

static bool step(struct vmem *vmp, enum vmem_order_by by,
		 struct vmem_seg **wide_tags, unsigned int *nr_wide)
{
	struct vmem_order *order = &vmp->order[by];
	struct vmem_seg *outgrown;
	unsigned long flags;
	bool done = true;

	spin_lock_irqsave(&vmp->lock, flags);
	if (order->state == VMEM_ORDER_NONE)
		__begin(vmp, order);
	if (order->state == VMEM_ORDER_BUILDING)
		done = __step(vmp, by, wide_tags, nr_wide);
	outgrown = vmp->outgrown;
	vmp->outgrown = NULL;
	spin_unlock_irqrestore(&vmp->lock, flags);
	vmem_seg_delete_all(outgrown);
	return done;
}

/**
 * vmem_order_build() - Build a tree, or finish building it.
 * @vmp: The arena.
 * @by: Which tree.
 * @vmflag: Whether to wait for memory.
 *
 * Others may allocate and free, and build, too, meanwhile.
 *
 * Return: Whether the tree is complete. It is, unless %VM_NOSLEEP.
 */
bool vmem_order_build(struct vmem *vmp, enum vmem_order_by by, int vmflag)
{
	struct vmem_seg *wide_tags = NULL;
	unsigned int nr = 0;
	bool done = false;

	while (!done) {
		nr += vmem_seg_supply(vmp, &wide_tags, VMEM_BUILD_STEP - nr,
				      nr ? 0 : 1, true, vmflag);
		if (!nr)
			break;
		done = step(vmp, by, &wide_tags, &nr);
	}
	vmem_seg_delete_all(wide_tags);
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_order_build);

static const char *by_addr_broken(struct rb_node *node, const struct vmem_seg *seg)
{
	struct vmem_wide_seg *ws = by_addr_entry(node);
	unsigned long want = max3(wide_length(ws), longest(node->rb_left),
				  longest(node->rb_right));

	if (&ws->seg != seg)
		return "tree is not in address order";
	return ws->longest != want ? "longest segment of a subtree" : NULL;
}

static const char *by_len_broken(struct rb_node *node)
{
	struct rb_node *next = rb_next(node);

	return next && shorter(next, node) ? "tree is not in order of length" : NULL;
}

static const char *tree_broken(struct vmem *vmp, enum vmem_order_by by)
{
	const struct vmem_order *order = &vmp->order[by];
	struct rb_node *node = rb_first(&order->tree);
	bool passed = order->state != VMEM_ORDER_NONE;
	const char *broken = NULL;
	struct vmem_seg *seg;

	list_for_each_entry(seg, &vmp->anchor.order, order) {
		if (order->state == VMEM_ORDER_BUILDING && seg == order->next.next)
			passed = false;
		if (seg->type == VMEM_SEG_SPAN)
			continue;
		if (passed && !seg->wide)
			return "narrow tag where the trees are built";
		if (!vmp->wide && seg->wide)
			return "wide tag without trees";
		if (seg->type != VMEM_SEG_FREE || !in_order(vmp, by, seg) ||
		    (by == VMEM_BY_LEN && !vmem_class_has_lengths(seg->class)))
			continue;
		if (!seg->wide || !node)
			return "free segment in no tree";
		broken = by == VMEM_BY_ADDR ? by_addr_broken(node, seg) :
					      by_len_broken(node);
		if (broken)
			return broken;
		node = rb_next(node);
	}
	return node ? "more tree nodes than free segments" : NULL;
}

/* For vmem_validate(): what is wrong with the trees, if anything. */
const char *__vmem_order_broken(struct vmem *vmp)
{
	lockdep_assert_held(&vmp->lock);
	return tree_broken(vmp, VMEM_BY_ADDR) ?: tree_broken(vmp, VMEM_BY_LEN);
}
