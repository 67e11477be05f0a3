// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_validate() itself, on which every other test relies: each of its complaints,
 * provoked by one field of a good arena that is made wrong, and gone with it.
 */
#include <linux/percpu.h>
#include <linux/rbtree.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "cached.h"

/* === Breaking an arena === */

/*
 * Those who go through all arenas, such as the shrinker, must not come by while one
 * is broken. None has begun to, as nothing but our tests uses vmem.
 */
static vmem_t *keep_visitors_away(vmem_t *vmp)
{
	WRITE_ONCE(vmp->ending, true);
	return vmp;
}

static void expect_complaint(struct kunit *test, vmem_t *vmp, bool valid,
			     const char *complaint)
{
	const char *report = valid ? "" : fixture_next_report(test);
	char line[128];
	int len;

	len = snprintf(line, sizeof(line), "vmem: invalid: arena \"%s\": %s",
		       vmp->name, complaint);
	if (strncmp(report, line, len) || (report[len] && report[len] != '\n'))
		KUNIT_FAIL(test, "report is \"%s\", not \"%s\"", report, line);
	EXPECT_VALID(test, vmp);
}

/* With @field, of whatever type, at @value the arena is invalid. */
#define EXPECT_BROKEN(test, vmp, field, value, complaint)			\
do {										\
	vmem_t *__broken_vmp = (vmp);						\
	__auto_type __broken_field = &(field);					\
	__auto_type __broken_was = *__broken_field;				\
	typeof(__broken_was) __broken_value = (value);				\
	unsigned long __broken_flags;						\
	bool __broken_valid;							\
										\
	spin_lock_irqsave(&__broken_vmp->lock, __broken_flags);			\
	WRITE_ONCE(*__broken_field, __broken_value);				\
	spin_unlock_irqrestore(&__broken_vmp->lock, __broken_flags);		\
	__broken_valid = vmem_validate(__broken_vmp);				\
	spin_lock_irqsave(&__broken_vmp->lock, __broken_flags);			\
	WRITE_ONCE(*__broken_field, __broken_was);				\
	spin_unlock_irqrestore(&__broken_vmp->lock, __broken_flags);		\
	expect_complaint(test, __broken_vmp, __broken_valid, complaint);	\
} while (0)

/* With an entry on a list. */
static void expect_broken_by(struct kunit *test, vmem_t *vmp, struct list_head *entry,
			     struct list_head *list, const char *complaint)
{
	unsigned long flags;
	bool valid;

	spin_lock_irqsave(&vmp->lock, flags);
	list_add(entry, list);
	spin_unlock_irqrestore(&vmp->lock, flags);
	valid = vmem_validate(vmp);
	spin_lock_irqsave(&vmp->lock, flags);
	list_del(entry);
	spin_unlock_irqrestore(&vmp->lock, flags);
	expect_complaint(test, vmp, valid, complaint);
}

/* With the subtrees of a tree's root exchanged. */
static void expect_broken_tree(struct kunit *test, vmem_t *vmp, struct rb_root *tree,
			       const char *complaint)
{
	struct rb_node *root = tree->rb_node;
	unsigned long flags;
	bool valid;

	KUNIT_ASSERT_TRUE(test, root->rb_left || root->rb_right);
	spin_lock_irqsave(&vmp->lock, flags);
	swap(root->rb_left, root->rb_right);
	spin_unlock_irqrestore(&vmp->lock, flags);
	valid = vmem_validate(vmp);
	spin_lock_irqsave(&vmp->lock, flags);
	swap(root->rb_left, root->rb_right);
	spin_unlock_irqrestore(&vmp->lock, flags);
	expect_complaint(test, vmp, valid, complaint);
}

/* === Arenas to break === */

/* The nth tag in address order, 0 the first. */
static struct vmem_seg *tag(vmem_t *vmp, unsigned int nr)
{
	struct vmem_seg *seg = list_first_entry(&vmp->anchor.order, struct vmem_seg,
						order);

	while (nr--)
		seg = list_next_entry(seg, order);
	return seg;
}

static struct vmem_span *span(vmem_t *vmp, unsigned int nr)
{
	return container_of(tag(vmp, nr), struct vmem_span, head);
}

/* What the tags of gapped() are of, all but the spans' in pages. */
enum { SPAN_1, USED_1, FREE_1, USED_2, FREE_2, USED_3, FREE_3, SPAN_2, FREE_8 };

/* Two spans, the first with holes, in pages: 1 used, 1 free, 1, 1, 1, 3. */
static vmem_t *gapped(struct kunit *test)
{
	vmem_t *vmp = keep_visitors_away(fixture_arena(test, 16 * PG, 8 * PG, PG));
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, vmem_add(vmp, (void *)(32 * PG), 8 * PG,
					     VM_SLEEP));
	for (addr = 16 * PG; addr <= 20 * PG; addr += 2 * PG)
		KUNIT_ASSERT_EQ(test, xtake(vmp, PG, 0, 0, 0, addr, addr + PG, 0), addr);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "11000+1000 13000+1000 15000+3000 20000+8000");
	return vmp;
}

/* One span, its free segments in order: 1 page, 1, 2, and the rest. */
enum {
	ORDER_SPAN, ORDER_FREE_1, ORDER_USED_1, ORDER_FREE_2, ORDER_USED_2, ORDER_FREE_3,
	ORDER_USED_3, ORDER_REST
};

static vmem_t *ordered(struct kunit *test)
{
	vmem_t *vmp = keep_visitors_away(fixture_arena(test, PG, 64 * PG, PG / 64));

	fixture_order(test, vmp);
	KUNIT_ASSERT_NE(test, xtake(vmp, PG, 0, 0, 0, 2 * PG, 3 * PG, 0), 0ul);
	KUNIT_ASSERT_NE(test, xtake(vmp, PG, 0, 0, 0, 4 * PG, 5 * PG, 0), 0ul);
	KUNIT_ASSERT_NE(test, xtake(vmp, PG, 0, 0, 0, 7 * PG, 8 * PG, 0), 0ul);
	return vmp;
}

/*
 * Three slabs of 16 objects of a page, one full and two not, and an object of two
 * pages by itself, for want of space; too small for magazines.
 */
struct cut {
	vmem_t *vmp;
	struct vmem_qcache *cache;
	unsigned long addr[48];
	unsigned long single;
};

static struct cut *cut_arena(struct kunit *test)
{
	struct cut *cut = kunit_kzalloc(test, sizeof(*cut), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, cut);
	cut->vmp = keep_visitors_away(cached_arena(test, 52 * PG, PG, 4 * PG));
	cut->cache = &cut->vmp->caches->cache[0];
	for (i = 0; i < ARRAY_SIZE(cut->addr); i++)
		cut->addr[i] = take(cut->vmp, PG, 0);
	cut->single = take(cut->vmp, 2 * PG, 0);
	give(cut->vmp, cut->addr[16], PG);
	give(cut->vmp, cut->addr[32], PG);
	KUNIT_ASSERT_NOT_NULL(test, cut->cache->full);
	KUNIT_ASSERT_NOT_NULL(test, cut->cache->partial);
	KUNIT_ASSERT_NOT_NULL(test, cut->cache->partial->below);
	KUNIT_ASSERT_EQ(test, cut->cache->slabs, 3ul);
	KUNIT_ASSERT_EQ(test, cut->vmp->allocated.count, 1ul);
	EXPECT_VALID(test, cut->vmp);
	return cut;
}

static void cut_ends(struct cut *cut)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(cut->addr); i++)
		if (i != 16 && i != 32)
			give(cut->vmp, cut->addr[i], PG);
	give(cut->vmp, cut->single, 2 * PG);
}

/* === Spans and segments === */

static void spans_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test), *empty = fixture_arena(test, 0, 0, PG);
	struct vmem_seg *first = tag(vmp, SPAN_1), *second = tag(vmp, SPAN_2);

	keep_visitors_away(empty);
	EXPECT_BROKEN(test, vmp, vmp->spans.rb_node, NULL,
		      "spans and their tree differ");
	EXPECT_BROKEN(test, empty, empty->spans.rb_node, vmp->spans.rb_node,
		      "span without tag");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_3)->order.next, &vmp->anchor.order,
		      "span without tag");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_3)->last, 23 * PG - 1,
		      "span is not tiled to its end");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_8)->last, 39 * PG - 1,
		      "last span is not tiled to its end");
	EXPECT_BROKEN(test, vmp, first->first, 0, "span is no whole number of quanta");
	EXPECT_BROKEN(test, vmp, first->first, 16 * PG + 1,
		      "span is no whole number of quanta");
	EXPECT_BROKEN(test, vmp, second->last, 31 * PG - 1,
		      "span is no whole number of quanta");
	EXPECT_BROKEN(test, vmp, second->first, 23 * PG, "spans overlap");
	EXPECT_BROKEN(test, vmp, span(vmp, SPAN_2)->imported, true,
		      "imported span without an import function");
	EXPECT_BROKEN(test, vmp, vmp->free.classes, 1, "no size class for a span");
}

/* A tag that is found from the left alone. */
static void links_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test);

	EXPECT_BROKEN(test, vmp, tag(vmp, USED_2)->order.prev,
		      &tag(vmp, USED_1)->order, "links of a tag");
	EXPECT_BROKEN(test, vmp, vmp->anchor.order.prev, &tag(vmp, SPAN_2)->order,
		      "links of the last tag");
}

static void constants_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test);
	struct cut *cut = cut_arena(test);

	EXPECT_BROKEN(test, vmp, vmp->quantum, 2 * PG, "quantum and its logarithm");
	EXPECT_BROKEN(test, vmp, vmp->cached_max, PG, "largest size of a quantum cache");
	EXPECT_BROKEN(test, cut->vmp, cut->vmp->cached_max, 3 * PG,
		      "largest size of a quantum cache");
	EXPECT_BROKEN(test, cut->vmp, cut->cache->size, 2 * PG, "size of a quantum cache");
	cut_ends(cut);
}

static void segments_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test), *child = fixture_child(test, vmp, PG);

	keep_visitors_away(child);
	EXPECT_BROKEN(test, vmp, tag(vmp, USED_1)->type, VMEM_SEG_SLAB,
		      "slab of no cache");
	EXPECT_BROKEN(test, vmp, tag(vmp, SPAN_1)->type, VMEM_SEG_ALLOCATED,
		      "segment before the first span");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_1)->first, 16 * PG,
		      "segments do not tile their span");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_1)->last, 17 * PG - 1,
		      "segments do not tile their span");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_1)->last, 16 * PG - 1,
		      "segments do not tile their span");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_8)->last, 41 * PG - 1,
		      "segments do not tile their span");
	EXPECT_BROKEN(test, vmp, tag(vmp, FREE_1)->last, 18 * PG - 2,
		      "segment is no whole number of quanta");
	EXPECT_BROKEN(test, vmp, tag(vmp, USED_1)->type, VMEM_SEG_SLAB + 1,
		      "type of a segment");
	EXPECT_BROKEN(test, vmp, tag(vmp, USED_2)->type, VMEM_SEG_FREE,
		      "free segments not merged");

	KUNIT_ASSERT_NE(test, take(child, PG, 0), 0ul);
	EXPECT_BROKEN(test, child, tag(child, USED_1)->type, VMEM_SEG_FREE,
		      "idle imported span not released");
}

static void allocated_segments_are_checked(struct kunit *test)
{
	struct cut *cut = cut_arena(test);
	vmem_t *vmp = gapped(test);
	struct vmem_seg *seg = tag(vmp, USED_1), *single, *slab = cut->cache->full;

	EXPECT_BROKEN(test, vmp, seg->size, 0, "size and length of an allocated segment");
	EXPECT_BROKEN(test, vmp, seg->size, PG + 1,
		      "size and length of an allocated segment");
	EXPECT_BROKEN(test, vmp, seg->type, VMEM_SEG_OBJECT,
		      "size of a quantum cache's object");

	for (single = tag(cut->vmp, 1); single->type != VMEM_SEG_OBJECT;)
		single = list_next_entry(single, order);
	EXPECT_BROKEN(test, cut->vmp, single->class, 0,
		      "size of a quantum cache's object");
	EXPECT_BROKEN(test, cut->vmp, single->class, 4,
		      "size of a quantum cache's object");
	EXPECT_BROKEN(test, cut->vmp, slab->class, 4, "slab of no cache");
	cut_ends(cut);
}

/* === Numbers, and tags that wait === */

static void statistics_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test);

	EXPECT_BROKEN(test, vmp, vmp->inuse, 4 * PG, "mem_inuse");
	EXPECT_BROKEN(test, vmp, vmp->total, 17 * PG, "mem_total");
	EXPECT_BROKEN(test, vmp, vmp->imported, PG, "mem_import");
	EXPECT_BROKEN(test, vmp, vmp->own, 17 * PG, "static and imported units");
	EXPECT_BROKEN(test, vmp, vmp->allocs, 4, "alloc - free");
	EXPECT_BROKEN(test, vmp, vmp->frees, 1, "alloc - free");
	EXPECT_BROKEN(test, vmp, vmp->cursor, 1, "cursor of next fit");
}

static void spare_tags_are_checked(struct kunit *test)
{
	vmem_t *narrow = gapped(test), *wide = ordered(test);
	struct vmem_seg stray = {};

	EXPECT_BROKEN(test, narrow, narrow->wide, true, "width of tags");
	EXPECT_BROKEN(test, narrow, narrow->spare->wide, true, "width of a spare tag");
	EXPECT_BROKEN(test, wide, wide->spare->wide, false, "width of a spare tag");
	EXPECT_BROKEN(test, narrow, narrow->nr_spare, narrow->nr_spare + 1,
		      "number of spare tags");

	EXPECT_BROKEN(test, narrow, narrow->outgrown, &stray,
		      "outgrown tag of the right width");
	stray.wide = true;
	EXPECT_BROKEN(test, wide, wide->outgrown, &stray,
		      "outgrown tag of the right width");
}

/* === Those who wait or are on their way === */

static void sleepers_are_checked(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, PG, PG), *child;
	unsigned long addr = take(vmp, PG, 0);
	struct vmem_waiter *near, *far;
	struct sleeper sleeper;

	child = fixture_child(test, vmp, PG);
	keep_visitors_away(vmp);
	keep_visitors_away(child);
	sleeper = sleep_for(test, child, PG);
	KUNIT_ASSERT_EQ(test, vmp->nr_waiters, 1u);
	far = list_first_entry(&vmp->waiters, struct vmem_waiter, link);
	near = list_first_entry(&child->waiters, struct vmem_waiter, link);

	EXPECT_BROKEN(test, vmp, far->vmp, child, "sleeper of another arena");
	EXPECT_BROKEN(test, vmp, near->vmp, vmp, "sleeper does not come from a child");
	EXPECT_BROKEN(test, vmp, vmp->nr_waiters, 2, "number of sleepers");
	EXPECT_BROKEN(test, child, child->nr_waiters, 0, "number of sleepers");

	give(vmp, addr, PG);
	EXPECT_ADDR(test, sleeper_result(test, &sleeper), PG);
}

static void walks_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test), *order = ordered(test);
	struct vmem_seg stray = {};
	struct vmem_cursor walk = { .next = &stray };

	expect_broken_by(test, vmp, &walk.link, &vmp->walks,
			 "walk at a tag that is not there");
	EXPECT_BROKEN(test, order, order->order[VMEM_BY_ADDR].state, VMEM_ORDER_BUILDING,
		      "tree is being built, or is not");
	expect_broken_by(test, order, &order->order[VMEM_BY_LEN].next.link, &order->walks,
			 "tree is being built, or is not");
}

/* === Indices === */

static void size_classes_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test);
	struct vmem_freeindex *idx = &vmp->free;
	struct hlist_head *one = NULL;
	unsigned int i;

	for (i = 0; i < idx->classes; i++)
		if (idx->class[i].first && idx->class[i].first->next)
			one = &idx->class[i];
	KUNIT_ASSERT_NOT_NULL_MSG(test, one, "two segments of one page");

	EXPECT_BROKEN(test, vmp, idx->nonempty[0], 0, "bit of a size class");
	EXPECT_BROKEN(test, vmp, idx->nonempty[0], ~0ul, "bit of a size class");
	EXPECT_BROKEN(test, vmp, idx->nonempty[BITS_TO_LONGS(VMEM_CLASSES) - 1],
		      BIT_MASK(VMEM_CLASSES - 1), "bit of a size class that is too long");
	EXPECT_BROKEN(test, vmp, idx->words, 0, "bit of a word of size classes");
	EXPECT_BROKEN(test, vmp, idx->words, 3, "bit of a word of size classes");
	EXPECT_BROKEN(test, vmp, one->first, &tag(vmp, FREE_3)->peers,
		      "segment in a wrong size class");
	EXPECT_BROKEN(test, vmp, one->first, &tag(vmp, USED_1)->peers,
		      "segment in a wrong size class");
	EXPECT_BROKEN(test, vmp, one->first->next, NULL,
		      "free segment in no size class");
}

/* A bucket of the first 16 that is, or is not, empty. */
static struct vmem_seg **bucket(struct vmem_table *table, bool empty)
{
	struct vmem_seg **head = table->small;

	while (!*head != empty)
		head++;
	return head;
}

static void tables_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test);
	struct vmem_table *table = &vmp->allocated;
	struct vmem_seg *seg = *bucket(table, false);
	struct cut *cut = cut_arena(test);

	EXPECT_BROKEN(test, vmp, *bucket(table, false), NULL,
		      "allocated segment is not found");
	EXPECT_BROKEN(test, vmp, table->count, 4, "count of allocated segments");
	EXPECT_BROKEN(test, vmp, table->room, 8, "more buckets than there is room for");
	EXPECT_BROKEN(test, vmp, table->room, 32,
		      "no memory where there is room for buckets");
	/* Buckets that there are not are those of before, so all is found. */
	EXPECT_BROKEN(test, vmp, table->mask, 31, "mask of a table");
	EXPECT_BROKEN(test, vmp, *bucket(table, true), tag(vmp, FREE_1),
		      "free segment in a bucket");
	EXPECT_BROKEN(test, vmp, *bucket(table, true), seg, "segment in a wrong bucket");
	while (seg->chain)
		seg = seg->chain;
	EXPECT_BROKEN(test, vmp, seg->chain, seg,
		      "more segments in buckets than allocated");

	table = &cut->vmp->caches->slabs;
	EXPECT_BROKEN(test, cut->vmp, table->count, 2, "count of allocated segments");
	EXPECT_BROKEN(test, cut->vmp, *bucket(table, false), NULL,
		      "allocated segment in no bucket");
	cut_ends(cut);
}

/* === Trees === */

static struct vmem_wide_seg *wide(vmem_t *vmp, unsigned int nr)
{
	return container_of(tag(vmp, nr), struct vmem_wide_seg, seg);
}

static void trees_are_checked(struct kunit *test)
{
	vmem_t *vmp = ordered(test);
	struct rb_root *by_addr = &vmp->order[VMEM_BY_ADDR].tree;
	struct rb_root *by_len = &vmp->order[VMEM_BY_LEN].tree;

	EXPECT_BROKEN(test, vmp, tag(vmp, ORDER_USED_1)->wide, false,
		      "narrow tag where the trees are built");
	EXPECT_BROKEN(test, vmp, by_addr->rb_node, NULL,
		      "free segment in no tree");
	EXPECT_BROKEN(test, vmp, by_len->rb_node, NULL,
		      "free segment in no tree");
	EXPECT_BROKEN(test, vmp, wide(vmp, ORDER_FREE_2)->longest, PG - 1,
		      "longest segment of a subtree");
	expect_broken_tree(test, vmp, by_addr, "tree is not in address order");
	expect_broken_tree(test, vmp, by_len, "tree is not in order of length");
}

/* One more node behind the last of a tree. */
static void nodes_of_no_segment_are_seen(struct kunit *test)
{
	vmem_t *vmp = ordered(test), *none = gapped(test);
	struct vmem_wide_seg stray = {}, *last = wide(vmp, ORDER_REST);

	stray.seg.last = ULONG_MAX - 1;
	rb_set_parent(&stray.by_addr, &last->by_addr);
	EXPECT_BROKEN(test, vmp, last->by_addr.rb_right, &stray.by_addr,
		      "more tree nodes than free segments");
	rb_set_parent(&stray.by_len, &last->by_len);
	EXPECT_BROKEN(test, vmp, last->by_len.rb_right, &stray.by_len,
		      "more tree nodes than free segments");

	rb_set_parent(&stray.by_addr, NULL);
	rb_set_parent(&stray.by_len, NULL);
	EXPECT_BROKEN(test, none, none->order[VMEM_BY_ADDR].tree.rb_node, &stray.by_addr,
		      "more tree nodes than free segments");
	EXPECT_BROKEN(test, none, none->order[VMEM_BY_LEN].tree.rb_node, &stray.by_len,
		      "more tree nodes than free segments");
	EXPECT_BROKEN(test, none, tag(none, USED_1)->wide, true,
		      "wide tag without trees");
}

/* === Quantum caches === */

static void slabs_are_checked(struct kunit *test)
{
	struct cut *cut = cut_arena(test);
	struct vmem_qcache *cache = cut->cache;
	struct vmem_seg *slab = cache->partial, copy = *slab;
	vmem_t *vmp = cut->vmp;

	EXPECT_BROKEN(test, vmp, cache->slabs, 2, "more slabs on lists than there are");
	EXPECT_BROKEN(test, vmp, cache->slabs, 4, "slab on no list");
	EXPECT_BROKEN(test, vmp, cache->unused, 3, "number of free objects");
	EXPECT_BROKEN(test, vmp, slab->class, 1, "slab on a wrong list");
	EXPECT_BROKEN(test, vmp, cache->partial, *bucket(&vmp->allocated, false),
		      "slab on a wrong list");
	EXPECT_BROKEN(test, vmp, slab->free, BIT_ULL(16), "free objects of a slab");
	EXPECT_BROKEN(test, vmp, slab->free, BIT_ULL(16) - 1, "free objects of a slab");
	EXPECT_BROKEN(test, vmp, slab->free, 0, "partial and full slabs mixed up");
	EXPECT_BROKEN(test, vmp, cache->full->free, 1, "partial and full slabs mixed up");
	EXPECT_BROKEN(test, vmp, cache->partial, &copy, "slab is not found");
	EXPECT_BROKEN(test, vmp, slab->below->above, slab->below->above ^ 1,
		      "slab above is not found");
	cut_ends(cut);
}

static void parked_units_are_checked(struct kunit *test)
{
	struct cut *cut = cut_arena(test);
	bool valid;

	atomic_long_sub(1, &cut->vmp->caches->parked);
	valid = vmem_validate(cut->vmp);
	atomic_long_add(1, &cut->vmp->caches->parked);
	expect_complaint(test, cut->vmp, valid, "units parked on CPUs");
	cut_ends(cut);
}

/* A slab that its cache has lost all trace of. */
static void number_of_slabs_is_checked(struct kunit *test)
{
	struct cut *cut = cut_arena(test);
	struct vmem_qcache *cache = cut->cache;
	struct vmem_seg *lost = cache->full;
	unsigned long flags;
	bool valid;

	spin_lock_irqsave(&cut->vmp->lock, flags);
	WRITE_ONCE(cache->full, NULL);
	cache->slabs--;
	spin_unlock_irqrestore(&cut->vmp->lock, flags);
	valid = vmem_validate(cut->vmp);
	spin_lock_irqsave(&cut->vmp->lock, flags);
	WRITE_ONCE(cache->full, lost);
	cache->slabs++;
	spin_unlock_irqrestore(&cut->vmp->lock, flags);
	expect_complaint(test, cut->vmp, valid, "number of slabs");
	cut_ends(cut);
}

static void depots_are_checked(struct kunit *test)
{
	vmem_t *vmp = keep_visitors_away(cached_ids(test, 1000000, 1));
	struct vmem_depot *depot = &vmp->caches->cache[0].depot;
	struct bag *bag = bag_of_ids(test, vmp, 1000000);

	if (IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "no magazines when audited");
	KUNIT_ASSERT_EQ(test, bag_fill(bag, 1, 2000), 2000ul);
	bag_give_all(bag);
	KUNIT_ASSERT_EQ(test, bag_fill(bag, 1, 2000), 2000ul);
	bag_give_all(bag);
	/* It would trim the depot, sooner or later. */
	cancel_delayed_work_sync(&vmp->caches->trim);

	KUNIT_ASSERT_NOT_NULL(test, depot->full.first);
	EXPECT_BROKEN(test, vmp, depot->full.first->rounds, depot->full.first->size + 1,
		      "rounds of a magazine");
	EXPECT_BROKEN(test, vmp, depot->full.first->rounds, 0,
		      "full and empty magazines mixed up");
	EXPECT_BROKEN(test, vmp, depot->empty.first, depot->full.first,
		      "full and empty magazines mixed up");
	EXPECT_BROKEN(test, vmp, depot->full.nr, 0, "number of magazines");
	EXPECT_BROKEN(test, vmp, depot->empty.nr, depot->empty.nr + 1,
		      "number of magazines");
	EXPECT_BROKEN(test, vmp, depot->full.least, depot->full.nr + 1,
		      "least number of magazines");
	EXPECT_BROKEN(test, vmp, depot->level, 4, "size of magazines");
}

/* Where each block is to be looked at: audited, or known to kmemleak. */
static void banned_magazine_is_seen(struct kunit *test)
{
	struct vmem_magazine stray = {};
	int flags = 0;
	vmem_t *vmp;

	if (IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		flags = VMC_KMEMLEAK;
	else if (!IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "nobody looks at each block");
	vmp = keep_visitors_away(cached_create(test, "banned", 0, 0, PG, vmem_pages_alloc,
					       vmem_pages_free, NULL, PG, flags));
	EXPECT_BROKEN(test, vmp, per_cpu_ptr(vmp->cpu, 0)->loaded[0], &stray,
		      "magazine where there is to be none");
}

/* === Around the arena === */

static void families_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test), *other = gapped(test);
	vmem_t *child = fixture_child(test, vmp, PG);

	/* With a sibling behind it: who goes through all arenas goes on there. */
	fixture_child(test, vmp, PG);
	keep_visitors_away(child);
	EXPECT_BROKEN(test, vmp, vmp->id, 0, "arena without a number");
	EXPECT_BROKEN(test, child, child->cflags, VMC_IDENTIFIER,
		      "identifiers imported from others");
	EXPECT_BROKEN(test, child, child->source, other,
		      "source does not know the arena");
	EXPECT_BROKEN(test, vmp, child->source, other, "child of another source");
}

#ifdef CONFIG_VMEM_AUDIT
/* With another record at an address; its size is huge, wherever it is in there. */
static void expect_broken_record(struct kunit *test, vmem_t *vmp, unsigned long addr,
				 const char *complaint)
{
	static unsigned long record[32] = { [0 ... 31] = ~0ul };
	unsigned long index = addr / PG;
	void *was;
	bool valid;

	was = xa_store_irq(&vmp->audit, index, record, GFP_KERNEL);
	KUNIT_ASSERT_FALSE(test, xa_is_err(was));
	valid = vmem_validate(vmp);
	xa_store_irq(&vmp->audit, index, was, GFP_KERNEL);
	expect_complaint(test, vmp, valid, complaint);
}

static void records_are_checked(struct kunit *test)
{
	vmem_t *vmp = gapped(test);
	struct cut *cut = cut_arena(test);

	expect_broken_record(test, vmp, tag(vmp, USED_1)->first, "size of a record");
	expect_broken_record(test, vmp, tag(vmp, FREE_1)->first,
			     "record of a block that is free");
	expect_broken_record(test, cut->vmp, cut->addr[0], "size of a record");
	expect_broken_record(test, cut->vmp, cut->addr[16],
			     "record of a block that is free");
	cut_ends(cut);
}
#else
static void records_are_checked(struct kunit *test)
{
	kunit_skip(test, "nothing is recorded without CONFIG_VMEM_AUDIT");
}
#endif

static struct kunit_case validate_cases[] = {
	KUNIT_CASE(spans_are_checked),
	KUNIT_CASE(links_are_checked),
	KUNIT_CASE(constants_are_checked),
	KUNIT_CASE(segments_are_checked),
	KUNIT_CASE(allocated_segments_are_checked),
	KUNIT_CASE(statistics_are_checked),
	KUNIT_CASE(spare_tags_are_checked),
	KUNIT_CASE(sleepers_are_checked),
	KUNIT_CASE(walks_are_checked),
	KUNIT_CASE(size_classes_are_checked),
	KUNIT_CASE(tables_are_checked),
	KUNIT_CASE(trees_are_checked),
	KUNIT_CASE(nodes_of_no_segment_are_seen),
	KUNIT_CASE(slabs_are_checked),
	KUNIT_CASE(number_of_slabs_is_checked),
	KUNIT_CASE(parked_units_are_checked),
	KUNIT_CASE(depots_are_checked),
	KUNIT_CASE(banned_magazine_is_seen),
	KUNIT_CASE(families_are_checked),
	KUNIT_CASE(records_are_checked),
	{}
};

static struct kunit_suite validate_suite = {
	.name = "vmem_validate",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = validate_cases,
};

kunit_test_suite(validate_suite);
