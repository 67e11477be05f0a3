// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quantum caches: one for each size of 1 to 16 quanta, up to the arena's
 * qcache_max (the 2001 paper, 4.4.4).
 *
 * An object is taken from, and given back to, the first of these that can deal
 * with it: this CPU's loaded magazine, its previous one, the depot, the slabs.
 * Here are the ways from the second on; the first is in vmem_alloc() and
 * vmem_free().
 */
#include "internal.h"

#define VMEM_SLAB_MIN		64ul	/* units */
#define VMEM_SLAB_HUGE		BIT(BITS_PER_LONG - 1)
#define VMEM_SLAB_OBJECTS	64ul

/* === Creation === */

static unsigned long nr_caches(unsigned long quantum, unsigned long qcache_max)
{
	return min(qcache_max / quantum, (unsigned long)VMEM_NQCACHE_MAX);
}

/* The size of slabs, or of imports that are to be as large. */
unsigned long vmem_slab_size(unsigned long quantum, unsigned long qcache_max)
{
	unsigned long nr = nr_caches(quantum, qcache_max);
	unsigned long size;

	if (check_mul_overflow(nr * quantum, 3ul, &size) || size > LONG_MAX)
		return VMEM_SLAB_HUGE;
	return max(roundup_pow_of_two(size + 1), VMEM_SLAB_MIN);
}

static void init_cache(struct vmem *vmp, unsigned int class)
{
	struct vmem_qcaches *caches = vmp->caches;
	struct vmem_qcache *cache = &caches->cache[class];

	vmem_depot_init(&cache->depot);
	cache->class = class;
	cache->size = (class + 1) * vmp->quantum;
	cache->capacity = min(caches->slab_size / cache->size, VMEM_SLAB_OBJECTS);
	cache->waste = cache->capacity * cache->size < caches->slab_size;
}

static void init_cpu(struct vmem_cpu *cpu, unsigned int nr)
{
	cpu->idle = 1;
	while (nr--)
		cpu->loaded[nr] = &vmem_closed;
}

/*
 * The allocator of per-CPU memory has a mutex, which somebody may hold who reclaims
 * memory. Where one must not wait for that, take what there is without waiting.
 */
static gfp_t gfp_for_cpus(int vmflag)
{
	gfp_t gfp = current_gfp_context(vmem_gfp(vmflag));

	if ((gfp & GFP_KERNEL) != GFP_KERNEL)
		gfp = vmem_gfp(VM_NOSLEEP);
	return gfp | __GFP_NOWARN;
}

/* The slots of all CPUs. They are small, and there are no magazines in them. */
static bool get_cpus(struct vmem *vmp, unsigned int nr, int vmflag)
{
	size_t size = struct_size(vmp->cpu, loaded, nr);
	int i;

	vmp->cpu = __alloc_percpu_gfp(size, __alignof__(struct vmem_cpu),
				      gfp_for_cpus(vmflag));
	if (!vmp->cpu)
		return false;
	for_each_possible_cpu(i)
		init_cpu(per_cpu_ptr(vmp->cpu, i), nr);
	return true;
}

static void init_caches(struct vmem *vmp, unsigned long qcache_max,
			unsigned int nr)
{
	struct vmem_qcaches *caches = vmp->caches;
	unsigned int class;

	caches->vmp = vmp;
	caches->nr = nr;
	caches->slab_size = vmem_slab_size(vmp->quantum, qcache_max);
	caches->trimmed = jiffies;
	vmem_table_init(&caches->slabs, __ffs(caches->slab_size), 1);
	INIT_DEFERRABLE_WORK(&caches->trim, vmem_reclaim_work);
	for (class = 0; class < nr; class++)
		init_cache(vmp, class);
	vmp->cached_max = nr * vmp->quantum;
}

/**
 * vmem_qcache_create() - Give an arena its quantum caches, if it is to have any.
 * @vmp: The arena, not in use yet.
 * @qcache_max: Largest size that they shall serve.
 * @vmflag: Whether to wait for memory.
 *
 * Return: Whether there was memory. There is, unless %VM_NOSLEEP: an arena that
 * cannot have slots for all CPUs does without caches, which nobody can tell but
 * by the time it takes.
 */
bool vmem_qcache_create(struct vmem *vmp, unsigned long qcache_max, int vmflag)
{
	unsigned int nr = nr_caches(vmp->quantum, qcache_max);

	if (!nr || (vmp->cflags & VMC_NO_QCACHE))
		return true;
	if (vmem_slab_size(vmp->quantum, qcache_max) == VMEM_SLAB_HUGE)
		return true;	/* nobody has space for many of such objects */
	if (!get_cpus(vmp, nr, vmflag))
		return !(vmflag & VM_NOSLEEP);
	vmp->caches = kzalloc(struct_size(vmp->caches, cache, nr),
			      vmem_gfp_nofail(vmflag));
	if (!vmp->caches)
		return false;
	init_caches(vmp, qcache_max, nr);
	return true;
}

/* === Allocation === */

/*
 * A magazine to be filled: @mag if there is one, from the depot, or a new one. Also
 * a new one if frees have found none in the depot.
 */
static struct vmem_magazine *vehicle(struct vmem *vmp, struct vmem_qcache *cache,
				     struct vmem_magazine *mag, int vmflag)
{
	struct vmem_magazine *new;
	unsigned int wanted;

	if (!mag)
		mag = vmem_depot_get_empty(&cache->depot);
	if (mag && !READ_ONCE(cache->depot.wanted))
		return mag;
	new = vmem_magazine_new(vmp, cache, vmem_gfp_nowait(vmflag));
	if (!new)
		return mag;
	wanted = READ_ONCE(cache->depot.wanted);
	if (wanted)
		WRITE_ONCE(cache->depot.wanted, wanted - 1);
	vmem_magazine_store(vmp, cache, mag);
	return new;
}

/* Take an object out of a magazine of our own, and have it loaded if it may be. */
static unsigned long pop_and_load(struct vmem *vmp, struct vmem_qcache *cache,
				  struct vmem_magazine *mag, bool charged)
{
	unsigned long addr = 0;

	if (mag->rounds)
		addr = mag->round[--mag->rounds];
	if (charged)
		vmem_magazine_load(vmp, cache, mag);
	else
		vmem_magazine_store(vmp, cache, mag);
	return addr;
}

/*
 * This CPU's magazines are empty, and @spare was one of them: load another, with what
 * the depot has, or slabs have.
 */
static unsigned long refill(struct vmem *vmp, struct vmem_qcache *cache,
			    struct vmem_magazine *spare, int vmflag)
{
	struct vmem_magazine *mag;
	bool charged;

	mag = vmem_depot_get_full(&cache->depot);
	if (mag) {
		vmem_magazine_store(vmp, cache, spare);
		charged = vmem_magazine_charge(vmp, cache, mag);
		return pop_and_load(vmp, cache, mag, charged);
	}
	if (!spare && !vmem_magazine_rounds(vmp, cache))
		return 0;
	mag = vehicle(vmp, cache, spare, vmflag);
	if (!mag)
		return 0;
	charged = vmem_magazine_charge(vmp, cache, mag);
	if (charged)
		vmem_slab_fill(vmp, cache, mag);
	return pop_and_load(vmp, cache, mag, charged);
}

/* From slabs, or segments of the arena, wherever they are. */
static void *allocate(struct vmem *vmp, struct vmem_qcache *cache, int vmflag,
		      unsigned long caller)
{
	struct vmem_req req;

	vmflag &= ~(VM_BESTFIT | VM_FIRSTFIT | VM_NEXTFIT | VM_ENDALLOC);
	if (!vmem_req_plain(vmp, &req, cache->size, vmflag, caller))
		return NULL;
	req.cache = cache;
	return vmem_allocate(vmp, &req);
}

/**
 * vmem_qcache_alloc() - Allocate an object.
 * @vmp: The arena.
 * @size: Its size, which there is a cache for.
 * @vmflag: As for vmem_alloc().
 * @caller: Return address, for reports.
 *
 * Return: The object, or %NULL, which has been counted.
 */
void *vmem_qcache_alloc(struct vmem *vmp, unsigned long size, int vmflag,
			unsigned long caller)
{
	unsigned long class = vmem_class(vmp, size);
	struct vmem_qcache *cache = &vmp->caches->cache[class];
	struct vmem_magazine *spare;
	unsigned long addr = 0;

	if (vmem_magazine_pop(vmp, class, &addr) ||
	    vmem_magazine_pop_previous(vmp, cache, &addr, &spare))
		return (void *)addr;
	atomic_long_inc(&cache->misses);
	if (!vmem_magazines_closed(vmp))
		addr = refill(vmp, cache, spare, vmflag);
	else
		vmem_magazine_store(vmp, cache, spare);
	return addr ? (void *)addr : allocate(vmp, cache, vmflag, caller);
}

/* === Freeing === */

/*
 * An empty magazine that this CPU may have, for @spare, a full one of it. %NULL if
 * there is none.
 */
static struct vmem_magazine *take_empty(struct vmem *vmp, struct vmem_qcache *cache,
					struct vmem_magazine *spare,
					unsigned long caller)
{
	struct vmem_magazine *mag;

	if (!spare && !vmem_magazine_rounds(vmp, cache))
		return NULL;
	mag = vmem_depot_get_empty(&cache->depot);
	if (mag) {
		vmem_magazine_store(vmp, cache, spare);
	} else {
		vmem_depot_want(vmp, &cache->depot);
		if (!spare)
			return NULL;
		vmem_slab_give(vmp, cache, spare->round, spare->rounds, caller);
		spare->rounds = 0;
		mag = spare;
	}
	if (vmem_magazine_charge(vmp, cache, mag))
		return mag;
	vmem_magazine_store(vmp, cache, mag);
	return NULL;
}

/**
 * vmem_qcache_free() - Give an object back.
 * @vmp: The arena.
 * @addr: The object.
 * @size: Its size, which there is a cache for.
 * @caller: Return address, for reports.
 *
 * To the slabs at once if somebody waits for space.
 *
 * Return: False if that has shown at once that there is no such object.
 */
bool vmem_qcache_free(struct vmem *vmp, unsigned long addr, unsigned long size,
		      unsigned long caller)
{
	unsigned long class = vmem_class(vmp, size);
	struct vmem_qcache *cache = &vmp->caches->cache[class];
	struct vmem_magazine *mag = NULL, *spare;

	trace_vmem_free(vmp->name, addr, size, caller);
	if (vmem_magazine_push(vmp, class, addr) ||
	    vmem_magazine_push_previous(vmp, cache, addr, &spare))
		return true;
	if (!vmem_magazines_closed(vmp))
		mag = take_empty(vmp, cache, spare, caller);
	else
		vmem_magazine_store(vmp, cache, spare);
	if (!mag)
		return vmem_slab_give(vmp, cache, &addr, 1, caller);
	mag->round[mag->rounds++] = addr;
	vmem_magazine_load(vmp, cache, mag);
	return true;
}

/* === What is shown === */

/**
 * vmem_qcache_print() - A line for each cache.
 * @vmp: The arena, which cannot end.
 * @file: Where to.
 *
 * Objects that are parked are in magazines, of CPUs and of the depot; those that are
 * unused are in slabs.
 *
 * Context: sleep.
 *
 * Return: 0.
 */
int vmem_qcache_print(struct vmem *vmp, struct seq_file *file)
{
	unsigned int nr = vmp->caches ? vmp->caches->nr : 0, i;
	struct vmem_magazine_use use[VMEM_NQCACHE_MAX] = {};

	if (nr)
		vmem_magazine_use(vmp, use);
	seq_printf(file, "# %8s %10s %10s %8s %8s %8s %6s %6s %6s\n", "object", "hits",
		   "misses", "parked", "slabs", "unused", "rounds", "full", "empty");
	for (i = 0; i < nr; i++) {
		struct vmem_qcache *cache = &vmp->caches->cache[i];
		unsigned long slabs, unused, flags;

		spin_lock_irqsave(&vmp->lock, flags);
		slabs = cache->slabs;
		unused = cache->unused;
		spin_unlock_irqrestore(&vmp->lock, flags);
		seq_printf(file, "%10lu %10lu %10ld %8lu %8lu %8lu %6lu %6u %6u\n",
			   cache->size, use[i].hits,
			   atomic_long_read(&cache->misses), use[i].rounds, slabs,
			   unused, vmem_magazine_rounds(vmp, cache),
			   READ_ONCE(cache->depot.full.nr),
			   READ_ONCE(cache->depot.empty.nr));
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_qcache_print);

/* === End === */

/* Take everything out of the caches of an arena that nobody uses any more. */
void vmem_qcache_empty(struct vmem *vmp)
{
	struct vmem_qcaches *caches = vmp->caches;
	unsigned int i;

	if (!caches)
		return;
	cancel_delayed_work_sync(&caches->trim);
	for_each_possible_cpu(i)
		vmem_magazine_unload_dead(vmp, i);
	for (i = 0; i < caches->nr; i++)
		vmem_depot_drop(vmp, &caches->cache[i]);
}

/* Free the memory of caches that are empty. */
void vmem_qcache_destroy(struct vmem *vmp)
{
	if (vmp->caches)
		vmem_table_exit(&vmp->caches->slabs);
	kfree(vmp->caches);
	free_percpu(vmp->cpu);
}
