// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the paper of 2001 describes (4.4), as a peer: boundary tags, a free list for
 * each power of two, a hash of what is allocated. It is here to be faster than: on a
 * machine whose speed is not known a time alone tells nothing.
 *
 * Instant fit takes the first segment of a list in which all are long enough, best fit
 * the shortest of the first list that has one. The hash is as large as it will have to
 * be from the beginning, and tags come from the arena, so nothing is in its way.
 */
#include "scale.h"

#include <linux/hash.h>

#define FIRST	1			/* 0 is failure */
#define MEAN	32			/* quanta of a segment, more or less */
#define TAGS	512			/* allocated at a time */

struct tag {
	struct list_head order;		/* by address */
	struct hlist_node peers;	/* of its list, or its bucket */
	unsigned long start;
	unsigned long size;
	bool free;
};

struct paper {
	spinlock_t lock ____cacheline_aligned_in_smp;
	unsigned long nonempty;		/* which lists are not */
	struct hlist_head list[BITS_PER_LONG];
	struct hlist_head *bucket;
	unsigned int hash_bits;
	struct list_head order;
	struct hlist_head spare;
	struct hlist_head memory;
};

struct tags {
	struct hlist_node node;		/* paper::memory */
	struct tag tag[TAGS];
};

static struct tag *get_tag(struct paper *paper)
{
	struct tag *tag;
	int i;

	if (unlikely(hlist_empty(&paper->spare))) {
		struct tags *tags = aligned_alloc(SMP_CACHE_BYTES,
						  ALIGN(sizeof(*tags), SMP_CACHE_BYTES));

		BUG_ON(!tags);
		hlist_add_head(&tags->node, &paper->memory);
		for (i = 0; i < TAGS; i++)
			hlist_add_head(&tags->tag[i].peers, &paper->spare);
	}
	tag = hlist_entry(paper->spare.first, struct tag, peers);
	hlist_del(&tag->peers);
	return tag;
}

static void add_free(struct paper *paper, struct tag *tag)
{
	unsigned int list = __fls(tag->size);

	tag->free = true;
	hlist_add_head(&tag->peers, &paper->list[list]);
	__set_bit(list, &paper->nonempty);
}

static void remove_free(struct paper *paper, struct tag *tag)
{
	unsigned int list = __fls(tag->size);

	hlist_del(&tag->peers);
	if (hlist_empty(&paper->list[list]))
		__clear_bit(list, &paper->nonempty);
}

static void *create_paper(unsigned long quanta, bool cached)
{
	struct paper *paper = aligned_alloc(SMP_CACHE_BYTES, sizeof(*paper));
	struct tag *tag;

	BUG_ON(!paper);
	memset(paper, 0, sizeof(*paper));
	paper->hash_bits = max(4, fls_long(quanta / MEAN));
	paper->bucket = calloc(BIT(paper->hash_bits), sizeof(*paper->bucket));
	BUG_ON(!paper->bucket);
	INIT_LIST_HEAD(&paper->order);
	tag = get_tag(paper);
	tag->start = FIRST;
	tag->size = quanta;
	list_add(&tag->order, &paper->order);
	add_free(paper, tag);
	return paper;
}

static void destroy_paper(void *allocator)
{
	struct paper *paper = allocator;
	struct hlist_node *next;
	struct tags *tags;

	hlist_for_each_entry_safe(tags, next, &paper->memory, node)
		free(tags);
	free(paper->bucket);
	free(paper);
}

/* The first one of the lists from @list on, whose members are all long enough. */
static __always_inline struct tag *first_from(struct paper *paper, unsigned int list)
{
	unsigned long lists = list < BITS_PER_LONG ? paper->nonempty & (~0ul << list) : 0;

	return lists ? hlist_entry(paper->list[__ffs(lists)].first, struct tag, peers) :
		       NULL;
}

static __always_inline struct tag *shortest(struct paper *paper, unsigned int list,
					    unsigned long size)
{
	struct tag *found = NULL, *tag;

	hlist_for_each_entry(tag, &paper->list[list], peers)
		if (tag->size >= size && (!found || tag->size < found->size))
			found = tag;
	return found;
}

static __always_inline struct tag *choose(struct paper *paper, unsigned long size, bool best)
{
	unsigned int list = __fls(size);
	struct tag *tag;

	if (best) {
		tag = shortest(paper, list, size);
		if (tag)
			return tag;
		tag = first_from(paper, list + 1);
		return tag ? shortest(paper, __fls(tag->size), size) : NULL;
	}
	tag = first_from(paper, is_power_of_2(size) ? list : list + 1);
	return tag ?: shortest(paper, list, size);
}

static __always_inline struct hlist_head *bucket_of(struct paper *paper, unsigned long addr)
{
	return &paper->bucket[hash_long(addr, paper->hash_bits)];
}

static __always_inline unsigned long paper_take(struct paper *paper, unsigned long size,
						bool best)
{
	unsigned long flags, addr = 0;
	struct tag *tag, *rest;

	spin_lock_irqsave(&paper->lock, flags);
	tag = choose(paper, size, best);
	if (likely(tag)) {
		remove_free(paper, tag);
		if (tag->size > size) {
			rest = get_tag(paper);
			rest->start = tag->start + size;
			rest->size = tag->size - size;
			list_add(&rest->order, &tag->order);
			add_free(paper, rest);
			tag->size = size;
		}
		tag->free = false;
		addr = tag->start;
		hlist_add_head(&tag->peers, bucket_of(paper, addr));
	}
	spin_unlock_irqrestore(&paper->lock, flags);
	return addr;
}

/* Join @tag and the one behind it, which goes. */
static __always_inline void join(struct paper *paper, struct tag *tag, struct tag *next)
{
	tag->size += next->size;
	list_del(&next->order);
	hlist_add_head(&next->peers, &paper->spare);
}

static __always_inline void paper_give(struct paper *paper, unsigned long addr,
				       unsigned long size)
{
	struct tag *tag, *other;
	unsigned long flags;

	spin_lock_irqsave(&paper->lock, flags);
	hlist_for_each_entry(tag, bucket_of(paper, addr), peers)
		if (tag->start == addr)
			break;
	BUG_ON(!tag || tag->size != size);
	hlist_del(&tag->peers);
	other = list_next_entry(tag, order);
	if (&other->order != &paper->order && other->free) {
		remove_free(paper, other);
		join(paper, tag, other);
	}
	other = list_prev_entry(tag, order);
	if (&other->order != &paper->order && other->free) {
		remove_free(paper, other);
		join(paper, other, tag);
		tag = other;
	}
	add_free(paper, tag);
	spin_unlock_irqrestore(&paper->lock, flags);
}

#define DEFINE_PAPER_PEER(peer, text, best, most)			\
static __always_inline unsigned long peer##_take(void *paper, unsigned long size) \
{									\
	return paper_take(paper, size, best);				\
}									\
									\
static __always_inline void peer##_give(void *paper, unsigned long addr, \
					unsigned long size)		\
{									\
	paper_give(paper, addr, size);					\
}									\
									\
DEFINE_PEER(peer,							\
	    .name = text,						\
	    .create = create_paper,					\
	    .destroy = destroy_paper,					\
	    .uncached = true,						\
	    .limit = most)

DEFINE_PAPER_PEER(paper_instant, "paper", false, 0);
DEFINE_PAPER_PEER(paper_best, "paper-best", true, 10000);
