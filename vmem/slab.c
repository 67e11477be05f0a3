// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slabs: segments that a quantum cache cuts up to 64 objects of one size from.
 *
 * A word in the slab's tag has a bit for each object that is free; nothing is ever
 * written to the objects, which may be mere numbers. To the slab, an object in a
 * magazine is in use like any other.
 *
 * Slabs are found by the address of an object. They are all as long, so that at
 * most one begins between two multiples of that length: a table, keyed by these
 * multiples, is asked for the address and for one length below.
 *
 * Each cache has a list of slabs with free objects and one of those without, both
 * linked downwards by a pointer and upwards by the hash of the slab above, which
 * is then found in the table. That is half the memory of a pointer, and makes the
 * record of an object less than a byte.
 *
 * If there is no space for a slab, a cache takes segments for single objects. If
 * there is none at all, slabs are dissolved: what is free of them becomes free
 * segments, and their other objects single ones.
 */
#include "internal.h"

#define VMEM_GIVE_BATCH		32	/* objects in one hold of the lock */
#define VMEM_DISSOLVE_TAGS	(66 + VMEM_TAGS)
#define VMEM_DISSOLVE_LOOK	256	/* slabs looked at in one hold of the lock */

/* === Lists and the table === */

static struct vmem_qcache *cache_of(const struct vmem *vmp,
				    const struct vmem_seg *slab)
{
	return &vmp->caches->cache[slab->class];
}

static u64 all_free(const struct vmem_qcache *cache)
{
	return GENMASK_ULL(cache->capacity - 1, 0);
}

static struct vmem_seg **list_of(struct vmem_qcache *cache,
				 const struct vmem_seg *slab)
{
	return slab->free ? &cache->partial : &cache->full;
}

static void __push(struct vmem *vmp, struct vmem_seg *slab)
{
	struct vmem_seg **list = list_of(cache_of(vmp, slab), slab);

	lockdep_assert_held(&vmp->lock);
	slab->below = *list;
	if (slab->below)
		slab->below->above = vmem_table_hash(&vmp->caches->slabs,
						     slab->first);
	WRITE_ONCE(*list, slab);
}

/* The link, of the list's head or of the slab above, that points at a slab. */
static struct vmem_seg **__link_to(struct vmem *vmp, struct vmem_seg *slab)
{
	struct vmem_seg **list = list_of(cache_of(vmp, slab), slab);
	struct vmem_seg *above;

	lockdep_assert_held(&vmp->lock);
	if (*list == slab)
		return list;
	above = *vmem_table_bucket(&vmp->caches->slabs, slab->above);
	while (above->below != slab)
		above = above->chain;
	return &above->below;
}

static void __unlink(struct vmem *vmp, struct vmem_seg *slab)
{
	struct vmem_seg **link = __link_to(vmp, slab);

	if (slab->below)
		slab->below->above = slab->above;
	WRITE_ONCE(*link, slab->below);
}

static struct vmem_seg **__link_in_table(struct vmem *vmp, struct vmem_seg *slab)
{
	struct vmem_table *table = &vmp->caches->slabs;
	struct vmem_seg **link;

	lockdep_assert_held(&vmp->lock);
	link = vmem_table_bucket(table, vmem_table_hash(table, slab->first));
	while (*link != slab)
		link = &(*link)->chain;
	return link;
}

static struct vmem_seg *find_at(const struct vmem_qcaches *caches,
				unsigned long key, unsigned long addr)
{
	u32 hash = vmem_table_hash(&caches->slabs, key);
	struct vmem_seg *slab = *vmem_table_bucket(&caches->slabs, hash);

	while (slab && addr - slab->first >= caches->slab_size)
		slab = slab->chain;
	return slab;
}

/* The slab that an address lies in. */
static struct vmem_seg *__find(struct vmem *vmp, unsigned long addr)
{
	const struct vmem_qcaches *caches = vmp->caches;

	lockdep_assert_held(&vmp->lock);
	return find_at(caches, addr, addr) ?:
	       find_at(caches, addr - caches->slab_size, addr);
}

/* === Taking === */

/* Take an object from the first slab that has one; 0 if there is none. */
unsigned long __vmem_slab_pop(struct vmem *vmp, struct vmem_qcache *cache)
{
	struct vmem_seg *slab = cache->partial;
	unsigned int nr;

	lockdep_assert_held(&vmp->lock);
	if (!slab)
		return 0;
	cache->unused--;
	nr = __ffs64(slab->free);
	if (!(slab->free & (slab->free - 1))) {
		__unlink(vmp, slab);
		slab->free = 0;
		__push(vmp, slab);
	} else {
		slab->free &= slab->free - 1;
	}
	return slab->first + nr * cache->size;
}

/**
 * __vmem_slab_enter() - Register a segment that was allocated for a cache.
 * @vmp: The arena.
 * @req: What it was allocated for: a single object, or a slab.
 * @seg: The segment.
 *
 * The first object of a slab is for the caller.
 */
void __vmem_slab_enter(struct vmem *vmp, const struct vmem_req *req,
		       struct vmem_seg *seg)
{
	lockdep_assert_held(&vmp->lock);
	seg->class = req->cache->class;
	if (!req->slab) {
		seg->type = VMEM_SEG_OBJECT;
		__vmem_table_insert(vmp, &vmp->allocated, seg);
		return;
	}
	seg->type = VMEM_SEG_SLAB;
	seg->free = all_free(req->cache) & ~1ull;
	req->cache->slabs++;
	req->cache->unused += req->cache->capacity - 1;
	__vmem_table_insert(vmp, &vmp->caches->slabs, seg);
	__push(vmp, seg);
}

/* Put the tag @slab, a copy of @old, in its place. */
void __vmem_slab_replace(struct vmem *vmp, struct vmem_seg *old,
			 struct vmem_seg *slab)
{
	struct vmem_seg **link = __link_to(vmp, old);

	*__link_in_table(vmp, old) = slab;
	WRITE_ONCE(*link, slab);
}

/* Fill a magazine from the slabs there are. */
void vmem_slab_fill(struct vmem *vmp, struct vmem_qcache *cache,
		    struct vmem_magazine *mag)
{
	unsigned long addr, flags;

	if (!READ_ONCE(cache->partial))
		return;
	spin_lock_irqsave(&vmp->lock, flags);
	while (mag->rounds < mag->size && (addr = __vmem_slab_pop(vmp, cache)))
		mag->round[mag->rounds++] = addr;
	spin_unlock_irqrestore(&vmp->lock, flags);
}

/* === Giving back === */

/* The units at the low end of a slab that are free. */
static unsigned long free_below(const struct vmem *vmp, const struct vmem_seg *slab)
{
	return __ffs64(~slab->free) * cache_of(vmp, slab)->size;
}

/* The units at its high end that are free, with those that are of no use to it. */
static unsigned long free_above(const struct vmem *vmp, const struct vmem_seg *slab)
{
	u64 used = all_free(cache_of(vmp, slab)) & ~slab->free;

	return vmp->caches->slab_size - fls64(used) * cache_of(vmp, slab)->size;
}

/* Units that are free, or would be if slabs were dissolved. */
struct run {
	unsigned long first;
	unsigned long last;
};

/* Add to a run of a free segment or slab @seg what is free around it. */
static void __widen(const struct vmem *vmp, const struct vmem_seg *seg,
		    struct run *run)
{
	const struct vmem_seg *prev = list_prev_entry(seg, order);
	const struct vmem_seg *next = list_next_entry(seg, order);

	lockdep_assert_held(&vmp->lock);
	if (run->first == seg->first) {
		for (; prev->type == VMEM_SEG_FREE; prev = list_prev_entry(prev, order))
			run->first = prev->first;
		if (prev->type == VMEM_SEG_SLAB)
			run->first -= free_above(vmp, prev);
	}
	if (run->last == vmem_seg_end(vmp, seg)) {
		for (; next->type == VMEM_SEG_FREE; next = list_next_entry(next, order))
			run->last = next->last;
		if (next->type == VMEM_SEG_SLAB)
			run->last += free_below(vmp, next);
	}
}

/* The free units around object @nr of a slab, which is free. */
static struct run __around(const struct vmem *vmp, const struct vmem_seg *slab,
			   unsigned int nr)
{
	const struct vmem_qcache *cache = cache_of(vmp, slab);
	struct run run = { .last = vmem_seg_end(vmp, slab) };
	unsigned int end = nr + 1;

	while (nr && slab->free & BIT_ULL(nr - 1))
		nr--;
	while (end < cache->capacity && slab->free & BIT_ULL(end))
		end++;
	run.first = slab->first + nr * cache->size;
	if (end < cache->capacity)
		run.last = slab->first + end * cache->size - 1;
	__widen(vmp, slab, &run);
	return run;
}

/**
 * __vmem_slab_wake() - Wake the sleepers that a free segment has made a difference to.
 * @vmp: The arena.
 * @seg: The segment.
 * @via: Whom not to wake, see __vmem_wake().
 */
void __vmem_slab_wake(struct vmem *vmp, const struct vmem_seg *seg,
		      const struct vmem *via)
{
	struct run run = { seg->first, seg->last };

	__widen(vmp, seg, &run);
	__vmem_wake(vmp, run.first, run.last, via);
}

/* The same for a new slab, of which the first object has been taken. */
void __vmem_slab_wake_new(struct vmem *vmp, const struct vmem_seg *slab)
{
	struct run run = __around(vmp, slab, 1);

	__vmem_wake(vmp, run.first, run.last, NULL);
}

/* Make a slab, in the table and on no list, an ordinary segment again. */
static void __retire(struct vmem *vmp, struct vmem_seg *slab)
{
	struct vmem_qcache *cache = cache_of(vmp, slab);

	lockdep_assert_held(&vmp->lock);
	cache->slabs--;
	cache->unused -= hweight64(slab->free);
	__vmem_table_remove(vmp, &vmp->caches->slabs, __link_in_table(vmp, slab));
	slab->last = vmem_seg_end(vmp, slab);
	slab->size = vmp->caches->slab_size;
	slab->type = VMEM_SEG_ALLOCATED;
}

/* Return object @nr of a slab; the slab itself, if that was the last one. */
static struct vmem_span *__give_object(struct vmem *vmp, struct vmem_qcache *cache,
				       struct vmem_seg *slab, unsigned int nr)
{
	lockdep_assert_held(&vmp->lock);
	__vmem_take_back(vmp, slab->first + nr * cache->size);
	cache->unused++;
	if (!slab->free || (slab->free | BIT_ULL(nr)) == all_free(cache)) {
		__unlink(vmp, slab);
		slab->free |= BIT_ULL(nr);
		if (slab->free == all_free(cache)) {
			__retire(vmp, slab);
			return __vmem_make_free(vmp, slab, NULL);
		}
		__push(vmp, slab);
	}
	slab->free |= BIT_ULL(nr);
	if (unlikely(vmp->nr_waiters)) {
		struct run run = __around(vmp, slab, nr);

		__vmem_wake(vmp, run.first, run.last, NULL);
	}
	return NULL;
}

/* Return an object that has a segment of its own. */
static const char *__give_single(struct vmem *vmp, struct vmem_qcache *cache,
				 unsigned long addr, struct vmem_span **idle)
{
	struct vmem_seg **link, *seg;

	lockdep_assert_held(&vmp->lock);
	link = __vmem_allocated_find(vmp, addr, &vmp->stats.lookup);
	seg = *link;
	if (!seg || seg->type != VMEM_SEG_OBJECT)
		return "bad free";
	if (seg->class != cache->class)
		return "wrong size";
	__vmem_take_back(vmp, addr);
	__vmem_table_remove(vmp, &vmp->allocated, link);
	*idle = __vmem_make_free(vmp, seg, NULL);
	return NULL;
}

/*
 * Return one object. What is wrong with it, if anything; @idle is a span that is
 * to go back to the source, if there is one.
 */
static const char *__give(struct vmem *vmp, struct vmem_qcache *cache,
			  unsigned long addr, struct vmem_span **idle)
{
	struct vmem_seg *slab = __find(vmp, addr);
	unsigned long offset;
	unsigned int nr;

	lockdep_assert_held(&vmp->lock);
	if (!slab)
		return __give_single(vmp, cache, addr, idle);
	if (slab->class != cache->class)
		return "wrong size";
	offset = addr - slab->first;
	nr = (unsigned int)(offset >> vmp->quantum_shift) / (cache->class + 1);
	if (nr >= cache->capacity || offset != nr * cache->size ||
	    slab->free & BIT_ULL(nr))
		return "bad free";
	*idle = __give_object(vmp, cache, slab, nr);
	return NULL;
}

static void release_all(struct vmem *vmp, struct list_head *idle)
{
	struct vmem_span *span, *next;

	list_for_each_entry_safe(span, next, idle, head.order)
		vmem_import_release(vmp, span, NULL);
}

/**
 * vmem_slab_give() - Return objects to where they were cut from.
 * @vmp: The arena.
 * @cache: The cache.
 * @round: The objects.
 * @nr: How many.
 * @caller: Return address, for reports.
 *
 * Here it shows if an object has never been allocated, or is free already, or of
 * another cache: it is reported and dropped.
 *
 * Return: Whether all were as they should be.
 */
bool vmem_slab_give(struct vmem *vmp, struct vmem_qcache *cache,
		    const unsigned long *round, unsigned long nr,
		    unsigned long caller)
{
	const unsigned long *end = round + nr;
	bool good = true;

	while (round < end) {
		unsigned int left = VMEM_GIVE_BATCH;
		const char *wrong = NULL;
		unsigned long flags;
		LIST_HEAD(spans);

		spin_lock_irqsave(&vmp->lock, flags);
		while (left-- && round < end && !wrong) {
			struct vmem_span *idle = NULL;

			wrong = __give(vmp, cache, *round++, &idle);
			if (idle)
				list_add(&idle->head.order, &spans);
		}
		spin_unlock_irqrestore(&vmp->lock, flags);
		if (wrong)
			vmem_misuse(vmp, wrong, round[-1], cache->size, caller);
		good &= !wrong;
		release_all(vmp, &spans);
	}
	vmem_seg_trim(vmp);
	return good;
}

/* === Dissolving === */

/* Would a request be served if the slab, and those beside it, were dissolved? */
static bool __helps(const struct vmem *vmp, const struct vmem_seg *slab,
		    const struct vmem_req *req)
{
	unsigned int capacity = cache_of(vmp, slab)->capacity;
	unsigned long addr;
	struct run run;
	u64 left = slab->free;

	while (left) {
		run = __around(vmp, slab, __ffs64(left));
		if (vmem_place(req, run.first, run.last, &addr))
			return true;
		left &= left + (left & -left);	/* without its lowest run */
	}
	if (slab->free & BIT_ULL(capacity - 1))
		return false;
	run.last = vmem_seg_end(vmp, slab);
	run.first = run.last - free_above(vmp, slab) + 1;
	if (run.first > run.last)
		return false;
	__widen(vmp, slab, &run);
	return vmem_place(req, run.first, run.last, &addr);
}

/* One of the first slabs of a list that would help. */
static struct vmem_seg *__helpful(const struct vmem *vmp, struct vmem_seg *slab,
				  const struct vmem_req *req)
{
	unsigned int i;

	for (i = 0; slab && i < VMEM_DISSOLVE_LOOK; i++, slab = slab->below)
		if (__helps(vmp, slab, req))
			return slab;
	return NULL;
}

static bool has_unused(const struct vmem_qcache *cache)
{
	return READ_ONCE(cache->partial) ||
	       (cache->waste && READ_ONCE(cache->full));
}

static bool any_unused(const struct vmem_qcaches *caches)
{
	unsigned int i;

	for (i = 0; i < caches->nr; i++)
		if (has_unused(&caches->cache[i]))
			return true;
	return false;
}

/*
 * A slab to dissolve for a request. If that may sleep, and none is found that would
 * help, then any: there may be many, and each leaves less to look at.
 */
static struct vmem_seg *__choose(struct vmem *vmp, const struct vmem_req *req)
{
	const struct vmem_qcaches *caches = vmp->caches;
	struct vmem_seg *any = NULL, *slab;
	unsigned int i;

	lockdep_assert_held(&vmp->lock);
	slab = req->min ? __find(vmp, req->min) : NULL;
	if (slab && __helps(vmp, slab, req))
		return slab;
	for (i = 0; i < caches->nr; i++) {
		const struct vmem_qcache *cache = &caches->cache[i];

		slab = __helpful(vmp, cache->partial, req);
		if (!slab && cache->waste)
			slab = __helpful(vmp, cache->full, req);
		if (slab)
			return slab;
		if (has_unused(cache))
			any = cache->partial ?: cache->full;
	}
	return req->vmflag & VM_NOSLEEP ? NULL : any;
}

/* Cut object @addr out of the free segment @seg. Returns what is free behind. */
static struct vmem_seg *__cut_object(struct vmem *vmp,
				     const struct vmem_qcache *cache,
				     struct vmem_seg *seg, unsigned long addr)
{
	struct vmem_req req = {
		.size = cache->size,
		.len = cache->size,
		.policy = VMEM_INSTANT,
		.cache = (struct vmem_qcache *)cache,
	};

	seg = __vmem_take(vmp, &req, seg, addr);
	return list_next_entry(seg, order);
}

/*
 * As if the slab were freed, and its objects in use allocated again one by one.
 * Nobody is to be woken: whom the free ones could serve knows of them already.
 */
static void __dissolve(struct vmem *vmp, struct vmem_seg *slab)
{
	const struct vmem_qcache *cache = cache_of(vmp, slab);
	u64 used = all_free(cache) & ~slab->free;
	unsigned long first = slab->first;
	struct vmem_seg *seg;
	unsigned int nr;

	lockdep_assert_held(&vmp->lock);
	__unlink(vmp, slab);
	__retire(vmp, slab);
	WRITE_ONCE(vmp->inuse, vmp->inuse - slab->size);
	vmp->frees++;
	seg = __vmem_seg_merge(vmp, slab);
	for (; used; used &= used - 1) {
		nr = __ffs64(used);
		seg = __cut_object(vmp, cache, seg, first + nr * cache->size);
	}
}

/**
 * vmem_slab_dissolve() - Dissolve a slab, if that can help a request.
 * @vmp: The arena.
 * @req: The request. Whether to wait for memory, too.
 *
 * Return: Whether a slab was dissolved.
 */
bool vmem_slab_dissolve(struct vmem *vmp, const struct vmem_req *req)
{
	struct vmem_seg *slab;
	unsigned long flags;
	bool ready = false;

	while (!ready && any_unused(vmp->caches)) {
		if (!vmem_seg_reserve(vmp, VMEM_DISSOLVE_TAGS, req->vmflag))
			return false;
		spin_lock_irqsave(&vmp->lock, flags);
		ready = vmp->nr_spare >= VMEM_DISSOLVE_TAGS;
		slab = ready ? __choose(vmp, req) : NULL;
		if (slab)
			__dissolve(vmp, slab);
		spin_unlock_irqrestore(&vmp->lock, flags);
	}
	return ready && slab;
}

/* === The end, and what must hold === */

static void count_used(const struct vmem *vmp, const struct vmem_qcache *cache,
		       const struct vmem_seg *slab, unsigned long *units,
		       unsigned long *blocks)
{
	for (; slab; slab = slab->below) {
		unsigned int used = cache->capacity - hweight64(slab->free);

		*units -= vmp->caches->slab_size - used * cache->size;
		*blocks += used;
	}
}

/* The size of the block that is allocated at @addr, an object or a segment; or 0. */
unsigned long __vmem_slab_holds(struct vmem *vmp, unsigned long addr)
{
	struct vmem_seg *slab = vmp->caches ? __find(vmp, addr) : NULL;
	unsigned long nr, size;
	struct vmem_seg *seg;
	u64 lookup = 0;

	lockdep_assert_held(&vmp->lock);
	if (!slab) {
		seg = *__vmem_allocated_find(vmp, addr, &lookup);
		return seg ? seg->size : 0;
	}
	size = cache_of(vmp, slab)->size;
	nr = (addr - slab->first) / size;
	if (slab->first + nr * size != addr || slab->free & BIT_ULL(nr))
		return 0;
	return size;
}

/* Turn what the slabs of an arena take into what their objects do. */
void __vmem_slab_leaks(struct vmem *vmp, unsigned long *units,
		       unsigned long *blocks)
{
	unsigned int i;

	lockdep_assert_held(&vmp->lock);
	for (i = 0; vmp->caches && i < vmp->caches->nr; i++) {
		const struct vmem_qcache *cache = &vmp->caches->cache[i];

		count_used(vmp, cache, cache->partial, units, blocks);
		count_used(vmp, cache, cache->full, units, blocks);
	}
}

/* What the lists of a cache have been found to hold. */
struct slab_census {
	unsigned long slabs;
	unsigned long unused;
};

static const char *slabs_broken(struct vmem *vmp, const struct vmem_qcache *cache,
				struct vmem_seg *slab, bool full,
				struct slab_census *census)
{
	for (; slab; slab = slab->below) {
		if (census->slabs++ == cache->slabs)
			return "more slabs on lists than there are";
		census->unused += hweight64(slab->free);
		if (slab->type != VMEM_SEG_SLAB || slab->class != cache->class)
			return "slab on a wrong list";
		if (slab->free & ~all_free(cache) || slab->free == all_free(cache))
			return "free objects of a slab";
		if (full != !slab->free)
			return "partial and full slabs mixed up";
		if (__find(vmp, slab->first) != slab)
			return "slab is not found";
		if (slab->below && slab->below->above !=
				   vmem_table_hash(&vmp->caches->slabs, slab->first))
			return "slab above is not found";
	}
	return NULL;
}

static const char *cache_broken(struct vmem *vmp, struct vmem_qcache *cache)
{
	struct slab_census census = {};
	const char *broken;

	broken = slabs_broken(vmp, cache, cache->partial, false, &census);
	broken = broken ?: slabs_broken(vmp, cache, cache->full, true, &census);
	if (!broken && census.slabs != cache->slabs)
		broken = "slab on no list";
	if (!broken && census.unused != cache->unused)
		broken = "number of free objects";
	return broken ?: vmem_depot_broken(&cache->depot);
}

/* For vmem_validate(): what is wrong with the slabs, of which there are @nr. */
const char *__vmem_slab_broken(struct vmem *vmp, unsigned long nr)
{
	struct vmem_qcaches *caches = vmp->caches;
	const char *broken;
	unsigned int i;

	lockdep_assert_held(&vmp->lock);
	if (!caches)
		return NULL;
	broken = __vmem_table_broken(vmp, &caches->slabs, nr);
	for (i = 0; i < caches->nr; i++) {
		broken = broken ?: cache_broken(vmp, &caches->cache[i]);
		nr -= caches->cache[i].slabs;
	}
	if (!broken && nr)
		broken = "number of slabs";
	if (!broken && atomic_long_read(&caches->parked) < 0)
		broken = "units parked on CPUs";
	return broken;
}
