// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocated segments by address: what a free is checked against. Slabs, which are
 * asked for by any address inside, have a table of their own (slab.c).
 *
 * A linear hash table. It grows by one bucket at a time, which is split off an
 * earlier one, so that no hold of the lock ever sees more than a chain or two.
 * Memory for buckets is got before the lock is taken; when there is none, chains
 * become longer until there is.
 */
#include "internal.h"

/*
 * Where a bucket is. Counted from 16 on, those of a chunk are numbered by as many
 * bits, of which the highest one tells the chunk.
 */
static __always_inline struct vmem_seg **head(const struct vmem_table *table,
					      unsigned long bucket)
{
	unsigned long nr = bucket + VMEM_HASH_MIN;
	unsigned int bits = __fls(nr);

	return &table->chunk[bits - VMEM_HASH_SHIFT][nr ^ BIT(bits)];
}

static __always_inline u32 hash_of(const struct vmem_table *table,
				   unsigned long addr)
{
	unsigned long key = addr >> table->key_shift;

	/* Addresses may differ in high bits only, and low bits of it are used. */
	return hash_long(key ^ (key >> (BITS_PER_LONG / 2)), 32);
}

/*
 * The bucket of a hash when there are @buckets: by as many bits of it as number
 * them all, or one less if that bucket has not been split off yet.
 */
static __always_inline unsigned long bucket_of(const struct vmem_table *table,
					       u32 hash)
{
	unsigned long bucket = hash & table->mask;

	return bucket < table->buckets ? bucket : bucket & (table->mask >> 1);
}

static __always_inline struct vmem_seg **head_of(const struct vmem_table *table,
						 unsigned long addr)
{
	return head(table, bucket_of(table, hash_of(table, addr)));
}

u32 vmem_table_hash(const struct vmem_table *table, unsigned long addr)
{
	return hash_of(table, addr);
}

struct vmem_seg **vmem_table_bucket(const struct vmem_table *table, u32 hash)
{
	return head(table, bucket_of(table, hash));
}

/* Split one more bucket off the one that has had its addresses so far. */
static void split(struct vmem_table *table)
{
	unsigned long new = table->buckets++;
	struct vmem_seg **to = head(table, new);
	struct vmem_seg **link = head(table, new - BIT(fls_long(new) - 1));
	struct vmem_seg *seg;

	table->mask |= new;
	while ((seg = *link)) {
		if (bucket_of(table, hash_of(table, seg->first)) != new) {
			link = &seg->chain;
			continue;
		}
		*link = seg->chain;
		seg->chain = *to;
		*to = seg;
	}
}

/* Let the table grow, by a little more than a segment needs, if it may. */
static noinline void catch_up(struct vmem_table *table, unsigned long wanted)
{
	int i;

	for (i = 0; i < 2 && table->buckets < min(wanted, table->room); i++)
		split(table);
}

/* Enter a segment. */
void __vmem_table_insert(struct vmem *vmp, struct vmem_table *table,
			 struct vmem_seg *seg)
{
	unsigned long count = table->count + 1;
	struct vmem_seg **link;

	lockdep_assert_held(&vmp->lock);
	WRITE_ONCE(table->count, count);
	if (unlikely(count >> table->load_shift > table->buckets))
		catch_up(table, count >> table->load_shift);
	link = head_of(table, seg->first);
	seg->chain = *link;
	*link = seg;
}

/* Take the segment out that @link points at. */
void __vmem_table_remove(struct vmem *vmp, struct vmem_table *table,
			 struct vmem_seg **link)
{
	lockdep_assert_held(&vmp->lock);
	WRITE_ONCE(table->count, table->count - 1);
	*link = (*link)->chain;
}

/**
 * __vmem_allocated_find() - The allocated segment that begins at an address.
 * @vmp: The arena.
 * @addr: The address.
 * @lookup: Increased by the number of other segments looked at.
 *
 * Return: The link to the segment, which is %NULL if there is none.
 */
struct vmem_seg **__vmem_allocated_find(struct vmem *vmp, unsigned long addr,
					u64 *lookup)
{
	const struct vmem_table *table = &vmp->allocated;
	struct vmem_seg **link;

	lockdep_assert_held(&vmp->lock);
	link = head_of(table, addr);
	while (*link && (*link)->first != addr) {
		link = &(*link)->chain;
		++*lookup;
	}
	return link;
}

void vmem_table_init(struct vmem_table *table, unsigned int key_shift,
		     unsigned int load_shift)
{
	table->key_shift = key_shift;
	table->load_shift = load_shift;
	table->buckets = ARRAY_SIZE(table->small);
	table->mask = table->buckets - 1;
	table->room = ARRAY_SIZE(table->small);
	table->chunk[0] = table->small;
}

void vmem_table_exit(struct vmem_table *table)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(table->chunk); i++)
		kvfree(table->chunk[i]);
}

/* A chunk more, twice as long as the last one, if there is memory for it. */
static void grow(struct vmem *vmp, struct vmem_table *table, unsigned long room,
		 int vmflag)
{
	unsigned long more = room + VMEM_HASH_MIN;
	struct vmem_seg **chunk;
	unsigned long flags;

	if (vmflag & VM_NOSLEEP)
		chunk = kcalloc(more, sizeof(*chunk), vmem_gfp(vmflag));
	else
		chunk = kvcalloc(more, sizeof(*chunk),
				 vmem_gfp(vmflag) | __GFP_NOWARN);
	if (!chunk) {
		WRITE_ONCE(table->retry, READ_ONCE(table->count) +
					 ((room / 8) << table->load_shift));
		return;
	}
	spin_lock_irqsave(&vmp->lock, flags);
	if (table->room == room) {
		swap(table->chunk[__fls(more) - VMEM_HASH_SHIFT], chunk);
		WRITE_ONCE(table->room, room + more);
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	kvfree(chunk);
}

/**
 * vmem_table_reserve() - Get memory for more buckets if they are needed soon.
 * @vmp: The arena.
 * @table: One of its tables.
 * @vmflag: Whether to wait for it.
 *
 * Nothing depends on success but the length of chains. Tags are made as often as
 * the table can grow, so this belongs to making tags. Who cannot wait does not
 * insist: large blocks may not be had for long.
 */
void vmem_table_reserve(struct vmem *vmp, struct vmem_table *table, int vmflag)
{
	unsigned long count = READ_ONCE(table->count);
	unsigned long room = READ_ONCE(table->room);

	if (count >> table->load_shift < room)
		return;
	if (!(vmflag & VM_NOSLEEP) || count >= READ_ONCE(table->retry))
		grow(vmp, table, room, vmflag);
}

/* For vmem_validate(): what is wrong with a table of @nr segments, if anything. */
const char *__vmem_table_broken(struct vmem *vmp, const struct vmem_table *table,
				unsigned long nr)
{
	const struct vmem_seg *seg;
	unsigned long i;

	lockdep_assert_held(&vmp->lock);
	if (table->count != nr)
		return "count of allocated segments";
	if (table->buckets > table->room)
		return "more buckets than there is room for";
	if (table->mask != BIT(fls_long(table->buckets - 1)) - 1)
		return "mask of a table";
	for (i = 0; i <= __fls(table->room + VMEM_HASH_MIN - 1) - VMEM_HASH_SHIFT; i++)
		if (!table->chunk[i])
			return "no memory where there is room for buckets";
	for (i = 0; i < table->buckets; i++) {
		for (seg = *head(table, i); seg; seg = seg->chain) {
			if (seg->type < VMEM_SEG_ALLOCATED)
				return "free segment in a bucket";
			if (bucket_of(table, hash_of(table, seg->first)) != i)
				return "segment in a wrong bucket";
			if (!nr--)
				return "more segments in buckets than allocated";
		}
	}
	return nr ? "allocated segment in no bucket" : NULL;
}
