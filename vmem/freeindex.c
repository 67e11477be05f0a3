// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free segments by size: instant fit in a few instructions.
 *
 * Lengths are classed on two levels, as in TLSF (Masmano et al., 2004): by their
 * power of two and, inside it, by 16 equal steps, so that a class that is surely
 * long enough wastes a sixteenth where plain powers of two waste half. Lengths
 * below 32 quanta have a class each. A bitmap tells which classes have members,
 * a word above it which words of the bitmap are not zero: the next class with
 * members is found by two find-first-bit instructions.
 *
 * An arena has list heads only for classes up to that of its longest span.
 */
#include "internal.h"

#define VMEM_CLASS_STEPS	BIT(VMEM_CLASS_SHIFT)
#define VMEM_CLASS_LOOK		3	/* members that are compared */
#define VMEM_CLASS_MOST		64	/* the same, for the longest one */

static_assert(VMEM_CLASS_EXACT == 2 * VMEM_CLASS_STEPS,
	      "exact classes end where steps become two quanta wide");
static_assert(BITS_TO_LONGS(VMEM_CLASSES) <= BITS_PER_LONG,
	      "one word tells about all words of the bitmap");
static_assert(VMEM_CLASSES % BITS_PER_LONG,
	      "the class behind the last one has a bit, which is never set");

/* The class of a segment of @quanta quanta. */
static unsigned int class_of(unsigned long quanta)
{
	unsigned int shift;

	if (quanta < VMEM_CLASS_EXACT)
		return quanta;
	shift = __fls(quanta) - VMEM_CLASS_SHIFT;	/* log2 of a step */
	return (shift << VMEM_CLASS_SHIFT) + (quanta >> shift);
}

/* The lowest class of which every member has @quanta quanta. */
static unsigned int class_surely(unsigned long quanta)
{
	return class_of(quanta - 1) + 1;
}

/* The class of [first, last]. */
static unsigned int range_class(const struct vmem *vmp, unsigned long first,
				unsigned long last)
{
	/* Length minus one: a span may have 2^64 - 1 units, never 2^64. */
	return class_of(((last - first) >> vmp->quantum_shift) + 1);
}

/* The first member of the lowest class from @class on that has any. */
static struct vmem_seg *first_from(const struct vmem_freeindex *idx,
				   unsigned int class)
{
	unsigned int word = class / BITS_PER_LONG;
	unsigned long bits;

	bits = idx->nonempty[word] & (~0ul << (class % BITS_PER_LONG));
	if (!bits) {
		bits = idx->words & (~1ul << word);
		if (!bits)
			return NULL;
		word = __ffs(bits);
		bits = idx->nonempty[word];
	}
	class = word * BITS_PER_LONG + __ffs(bits);
	return hlist_entry(idx->class[class].first, struct vmem_seg, peers);
}

/*
 * Of a class, which member? Of the first few, the one at the lowest address: that
 * keeps free what is high, and in one piece.
 */
static __always_inline struct vmem_seg *lowest_of_few(struct vmem_seg *seg)
{
	struct hlist_node *node = seg->peers.next;
	int i;

	for (i = 1; node && i < VMEM_CLASS_LOOK; i++, node = node->next) {
		struct vmem_seg *other = hlist_entry(node, struct vmem_seg, peers);

		if (other->first < seg->first)
			seg = other;
	}
	return seg;
}

/**
 * __vmem_free_surely() - A free segment that is long enough, in constant time.
 * @vmp: The arena.
 * @len: Units wanted, a multiple of the quantum.
 *
 * Return: A segment of the lowest class in which all are long enough. %NULL if
 * there is none; shorter classes may still have one.
 */
struct vmem_seg *__vmem_free_surely(struct vmem *vmp, unsigned long len)
{
	const struct vmem_freeindex *idx = &vmp->free;
	unsigned long quanta = len >> vmp->quantum_shift;
	struct vmem_seg *seg;

	lockdep_assert_held(&vmp->lock);
	seg = first_from(idx, class_surely(quanta));
	return likely(seg) ? lowest_of_few(seg) : NULL;
}

/**
 * __vmem_free_shortest() - The shortest free segment that is long enough, if its class
 * tells.
 * @vmp: The arena.
 * @len: Units wanted, a multiple of the quantum.
 *
 * Return: The segment. %NULL if members of the lowest class that may have one differ
 * in length, or there is none.
 */
struct vmem_seg *__vmem_free_shortest(struct vmem *vmp, unsigned long len)
{
	unsigned int class = class_of(len >> vmp->quantum_shift);
	struct vmem_seg *seg;

	lockdep_assert_held(&vmp->lock);
	if (vmem_class_has_lengths(class))
		return NULL;
	seg = first_from(&vmp->free, class);
	return seg && !vmem_class_has_lengths(seg->class) ? lowest_of_few(seg) : NULL;
}

/**
 * __vmem_free_maybe() - Walk the free segments that may be long enough.
 * @vmp: The arena.
 * @seg: The one before; %NULL to begin.
 * @len: Units wanted, a multiple of the quantum.
 *
 * Return: The next one, of the same or a longer class; %NULL at the end.
 */
struct vmem_seg *__vmem_free_maybe(struct vmem *vmp, const struct vmem_seg *seg,
				   unsigned long len)
{
	const struct vmem_freeindex *idx = &vmp->free;
	unsigned int class;

	lockdep_assert_held(&vmp->lock);
	if (seg && seg->peers.next)
		return hlist_entry(seg->peers.next, struct vmem_seg, peers);
	class = seg ? seg->class + 1u : class_of(len >> vmp->quantum_shift);
	return first_from(idx, class);
}

/**
 * __vmem_free_longest() - The length of the longest free segment.
 * @vmp: The arena.
 *
 * Return: The length. Where very many are of the longest class it is one of them, and
 * the longest may be longer by a sixteenth.
 */
unsigned long __vmem_free_longest(struct vmem *vmp)
{
	const struct vmem_freeindex *idx = &vmp->free;
	unsigned long longest = 0;
	const struct vmem_seg *seg;
	unsigned int word, nr = 0;

	lockdep_assert_held(&vmp->lock);
	if (!idx->words)
		return 0;
	word = __fls(idx->words);
	hlist_for_each_entry(seg, &idx->class[word * BITS_PER_LONG +
					      __fls(idx->nonempty[word])], peers) {
		longest = max(longest, seg->last - seg->first + 1);
		if (!vmem_class_has_lengths(seg->class) || ++nr == VMEM_CLASS_MOST)
			break;
	}
	return longest;
}

/* May a segment that comes behind another in the index be the shorter one? */
bool vmem_free_shorter(const struct vmem_seg *seg, const struct vmem_seg *next)
{
	return next->class == seg->class && vmem_class_has_lengths(seg->class);
}

static __always_inline void class_insert(struct vmem_freeindex *idx,
					 unsigned int class, struct vmem_seg *seg)
{
	seg->class = class;
	hlist_add_head(&seg->peers, &idx->class[class]);
	__set_bit(class, idx->nonempty);
	__set_bit(class / BITS_PER_LONG, &idx->words);
}

static __always_inline void class_remove(struct vmem_freeindex *idx,
					 struct vmem_seg *seg)
{
	unsigned int class = seg->class;

	__hlist_del(&seg->peers);
	if (!hlist_empty(&idx->class[class]))
		return;
	__clear_bit(class, idx->nonempty);
	if (!idx->nonempty[class / BITS_PER_LONG])
		__clear_bit(class / BITS_PER_LONG, &idx->words);
}

/* Enter a free segment in all indexes that the arena has. */
void __vmem_free_insert(struct vmem *vmp, struct vmem_seg *seg)
{
	lockdep_assert_held(&vmp->lock);
	class_insert(&vmp->free, range_class(vmp, seg->first, seg->last), seg);
	if (unlikely(vmp->wide))
		__vmem_order_insert(vmp, seg);
}

/* Take a free segment out of them, while it still is what it was. */
void __vmem_free_remove(struct vmem *vmp, struct vmem_seg *seg)
{
	lockdep_assert_held(&vmp->lock);
	class_remove(&vmp->free, seg);
	if (unlikely(vmp->wide))
		__vmem_order_remove(vmp, seg);
}

/* Let a free segment begin and end elsewhere, between its neighbours. */
void __vmem_free_resize(struct vmem *vmp, struct vmem_seg *seg,
			unsigned long first, unsigned long last)
{
	unsigned int class = range_class(vmp, first, last);

	lockdep_assert_held(&vmp->lock);
	if (unlikely(vmp->wide))
		__vmem_order_resize(vmp, seg, first, last, class);
	if (class != seg->class) {
		class_remove(&vmp->free, seg);
		class_insert(&vmp->free, class, seg);
	}
	seg->first = first;
	seg->last = last;
}

/* Classes needed for segments of a length, which is @last plus one. */
static unsigned int classes_for(const struct vmem *vmp, unsigned long last)
{
	return class_of((last >> vmp->quantum_shift) + 1) + 1;
}

/**
 * vmem_free_reserve() - Make room in the index for segments of a length.
 * @vmp: The arena.
 * @last: Their length minus one.
 * @vmflag: Whether to wait for memory.
 *
 * Return: Whether there is room. There always is, unless %VM_NOSLEEP.
 */
bool vmem_free_reserve(struct vmem *vmp, unsigned long last, int vmflag)
{
	unsigned int classes = classes_for(vmp, last);
	struct vmem_freeindex *idx = &vmp->free;
	struct hlist_head *class;
	unsigned long flags;
	unsigned int i;

	if (READ_ONCE(idx->classes) >= classes)
		return true;
	class = kcalloc(classes, sizeof(*class), vmem_gfp_nofail(vmflag));
	if (!class)
		return false;
	spin_lock_irqsave(&vmp->lock, flags);
	if (idx->classes < classes) {
		for (i = 0; i < idx->classes; i++)
			hlist_move_list(&idx->class[i], &class[i]);
		swap(idx->class, class);
		WRITE_ONCE(idx->classes, classes);
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	kfree(class);
	return true;
}

/* For vmem_validate(): is there room for segments of the length @last plus one? */
bool __vmem_free_has_room(const struct vmem *vmp, unsigned long last)
{
	lockdep_assert_held(&vmp->lock);
	return vmp->free.classes >= classes_for(vmp, last);
}

/* For vmem_validate(): what is wrong with the index of @nr_free segments. */
const char *__vmem_free_broken(struct vmem *vmp, unsigned long nr_free)
{
	const struct vmem_freeindex *idx = &vmp->free;
	const struct vmem_seg *seg;
	unsigned int class;

	lockdep_assert_held(&vmp->lock);
	for (class = 0; class < idx->classes; class++) {
		if (hlist_empty(&idx->class[class]) == test_bit(class, idx->nonempty))
			return "bit of a size class";
		hlist_for_each_entry(seg, &idx->class[class], peers) {
			if (seg->type != VMEM_SEG_FREE || seg->class != class ||
			    range_class(vmp, seg->first, seg->last) != class)
				return "segment in a wrong size class";
			nr_free--;
		}
	}
	if (find_next_bit(idx->nonempty, VMEM_CLASSES, class) < VMEM_CLASSES)
		return "bit of a size class that is too long";
	for (class = 0; class < VMEM_CLASSES; class += BITS_PER_LONG) {
		unsigned int word = class / BITS_PER_LONG;

		if (!!idx->nonempty[word] != test_bit(word, &idx->words))
			return "bit of a word of size classes";
	}
	return nr_free ? "free segment in no size class" : NULL;
}
