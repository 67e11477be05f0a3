// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fast.h has not inline: all that is out of the way.
 */
#include "kernel.h"

#ifdef KERNEL_FAST

#include <sched.h>
#include <sys/mman.h>

static void protect(void *first, void *end, bool on)
{
	unsigned long begin = PAGE_ALIGN((unsigned long)first);
	unsigned long size = ((unsigned long)end & PAGE_MASK) - begin;

	if (mprotect((void *)begin, size, on ? PROT_READ : PROT_READ | PROT_WRITE))
		panic("cannot protect");
}

unsigned int nr_cpu_ids = FAST_CPUS;
struct cpumask kernel_online = { .bits = BIT(FAST_CPUS) - 1 };
void (*kernel_interrupt)(void);

/* === CPUs === */

#define OTHERS	(FAST_CPUS - 1)

__thread unsigned int fast_cpu = OTHERS;
__thread unsigned long fast_percpu_offset = OTHERS * FAST_PERCPU;
__thread unsigned int fast_preempt_count = 1u << 31;	/* 0: to be scheduled */

void fast_be_cpu(unsigned int cpu)
{
	cpu_set_t set;

	BUG_ON(cpu >= OTHERS);
	fast_cpu = cpu;
	fast_percpu_offset = cpu * FAST_PERCPU;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		panic("cannot run on CPU %u", cpu);
}

/* Nothing here can interrupt a thread. */
bool kernel_run_on(unsigned int cpu, enum kernel_irq kind, void (*fn)(void *arg),
		   void *arg)
{
	BUG_ON(cpu != fast_cpu);
	fn(arg);
	return true;
}

/* Nor can that: who drains a CPU's magazines does it while nobody is on it. */
int smp_call_function_single(int cpu, void (*fn)(void *arg), void *arg, int wait)
{
	unsigned int was = fast_cpu;

	fast_cpu = cpu;
	fast_percpu_offset = cpu * FAST_PERCPU;
	fn(arg);
	fast_cpu = was;
	fast_percpu_offset = was * FAST_PERCPU;
	return 0;
}

void cpus_read_lock(void)
{
}

void cpus_read_unlock(void)
{
}

int cpuhp_setup_state_nocalls(int state, const char *name,
			      int (*startup)(unsigned int cpu),
			      int (*teardown)(unsigned int cpu))
{
	return state;
}

void cpuhp_remove_state_nocalls(int state)
{
}

/* === Memory of each CPU === */

/* What was freed, by size, and what was never used. All CPUs have it alike. */
static struct percpu {
	struct percpu *next;
	size_t size;
} *percpu_free;
static char *percpu, *percpu_fresh;
static pthread_mutex_t percpu_lock = PTHREAD_MUTEX_INITIALIZER;

static void *reuse_percpu(size_t size)
{
	struct percpu **link, *old;

	for (link = &percpu_free; *link; link = &(*link)->next)
		if ((*link)->size == size)
			break;
	old = *link;
	if (old)
		*link = old->next;
	return old;
}

/* The size is noted before each piece, out of its lines. */
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	unsigned int cpu;
	char *ptr;

	size = ALIGN(size, SMP_CACHE_BYTES);
	pthread_mutex_lock(&percpu_lock);
	if (!percpu) {
		percpu = mmap(NULL, FAST_CPUS * FAST_PERCPU, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		BUG_ON(percpu == MAP_FAILED);
		percpu_fresh = percpu;
	}
	ptr = reuse_percpu(size);
	if (!ptr) {
		ptr = percpu_fresh + SMP_CACHE_BYTES;
		percpu_fresh = ptr + size;
		BUG_ON(percpu_fresh > percpu + FAST_PERCPU);
		*(size_t *)(ptr - SMP_CACHE_BYTES) = size;
	}
	pthread_mutex_unlock(&percpu_lock);
	for (cpu = 0; cpu < FAST_CPUS; cpu++)
		memset(per_cpu_ptr(ptr, cpu), 0, size);
	return ptr;
}

void free_percpu(void *ptr)
{
	struct percpu *old = ptr;

	if (!ptr)
		return;
	pthread_mutex_lock(&percpu_lock);
	old->size = *(size_t *)((char *)ptr - SMP_CACHE_BYTES);
	old->next = percpu_free;
	percpu_free = old;
	pthread_mutex_unlock(&percpu_lock);
}

/* === Locks === */

/* As kernel/locking/qspinlock.c: but who is not next spins on the lock itself. */
void fast_spin(spinlock_t *lock)
{
	u8 pending;

	for (;;) {
		if (!READ_ONCE(lock->value) && __fast_trylock(lock))
			return;
		pending = 0;
		if (!READ_ONCE(lock->pending) &&
		    __atomic_compare_exchange_n(&lock->pending, &pending, 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			break;
		__builtin_ia32_pause();
	}
	while (__atomic_load_n(&lock->locked, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	/* Locked, and not pending any more. Nobody else can have it now. */
	WRITE_ONCE(lock->both, 1);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

void mutex_init(struct mutex *mutex)
{
	*mutex = (struct mutex)__KERNEL_LOCK;
}

void mutex_lock(struct mutex *mutex)
{
	pthread_mutex_lock(&mutex->mutex);
}

void mutex_unlock(struct mutex *mutex)
{
	pthread_mutex_unlock(&mutex->mutex);
}

/* === Objects === */

#define SLAB_BYTES	(8 * PAGE_SIZE)	/* what SLUB has for objects of 64 bytes, or more */
#define CHUNK_BYTES	SZ_2M

bool fast_huge_pages;

struct slab {
	struct slab *next;		/* of its cache, or free */
};

static struct {
	spinlock_t lock;		/* of what follows */
	struct slab *free;		/* of caches that have ended */
	char *fresh, *end;
	void *chunk[4096];
	unsigned int nr_chunks;
	struct kmem_cache *caches;
} pages;

static void new_chunk(void)
{
	void *chunk;

	if (posix_memalign(&chunk, CHUNK_BYTES, CHUNK_BYTES))
		panic("no memory");
	madvise(chunk, CHUNK_BYTES, fast_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	BUG_ON(pages.nr_chunks == ARRAY_SIZE(pages.chunk));
	pages.chunk[pages.nr_chunks++] = chunk;
	pages.fresh = chunk;
	pages.end = pages.fresh + CHUNK_BYTES;
}

static struct slab *new_slab(struct kmem_cache *cache)
{
	struct slab *slab;

	spin_lock(&pages.lock);
	slab = cache->next_slab;
	if (slab) {
		cache->next_slab = slab->next;
		goto out;
	}
	slab = pages.free;
	if (slab) {
		pages.free = slab->next;
	} else {
		if (pages.fresh == pages.end)
			new_chunk();
		slab = (struct slab *)pages.fresh;
		pages.fresh += SLAB_BYTES;
	}
	slab->next = NULL;
	*(cache->last_slab ?: &cache->first_slab) = slab;
	cache->last_slab = (void **)&slab->next;
out:
	spin_unlock(&pages.lock);
	return slab;
}

/* As a kernel aligns them: small ones share a line. */
static size_t object_align(size_t size, size_t align, slab_flags_t flags)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		align = SMP_CACHE_BYTES;
		while (size <= align / 2)
			align /= 2;
	}
	return max(align, sizeof(void *));
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, slab_flags_t flags)
{
	struct kmem_cache *cache;

	if (posix_memalign((void **)&cache, SMP_CACHE_BYTES, sizeof(*cache)))
		return NULL;
	memset(cache, 0, sizeof(*cache));
	cache->name = name;
	cache->align = object_align(size, align, flags);
	cache->size = ALIGN(max_t(size_t, size, sizeof(void *)), cache->align);
	cache->next = pages.caches;
	pages.caches = cache;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	struct kmem_cache **link = &pages.caches;

	if (!cache)
		return;
	while (*link != cache)
		link = &(*link)->next;
	*link = cache->next;
	if (cache->first_slab) {
		*cache->last_slab = pages.free;
		pages.free = cache->first_slab;
	}
	free(cache);
}

/* Slabs are kept until their cache ends; their first line links them. */
void *fast_new_object(struct kmem_cache *cache)
{
	typeof(cache->cpu[0]) *cpu = &cache->cpu[fast_cpu];
	void *object;

	if ((char *)cpu->end - (char *)cpu->fresh < (long)cache->size) {
		struct slab *slab = new_slab(cache);

		cpu->fresh = PTR_ALIGN((char *)slab + SMP_CACHE_BYTES, cache->align);
		cpu->end = (char *)slab + SLAB_BYTES;
	}
	object = cpu->fresh;
	cpu->fresh = (char *)object + cache->size;
	cpu->fresh_objects++;
	return object;
}

static bool unused(const struct kmem_cache *cache)
{
	unsigned long objects = 0;
	unsigned int i;
	void **free;

	for (i = 0; i < FAST_CPUS; i++) {
		objects += cache->cpu[i].fresh_objects;
		for (free = cache->cpu[i].free; free; free = *free)
			objects--;
	}
	return !objects;
}

/*
 * Have caches without objects begin anew, at their first slab, as they would after
 * a kernel has freed all of their slabs: not with the order of the last frees.
 */
void fast_reset_caches(void)
{
	struct kmem_cache *cache;

	for (cache = pages.caches; cache; cache = cache->next) {
		if (!unused(cache))
			continue;
		memset(cache->cpu, 0, sizeof(cache->cpu));
		cache->next_slab = cache->first_slab;
	}
}

/* === Who writes where === */

bool fast_aside;

static struct {
	void *ptr;
	size_t size;
} aside[64];
static unsigned int nr_aside;

void fast_set_aside(bool on)
{
	fast_aside = on;
}

void fast_note_aside(void *ptr, size_t size)
{
	BUG_ON(nr_aside == ARRAY_SIZE(aside));
	aside[nr_aside].ptr = ptr;
	aside[nr_aside++].size = size;
}

extern char __data_start[], _end[];

void fast_protect_shared(bool on)
{
	unsigned int i;

	for (i = 0; i < nr_aside; i++)
		protect(aside[i].ptr, aside[i].ptr + aside[i].size, on);
	for (i = 0; i < pages.nr_chunks; i++)
		protect(pages.chunk[i], pages.chunk[i] + CHUNK_BYTES, on);
	for (i = 0; i < FAST_CPUS; i++)
		if (i != fast_cpu)
			protect(percpu + i * FAST_PERCPU,
				percpu + (i + 1) * FAST_PERCPU, on);
	protect(__data_start, _end, on);
}

#endif
