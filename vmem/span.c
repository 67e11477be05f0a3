// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spans: the ranges that an arena consists of, in address order.
 *
 * Spans never overlap, and segments never reach across two of them, even if they
 * touch: the head of each span stands between its segments and those before.
 */
#include "internal.h"

#define span_entry(rb)	rb_entry(rb, struct vmem_span, node)

/* The lowest span that ends at @addr or behind; counts the spans looked at. */
static struct vmem_span *span_from(const struct vmem *vmp, unsigned long addr,
				   u64 *looked_at)
{
	struct rb_node *node = vmp->spans.rb_node;
	struct vmem_span *found = NULL;

	while (node) {
		struct vmem_span *span = span_entry(node);

		++*looked_at;
		if (span->head.last < addr) {
			node = node->rb_right;
		} else {
			found = span;
			node = node->rb_left;
		}
	}
	return found;
}

/* The lowest span of those that [first, last] shares a unit with. */
struct vmem_span *__vmem_span_overlap(struct vmem *vmp, unsigned long first,
				      unsigned long last)
{
	u64 looked_at = 0;
	struct vmem_span *span = span_from(vmp, first, &looked_at);

	lockdep_assert_held(&vmp->lock);
	return span && span->head.first <= last ? span : NULL;
}

/*
 * vmem_span_new() - Get memory for a span [first, last] and its size class.
 *
 * Return: The span, not in the arena yet. %NULL if there is no memory and @vmflag
 * says not to wait.
 */
struct vmem_span *vmem_span_new(struct vmem *vmp, unsigned long first,
				unsigned long last, int vmflag)
{
	struct vmem_span *span;

	if (!vmem_free_reserve(vmp, last - first, vmflag))
		return NULL;
	span = kzalloc(sizeof(*span), vmem_gfp_nofail(vmflag));
	if (!span)
		return NULL;
	vmem_untrace_record(vmp, span);
	span->head.type = VMEM_SEG_SPAN;
	span->head.first = first;
	span->head.last = last;
	return span;
}

static bool starts_lower(struct rb_node *a, const struct rb_node *b)
{
	return span_entry(a)->head.first < span_entry(b)->head.first;
}

/**
 * __vmem_span_insert() - Make a span part of the arena.
 * @vmp: The arena, with a tag to spare.
 * @span: The span, which overlaps no other.
 *
 * Return: Its only segment, which is free.
 */
struct vmem_seg *__vmem_span_insert(struct vmem *vmp, struct vmem_span *span)
{
	struct vmem_seg *behind = &vmp->anchor, *seg;
	unsigned long len = span->head.last - span->head.first + 1;
	struct rb_node *next;

	lockdep_assert_held(&vmp->lock);
	/* Instead of what was known of it as a whole come blocks. */
	if (vmem_leaktraced(vmp))
		kmemleak_free((void *)span->head.first);
	rb_add(&span->node, &vmp->spans, starts_lower);
	next = rb_next(&span->node);
	if (next)
		behind = &span_entry(next)->head;
	list_add_tail(&span->head.order, &behind->order);

	WRITE_ONCE(vmp->total, vmp->total + len);
	if (span->imported)
		WRITE_ONCE(vmp->imported, vmp->imported + len);
	else
		WRITE_ONCE(vmp->own, vmp->own + len);
	seg = __vmem_seg_add(vmp, &span->head, span->head.first, span->head.last);
	__vmem_free_insert(vmp, seg);
	return seg;
}

/* Take a span out of the arena. Its only segment @seg is free. */
noinline void __vmem_span_remove(struct vmem *vmp, struct vmem_span *span,
				 struct vmem_seg *seg)
{
	unsigned long len = span->head.last - span->head.first + 1;

	lockdep_assert_held(&vmp->lock);
	__vmem_free_remove(vmp, seg);
	__vmem_seg_pass(vmp, &span->head, seg);
	__vmem_seg_put(vmp, seg);
	list_del(&span->head.order);
	rb_erase(&span->node, &vmp->spans);
	WRITE_ONCE(vmp->total, vmp->total - len);
	WRITE_ONCE(vmp->imported, vmp->imported - len);
}

/* The span that a free segment fills, if it came from a source and may go back. */
struct vmem_span *__vmem_span_idle(struct vmem *vmp, struct vmem_seg *seg)
{
	struct vmem_span *span;
	struct vmem_seg *prev;

	lockdep_assert_held(&vmp->lock);
	/* Ask the arena first: the tag before is likely to be in no cache. */
	if (!vmp->imported || !vmp->free_fn)
		return NULL;
	prev = list_prev_entry(seg, order);
	if (prev->type != VMEM_SEG_SPAN || prev->last != seg->last)
		return NULL;
	span = container_of(prev, struct vmem_span, head);
	return span->imported ? span : NULL;
}

int vmem_contains(vmem_t *vmp, void *addr, size_t size)
{
	unsigned long first = (unsigned long)addr;
	unsigned long last = first + size - 1;
	struct vmem_span *span;
	unsigned long flags;
	int ret = 0;

	if (vmem_absent(vmp, _RET_IP_))
		return 0;
	/* Size 0: the end of a span is as good as what lies inside. */
	if (!size)
		last = first;
	spin_lock_irqsave(&vmp->lock, flags);
	vmp->stats.contains++;
	span = span_from(vmp, first - !size, &vmp->stats.contains_search);
	if (span && first && first <= last)
		ret = span->head.first <= first &&
		      last - !size <= span->head.last;
	spin_unlock_irqrestore(&vmp->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(vmem_contains);
