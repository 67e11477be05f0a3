// SPDX-License-Identifier: GPL-2.0-only
/*
 * Magazines: free objects of a quantum cache at hand, for each CPU that uses it.
 *
 * As in the 2001 paper (3.1), a CPU has a loaded and a previous magazine, the
 * depot has full and empty ones, and only when both of a CPU are of no use is one
 * exchanged at the depot. What differs is how a CPU's own are guarded.
 *
 * A section, from vmem_cpu_enter() to vmem_cpu_leave(), runs with preemption off
 * and writes nothing that another CPU reads often: no lock, no atomic operation,
 * no disabling of interrupts. Why that is enough:
 *
 * - Only code on this CPU touches its slots. Whoever wants to drain them does that
 *   in an interrupt on this CPU, or when it is dead.
 * - Preemption is off, so that only an interrupt can come between, and it is over
 *   before we go on. It finds vmem_cpu::idle at 0 or below and keeps away; what it
 *   subtracts it adds again, so that an interrupt in the middle of our own
 *   subtraction changes nothing either.
 * - The magazine is looked up after that, so it is still the one in the slot.
 *
 * A section is a few instructions long, and no lock is taken, nor memory got, in
 * one, as PREEMPT_RT wants it.
 *
 * While somebody waits for space in the arena, slots stay closed. A sleeper counts
 * itself in vmem::nr_waiters and then looks at all slots, to have those that are
 * not closed unloaded on their CPU; we open a slot and then look at nr_waiters.
 * With a full barrier between, on both sides, one of the two sees the other. The
 * depot's lock does the same for the depot. Slots stay closed, too, while requests
 * are made to fail (fault.c), as one that needs nothing would not, and while blocks are
 * traced (trace.c). There, the code of all CPUs has been changed before anybody looks at
 * their slots.
 */
#include "internal.h"

#define VMEM_LEVELS		4	/* of magazines: 256, 512, 1024, 2048 bytes */
#define VMEM_CONTENDED		8	/* times until magazines grow */
#define VMEM_WANTED		64	/* magazines that are made at a time */
#define VMEM_PARK_SHARE		100	/* CPUs may hold one part in so many */

/* What a closed slot has: empty for those who allocate, full for those who free. */
struct vmem_magazine vmem_closed __ro_after_init;

/* === What CPUs may hold === */

/*
 * Units that magazines of CPUs may hold, as those who may not sleep cannot get at
 * them: a share of all that the arena can draw on. Not of what a source has that
 * has caches, and parks that share itself; nor of what an import function might
 * still come up with.
 */
static unsigned long parkable(const struct vmem *vmp)
{
	unsigned long sum = READ_ONCE(vmp->own);

	while (vmem_imports_from_arena(vmp) && !vmp->source->caches) {
		vmp = vmp->source;
		sum += READ_ONCE(vmp->own);
	}
	if (vmp->alloc_fn && !vmem_imports_from_arena(vmp))
		sum += READ_ONCE(vmp->imported);
	return sum / VMEM_PARK_SHARE;
}

static unsigned long charge_of(const struct vmem_qcache *cache,
			       const struct vmem_magazine *mag)
{
	return mag->size * cache->size;
}

/* May a CPU have this magazine? If not, it must not be loaded. */
bool vmem_magazine_charge(struct vmem *vmp, const struct vmem_qcache *cache,
			  const struct vmem_magazine *mag)
{
	long units = charge_of(cache, mag);

	if (atomic_long_add_return(units, &vmp->caches->parked) <= parkable(vmp))
		return true;
	atomic_long_sub(units, &vmp->caches->parked);
	return false;
}

/* CPUs do not have these magazines any more. */
static void discharge(struct vmem *vmp, struct vmem_qcache *cache,
		      struct vmem_magazine *mag)
{
	for (; mag; mag = mag->next) {
		atomic_long_sub(charge_of(cache, mag), &vmp->caches->parked);
		atomic_long_add(mag->hits, &cache->hits);
		mag->hits = 0;
	}
}

/* Rounds of a new magazine: a part of what is left, so that all CPUs get some. */
unsigned long vmem_magazine_rounds(const struct vmem *vmp,
				   const struct vmem_qcache *cache)
{
	long left = parkable(vmp) - atomic_long_read(&vmp->caches->parked);
	unsigned long bytes = 256 << READ_ONCE(cache->depot.level);

	if (vmem_magazines_banned(vmp))
		return 0;
	return min((bytes - sizeof(struct vmem_magazine)) / sizeof(long),
		   max(left, 0l) / 4 / cache->size);
}
EXPORT_SYMBOL_IF_KUNIT(vmem_magazine_rounds);

/**
 * vmem_magazine_new() - Get memory for a magazine.
 * @vmp: The arena.
 * @cache: The cache.
 * @gfp: How.
 *
 * Return: An empty magazine. %NULL if there is no memory, or no magazine to be
 * had: the arena is too small, audited, or known to kmemleak.
 */
struct vmem_magazine *vmem_magazine_new(struct vmem *vmp,
					const struct vmem_qcache *cache, gfp_t gfp)
{
	unsigned long size = vmem_magazine_rounds(vmp, cache);
	struct vmem_magazine *mag;

	if (!size)
		return NULL;
	mag = kmalloc(struct_size(mag, round, size), gfp | __GFP_NOWARN);
	if (!mag)
		return NULL;
	mag->rounds = 0;
	mag->hits = 0;
	mag->size = size;
	mag->next = NULL;
	mag->level = READ_ONCE(cache->depot.level);
	return mag;
}

/* Would another one be better, as the level has changed, or the arena's size? */
static bool outdated(const struct vmem *vmp, const struct vmem_qcache *cache,
		     const struct vmem_magazine *mag)
{
	return mag->level != READ_ONCE(cache->depot.level) ||
	       2 * mag->size <= vmem_magazine_rounds(vmp, cache) ||
	       charge_of(cache, mag) > parkable(vmp);
}

static void flush(struct vmem *vmp, struct vmem_qcache *cache,
		  struct vmem_magazine *mag)
{
	vmem_slab_give(vmp, cache, mag->round, mag->rounds, _RET_IP_);
	mag->rounds = 0;
}

/* === Depot === */

void vmem_depot_init(struct vmem_depot *depot)
{
	raw_spin_lock_init(&depot->lock);
}

/* Counts how often somebody else was there: then magazines are too small. */
static unsigned long depot_lock(struct vmem_depot *depot)
	__acquires(&depot->lock)
{
	unsigned long flags;

	if (!raw_spin_trylock_irqsave(&depot->lock, flags)) {
		raw_spin_lock_irqsave(&depot->lock, flags);
		depot->contended++;
	}
	return flags;
}

static void depot_unlock(struct vmem_depot *depot, unsigned long flags)
	__releases(&depot->lock)
{
	raw_spin_unlock_irqrestore(&depot->lock, flags);
}

static void list_put(struct vmem_depot_list *list, struct vmem_magazine *mag)
{
	mag->next = list->first;
	WRITE_ONCE(list->first, mag);
	WRITE_ONCE(list->nr, list->nr + 1);
	WRITE_ONCE(list->rounds, list->rounds + mag->rounds);
}

static struct vmem_magazine *list_get(struct vmem_depot_list *list)
{
	struct vmem_magazine *mag = list->first;

	if (mag) {
		WRITE_ONCE(list->first, mag->next);
		WRITE_ONCE(list->nr, list->nr - 1);
		WRITE_ONCE(list->rounds, list->rounds - mag->rounds);
		list->least = min(list->least, list->nr);
		mag->next = NULL;
	}
	return mag;
}

static struct vmem_magazine *depot_get(struct vmem_depot *depot,
				       struct vmem_depot_list *list)
{
	struct vmem_magazine *mag;
	unsigned long flags;

	flags = depot_lock(depot);
	mag = list_get(list);
	depot->moves++;
	depot_unlock(depot, flags);
	return mag;
}

/* Those who have another way look before they take the lock. */
struct vmem_magazine *vmem_depot_get_full(struct vmem_depot *depot)
{
	if (!READ_ONCE(depot->full.first))
		return NULL;
	return depot_get(depot, &depot->full);
}

struct vmem_magazine *vmem_depot_get_empty(struct vmem_depot *depot)
{
	if (!READ_ONCE(depot->empty.first))
		return NULL;
	return depot_get(depot, &depot->empty);
}

/* Not while somebody waits for what is in it. */
static bool depot_put_full(struct vmem *vmp, struct vmem_depot *depot,
			   struct vmem_magazine *mag)
{
	unsigned long flags;
	bool waited_for;

	flags = depot_lock(depot);
	waited_for = READ_ONCE(vmp->nr_waiters);
	if (!waited_for) {
		list_put(&depot->full, mag);
		depot->moves++;
	}
	depot_unlock(depot, flags);
	return !waited_for;
}

static void depot_put_empty(struct vmem *vmp, struct vmem_qcache *cache,
			    struct vmem_magazine *mag)
{
	unsigned long flags;

	if (outdated(vmp, cache, mag)) {
		kfree(mag);
		return;
	}
	flags = depot_lock(&cache->depot);
	list_put(&cache->depot.empty, mag);
	cache->depot.moves++;
	depot_unlock(&cache->depot, flags);
}

/**
 * vmem_magazine_store() - Put magazines into the depot.
 * @vmp: The arena.
 * @cache: Their cache.
 * @mag: The first of them, or %NULL.
 *
 * Their objects go to the slabs if somebody waits for space.
 */
void vmem_magazine_store(struct vmem *vmp, struct vmem_qcache *cache,
			 struct vmem_magazine *mag)
{
	struct vmem_magazine *next;

	if (!mag)
		return;
	for (; mag; mag = next) {
		next = mag->next;
		if (mag->rounds) {
			if (depot_put_full(vmp, &cache->depot, mag))
				continue;
			flush(vmp, cache, mag);
		}
		depot_put_empty(vmp, cache, mag);
	}
	vmem_reclaim_arm(vmp, VMEM_TRIM_INTERVAL);
}

/*
 * Frees find no empty magazine, and cannot make any: have some made, by the next
 * allocations or, if there are none, by the worker.
 */
void vmem_depot_want(struct vmem *vmp, struct vmem_depot *depot)
{
	unsigned int wanted = READ_ONCE(depot->wanted);

	if (wanted < VMEM_WANTED)
		WRITE_ONCE(depot->wanted, wanted + 1);
	if (!wanted || !delayed_work_pending(&vmp->caches->trim))
		vmem_reclaim_arm(vmp, 1);
}

/* Give all objects in the depot back to the slabs. */
void vmem_depot_flush(struct vmem *vmp, struct vmem_qcache *cache)
{
	struct vmem_magazine *mag;

	/* Not without the lock: see depot_put_full(). */
	while ((mag = depot_get(&cache->depot, &cache->depot.full))) {
		flush(vmp, cache, mag);
		depot_put_empty(vmp, cache, mag);
	}
}

/* Free memory of empty magazines, up to @nr. Returns how many. */
unsigned long vmem_depot_shrink(struct vmem_depot *depot, unsigned long nr)
{
	struct vmem_magazine *mag;
	unsigned long freed = 0;

	while (freed < nr && (mag = vmem_depot_get_empty(depot))) {
		kfree(mag);
		freed++;
	}
	return freed;
}

/* Magazines grow when CPUs meet at the depot, and shrink when it is not used. */
static bool adapt(struct vmem_depot *depot)
{
	unsigned int before = depot->level;

	if (depot->contended >= VMEM_CONTENDED && depot->level < VMEM_LEVELS - 1)
		WRITE_ONCE(depot->level, depot->level + 1);
	else if (!depot->moves && depot->level)
		WRITE_ONCE(depot->level, depot->level - 1);
	depot->contended = 0;
	depot->moves = 0;
	return depot->level != before;
}

/* What has not been needed since the last time: the least there was. */
static unsigned int surplus(struct vmem_depot_list *list)
{
	unsigned int nr = list->least;

	list->least = list->nr - nr;
	return nr;
}

static void drop(struct vmem *vmp, struct vmem_qcache *cache,
		 struct vmem_depot_list *list, unsigned int nr)
{
	struct vmem_magazine *mag;

	while (nr-- && (mag = depot_get(&cache->depot, list))) {
		flush(vmp, cache, mag);
		kfree(mag);
	}
}

/**
 * vmem_depot_trim() - Bring a depot down to its working set.
 * @vmp: The arena.
 * @cache: The depot's cache.
 *
 * What the depot had all the time since it was last trimmed is not needed (the
 * 2001 paper, 3.3). Magazines that go have their objects go back to the slabs.
 *
 * Return: Whether there will be something to trim later.
 */
bool vmem_depot_trim(struct vmem *vmp, struct vmem_qcache *cache)
{
	struct vmem_depot *depot = &cache->depot;
	unsigned int full, empty;
	unsigned long flags;

	flags = depot_lock(depot);
	if (adapt(depot))
		trace_vmem_magazine_resize(vmp->name, cache->size, depot->level);
	full = surplus(&depot->full);
	empty = surplus(&depot->empty);
	depot_unlock(depot, flags);
	drop(vmp, cache, &depot->full, full);
	drop(vmp, cache, &depot->empty, empty);
	return READ_ONCE(depot->full.nr) || READ_ONCE(depot->empty.nr) ||
	       READ_ONCE(depot->level);
}
EXPORT_SYMBOL_IF_KUNIT(vmem_depot_trim);

static const char *list_broken(const struct vmem_depot_list *list, bool full)
{
	const struct vmem_magazine *mag;
	unsigned long rounds = 0;
	unsigned int nr = 0;

	for (mag = list->first; mag; mag = mag->next, nr++) {
		rounds += mag->rounds;
		if (mag->rounds > mag->size)
			return "rounds of a magazine";
		if (full != !!mag->rounds)
			return "full and empty magazines mixed up";
	}
	if (nr != list->nr)
		return "number of magazines";
	if (rounds != list->rounds)
		return "rounds of a depot";
	return list->least > nr ? "least number of magazines" : NULL;
}

/* For vmem_validate(): what is wrong with a depot, if anything. */
const char *vmem_depot_broken(struct vmem_depot *depot)
{
	const char *broken;
	unsigned long flags;

	flags = depot_lock(depot);
	broken = list_broken(&depot->full, true);
	broken = broken ?: list_broken(&depot->empty, false);
	if (depot->level >= VMEM_LEVELS)
		broken = "size of magazines";
	depot_unlock(depot, flags);
	return broken;
}

/* === Slots === */

/* The previous magazine of a slot becomes the loaded one. */
static struct vmem_magazine *swap_previous(struct vmem_cpu *cpu, unsigned int class)
{
	struct vmem_magazine *mag = cpu->loaded[class], *previous = mag->next;

	previous->next = mag;
	mag->next = NULL;
	WRITE_ONCE(cpu->loaded[class], previous);
	return previous;
}

/* Take the previous magazine out of a slot. */
static struct vmem_magazine *take_previous(struct vmem_cpu *cpu, unsigned int class)
{
	struct vmem_magazine *mag = cpu->loaded[class], *previous = mag->next;

	if (previous)
		mag->next = NULL;
	return previous;
}

/* Take all magazines out of a slot, as a list. */
static struct vmem_magazine *close_slot(struct vmem_cpu *cpu, unsigned int class)
{
	struct vmem_magazine *mag = cpu->loaded[class];

	if (mag == &vmem_closed)
		return NULL;
	WRITE_ONCE(cpu->loaded[class], &vmem_closed);
	return mag;
}

/**
 * vmem_magazine_pop_previous() - Take an object if the previous magazine has one.
 * @vmp: The arena.
 * @cache: The cache.
 * @addr: Set to the object.
 * @spare: Set to an empty magazine of this CPU, to be filled, if there is one.
 *
 * Return: Whether there was an object.
 */
bool vmem_magazine_pop_previous(struct vmem *vmp, struct vmem_qcache *cache,
				unsigned long *addr, struct vmem_magazine **spare)
{
	struct vmem_magazine *mag;
	struct vmem_cpu *cpu;
	bool found;

	*spare = NULL;
	if (!vmem_cpu_enter(vmp, &cpu))
		return false;
	mag = cpu->loaded[cache->class];
	if (!mag->rounds && mag->next && mag->next->rounds)
		mag = swap_previous(cpu, cache->class);
	found = mag->rounds;
	if (found) {
		*addr = mag->round[--mag->rounds];
		mag->hits++;
	} else {
		*spare = take_previous(cpu, cache->class);
	}
	vmem_cpu_leave(cpu);
	discharge(vmp, cache, *spare);
	return found;
}

/**
 * vmem_magazine_push_previous() - Put an object into the previous magazine.
 * @vmp: The arena.
 * @cache: The cache.
 * @addr: The object.
 * @spare: Set to a full magazine of this CPU, to be emptied, if there is one.
 *
 * Return: Whether there was room.
 */
bool vmem_magazine_push_previous(struct vmem *vmp, struct vmem_qcache *cache,
				 unsigned long addr, struct vmem_magazine **spare)
{
	struct vmem_magazine *mag;
	struct vmem_cpu *cpu;
	bool room;

	*spare = NULL;
	if (!vmem_cpu_enter(vmp, &cpu))
		return false;
	mag = cpu->loaded[cache->class];
	if (mag->rounds >= mag->size && mag->next &&
	    mag->next->rounds < mag->next->size)
		mag = swap_previous(cpu, cache->class);
	room = mag->rounds < mag->size;
	if (room)
		mag->round[mag->rounds++] = addr;
	else
		*spare = take_previous(cpu, cache->class) ?:
			 close_slot(cpu, cache->class);
	vmem_cpu_leave(cpu);
	discharge(vmp, cache, *spare);
	return room;
}

/* Load @mag. Returns what there is no place for, @mag itself perhaps. */
static struct vmem_magazine *load(struct vmem *vmp, unsigned int class,
				  struct vmem_magazine *mag)
{
	struct vmem_magazine *loaded, *left;
	struct vmem_cpu *cpu;

	if (!vmem_cpu_enter(vmp, &cpu))
		return mag;
	loaded = cpu->loaded[class];
	left = take_previous(cpu, class);
	mag->next = loaded == &vmem_closed ? NULL : loaded;
	WRITE_ONCE(cpu->loaded[class], mag);
	/* Pairs with the barrier in drain_all(). */
	smp_mb();
	if (vmem_magazines_closed(vmp)) {
		close_slot(cpu, class);
		if (mag->next)
			mag->next->next = left;
		left = mag;
	}
	vmem_cpu_leave(cpu);
	return left;
}

/**
 * vmem_magazine_load() - Make a magazine the loaded one of this CPU.
 * @vmp: The arena.
 * @cache: The cache.
 * @mag: The magazine, for which there was a vmem_magazine_charge().
 *
 * The loaded one becomes the previous, and the previous one goes to the depot.
 */
void vmem_magazine_load(struct vmem *vmp, struct vmem_qcache *cache,
			struct vmem_magazine *mag)
{
	mag = load(vmp, cache->class, mag);
	discharge(vmp, cache, mag);
	vmem_magazine_store(vmp, cache, mag);
}

/* Empty a depot of an arena that nobody uses any more. */
void vmem_depot_drop(struct vmem *vmp, struct vmem_qcache *cache)
{
	vmem_depot_flush(vmp, cache);
	vmem_depot_shrink(&cache->depot, ULONG_MAX);
}

static void flush_all(struct vmem *vmp, struct vmem_qcache *cache,
		      struct vmem_magazine *mag)
{
	struct vmem_magazine *next;

	discharge(vmp, cache, mag);
	for (; mag; mag = next) {
		next = mag->next;
		flush(vmp, cache, mag);
		depot_put_empty(vmp, cache, mag);
	}
}

/*
 * Call @func on a CPU, by an interrupt on it, until that sets @done: it cannot when it
 * has interrupted somebody in a section. Not if the CPU is offline: nobody changes its
 * magazines any more, and the hotplug callback is going to empty them.
 */
static void call_on(int nr, void (*func)(void *data), void *data, const bool *done)
{
	while (!smp_call_function_single(nr, func, data, 1) && !*done)
		cpu_relax();
}

/* All magazines that a CPU had of an arena, one list a cache. */
struct unloaded {
	struct vmem *vmp;
	bool done;
	struct vmem_magazine *out[VMEM_NQCACHE_MAX];
};

static void unload(void *data)
{
	struct unloaded *unloaded = data;
	struct vmem *vmp = unloaded->vmp;
	struct vmem_cpu *cpu;
	unsigned int i;

	if (!vmem_cpu_enter(vmp, &cpu))
		return;
	for (i = 0; i < vmp->caches->nr; i++)
		unloaded->out[i] = close_slot(cpu, i);
	vmem_cpu_leave(cpu);
	unloaded->done = true;
}

static void flush_unloaded(struct unloaded *unloaded)
{
	struct vmem *vmp = unloaded->vmp;
	unsigned int i;

	for (i = 0; unloaded->done && i < vmp->caches->nr; i++)
		flush_all(vmp, &vmp->caches->cache[i], unloaded->out[i]);
}

/**
 * vmem_magazine_unload() - Give what this CPU has of an arena back to the slabs.
 * @vmp: The arena.
 *
 * Return: Whether that was done. Not if we have interrupted somebody in a section.
 */
bool vmem_magazine_unload(struct vmem *vmp)
{
	struct unloaded unloaded = { .vmp = vmp };

	unload(&unloaded);
	flush_unloaded(&unloaded);
	return unloaded.done;
}

/**
 * vmem_magazine_unload_on() - The same for another CPU, by an interrupt on it.
 * @vmp: The arena.
 * @nr: The CPU's number.
 *
 * Context: sleep.
 */
void vmem_magazine_unload_on(struct vmem *vmp, int nr)
{
	struct unloaded unloaded = { .vmp = vmp };

	call_on(nr, unload, &unloaded, &unloaded.done);
	flush_unloaded(&unloaded);
}

/* The same for a CPU that is dead, or an arena that nobody uses. */
void vmem_magazine_unload_dead(struct vmem *vmp, int nr)
{
	struct vmem_cpu *cpu = per_cpu_ptr(vmp->cpu, nr);
	int i;

	for (i = 0; i < vmp->caches->nr; i++)
		flush_all(vmp, &vmp->caches->cache[i], close_slot(cpu, i));
}

/* Has a CPU, of which we may be any other one, magazines of an arena? */
bool vmem_magazine_on_cpu(const struct vmem *vmp, int nr)
{
	const struct vmem_cpu *cpu = per_cpu_ptr(vmp->cpu, nr);
	int i;

	for (i = 0; i < vmp->caches->nr; i++)
		if (READ_ONCE(cpu->loaded[i]) != &vmem_closed)
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_magazine_on_cpu);

/* To count what magazines of a CPU have, for each cache. */
struct census {
	const struct vmem *vmp;
	bool done;
	struct vmem_magazine_use *use;
};

static void count(void *data)
{
	struct census *census = data;
	const struct vmem_magazine *mag;
	struct vmem_cpu *cpu;
	unsigned int i;

	if (!vmem_cpu_enter(census->vmp, &cpu))
		return;
	for (i = 0; i < census->vmp->caches->nr; i++) {
		for (mag = cpu->loaded[i]; mag; mag = mag->next) {
			census->use[i].hits += mag->hits;
			census->use[i].rounds += mag->rounds;
		}
	}
	vmem_cpu_leave(cpu);
	census->done = true;
}

/**
 * vmem_magazine_use() - Count hits, and objects that are in magazines.
 * @vmp: The arena, with caches.
 * @use: Where to add them, for each cache.
 *
 * Exact if nobody else uses the arena; a magazine that moves may count twice, or not.
 *
 * Context: sleep.
 */
void vmem_magazine_use(struct vmem *vmp, struct vmem_magazine_use *use)
{
	struct census census = { .vmp = vmp, .use = use };
	int i;

	/* One after the other, so that they do not add at the same time. */
	for_each_online_cpu(i) {
		if (!vmem_magazine_on_cpu(vmp, i))
			continue;
		census.done = false;
		call_on(i, count, &census, &census.done);
	}
	for (i = 0; i < vmp->caches->nr; i++) {
		struct vmem_qcache *cache = &vmp->caches->cache[i];

		use[i].hits += atomic_long_read(&cache->hits);
		use[i].rounds += READ_ONCE(cache->depot.full.rounds);
	}
}

/* For vmem_validate(): what is wrong with magazines of CPUs, if anything. */
const char *vmem_magazine_broken(const struct vmem *vmp)
{
	int cpu;

	if (!vmp->caches || !vmem_magazines_banned(vmp))
		return NULL;
	for_each_possible_cpu(cpu)
		if (vmem_magazine_on_cpu(vmp, cpu))
			return "magazine where there is to be none";
	return NULL;
}
