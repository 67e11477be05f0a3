// SPDX-License-Identifier: GPL-2.0-only
/*
 * Getting back what quantum caches and stashes hold: for a request that finds
 * nothing else, for the owner of an arena, for a CPU that goes away, and for a
 * system that is short of memory; and what was not used for a while.
 *
 * A CPU's magazines are emptied by an interrupt on it (magazine.c), or by the
 * hotplug callback when it is dead. Either way, who waits for what is in them is
 * woken as by any other free.
 */
#include "internal.h"

static struct shrinker *vmem_shrinker;
static int vmem_hotplug_state;

/* === Draining === */

static void flush_depots(struct vmem *vmp)
{
	unsigned int i;

	for (i = 0; i < vmp->caches->nr; i++)
		vmem_depot_flush(vmp, &vmp->caches->cache[i]);
	vmem_reclaim_arm(vmp, VMEM_TRIM_INTERVAL);
}

/* Empty the magazines of all CPUs, and the depots. */
static void drain_all(struct vmem *vmp)
{
	int cpu;

	trace_vmem_reap(vmp->name);
	/* Pairs with the barrier in load(): nr_waiters first, then the slots. */
	smp_mb();
	for_each_possible_cpu(cpu)
		if (vmem_magazine_on_cpu(vmp, cpu))
			vmem_magazine_unload_on(vmp, cpu);
	flush_depots(vmp);
}

void vmem_qcache_reap(vmem_t *vmp)
{
	might_sleep();
	if (!vmem_absent(vmp, _RET_IP_) && vmp->caches)
		drain_all(vmp);
}
EXPORT_SYMBOL_GPL(vmem_qcache_reap);

/* Of all arenas, when magazines are not to be used from now on. */
void vmem_empty_magazines(void)
{
	struct vmem *vmp = NULL;

	while ((vmp = vmem_arena_pin_next(vmp)))
		vmem_qcache_reap(vmp);
}

/* === For a request === */

/*
 * What was taken back may serve the request: try again, and then dissolve slabs of
 * @from, one by one, until there is enough.
 */
static unsigned long serve_from(struct vmem *vmp, const struct vmem_req *req,
				struct vmem *from, const struct vmem_req *sub)
{
	unsigned long addr = vmem_serve(vmp, req);

	while (!addr && vmem_slab_dissolve(from, sub))
		addr = vmem_serve(vmp, req);
	return addr;
}

static void drain(struct vmem *vmp, bool wait)
{
	if (wait) {
		drain_all(vmp);
	} else {
		vmem_magazine_unload(vmp);
		flush_depots(vmp);
	}
}

/**
 * vmem_reclaim() - Serve a request from what caches hold.
 * @vmp: The arena.
 * @req: The request, for which nothing was found.
 * @wait: Whether to wait until all CPUs have given back what they hold.
 *
 * Those of the arena first, then of the one that it would import from, and so on.
 *
 * Return: The address, or 0.
 */
unsigned long vmem_reclaim(struct vmem *vmp, const struct vmem_req *req, bool wait)
{
	struct vmem_req again = *req, sub = *req;
	struct vmem *from = vmp;
	unsigned long addr = 0;

	again.again = true;
	while (from && !addr) {
		struct vmem_req next;

		if (from->caches) {
			drain(from, wait);
			addr = serve_from(vmp, &again, from, &sub);
		}
		from = vmem_import_next(from, &sub, &next);
		if (from)
			sub = next;
	}
	return addr;
}

/* === What is not used === */

/*
 * Have the depots of an arena seen to. Whoever puts something into one does that,
 * so that an arena at rest is left alone as soon as its depots are empty.
 */
void vmem_reclaim_arm(struct vmem *vmp, unsigned long delay)
{
	struct delayed_work *trim = &vmp->caches->trim;

	if (delay < VMEM_TRIM_INTERVAL)
		mod_delayed_work(system_wq, trim, delay);
	else if (!delayed_work_pending(trim))
		schedule_delayed_work(trim, delay);
}

/* Empty magazines for CPUs that only free. */
static void supply(struct vmem *vmp, struct vmem_qcache *cache)
{
	unsigned int wanted = READ_ONCE(cache->depot.wanted);
	struct vmem_magazine *mag;

	WRITE_ONCE(cache->depot.wanted, 0);
	for (; wanted; wanted--) {
		/* vmem_destroy() waits for us, and reclaim perhaps for who called it. */
		mag = vmem_magazine_new(vmp, cache, vmem_gfp(VM_NOSLEEP));
		if (!mag)
			break;
		vmem_magazine_store(vmp, cache, mag);
	}
}

void vmem_reclaim_work(struct work_struct *work)
{
	struct vmem_qcaches *caches =
		container_of(to_delayed_work(work), struct vmem_qcaches, trim);
	bool due = time_after_eq(jiffies, caches->trimmed + VMEM_TRIM_INTERVAL);
	bool more = !due;
	unsigned int i;

	for (i = 0; i < caches->nr; i++) {
		supply(caches->vmp, &caches->cache[i]);
		if (due)
			more |= vmem_depot_trim(caches->vmp, &caches->cache[i]);
	}
	if (due)
		caches->trimmed = jiffies;
	if (more)
		vmem_reclaim_arm(caches->vmp, VMEM_TRIM_INTERVAL);
}

/* === Memory === */

unsigned long vmem_shrink_count(struct shrinker *shrinker,
				struct shrink_control *sc)
{
	struct vmem *vmp = NULL;
	unsigned long nr = 0;
	unsigned int i;

	while ((vmp = vmem_arena_pin_next(vmp))) {
		nr += READ_ONCE(vmp->nr_spare);
		for (i = 0; vmp->caches && i < vmp->caches->nr; i++)
			nr += READ_ONCE(vmp->caches->cache[i].depot.empty.nr);
	}
	return nr ?: SHRINK_EMPTY;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_shrink_count);

static unsigned long shrink(struct vmem *vmp, unsigned long nr)
{
	unsigned long freed = vmem_seg_shrink(vmp, nr);
	unsigned int i;

	for (i = 0; vmp->caches && i < vmp->caches->nr && freed < nr; i++)
		freed += vmem_depot_shrink(&vmp->caches->cache[i].depot, nr - freed);
	return freed;
}

unsigned long vmem_shrink_scan(struct shrinker *shrinker,
			       struct shrink_control *sc)
{
	unsigned long freed = 0;
	struct vmem *vmp = NULL;

	while ((vmp = vmem_arena_pin_next(vmp)))
		if (freed < sc->nr_to_scan)
			freed += shrink(vmp, sc->nr_to_scan - freed);
	return freed ?: SHRINK_STOP;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_shrink_scan);

/* === CPU hotplug === */

static int cpu_dead(unsigned int cpu)
{
	struct vmem *vmp = NULL;

	while ((vmp = vmem_arena_pin_next(vmp)))
		if (vmp->caches) {
			vmem_magazine_unload_dead(vmp, cpu);
			vmem_reclaim_arm(vmp, VMEM_TRIM_INTERVAL);
		}
	return 0;
}

int __init vmem_reclaim_init(void)
{
	vmem_shrinker = shrinker_alloc(0, "vmem");
	if (!vmem_shrinker)
		return -ENOMEM;
	vmem_shrinker->count_objects = vmem_shrink_count;
	vmem_shrinker->scan_objects = vmem_shrink_scan;
	vmem_shrinker->seeks = DEFAULT_SEEKS;
	vmem_hotplug_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						       "lib/vmem:dead", NULL,
						       cpu_dead);
	if (vmem_hotplug_state < 0) {
		shrinker_free(vmem_shrinker);
		return vmem_hotplug_state;
	}
	shrinker_register(vmem_shrinker);
	return 0;
}

void vmem_reclaim_exit(void)
{
	cpuhp_remove_state_nocalls(vmem_hotplug_state);
	shrinker_free(vmem_shrinker);
}
