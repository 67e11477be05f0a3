/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What costs time, at full speed: for VARIANT=scale, instead of cpu.c.
 *
 * A thread is a CPU, bound to one of the machine's: nothing is preempted, moved,
 * or interrupted, and nothing is checked. What each thing costs, and costs in a
 * kernel (Debian's, x86-64):
 *
 * - preempt_disable(), preempt_enable(): the count of a CPU, up and down, and a
 *   branch. The same.
 * - local_irq_save(), local_irq_restore(): nothing but a barrier. A kernel has
 *   pushf, cli and popf, together some 3 to 5 ns.
 * - Spinlocks: one locked compare-and-exchange to take, one plain store to
 *   release, inline. A kernel has the same instructions in functions. Who waits,
 *   waits as in a kernel's queued spinlock of up to two waiters: the first one sets
 *   the pending bit and gets the lock next, whoever else comes.
 * - Data of a CPU: one addition, of the thread's offset (%fs, for %gs).
 * - kmem_cache: a list of free objects for each CPU, without atomic operations.
 *   SLUB has a compare-and-exchange of 16 bytes, 6 ns each way, and clears what it
 *   allocates.
 * - Static keys: a load and a branch. A kernel patches the branch.
 * - A process pays for its 4 KiB pages: a kernel's slabs lie in larger ones.
 * - No mitigations: no retpolines, no thunks to return through.
 */
#ifndef _VMEM_TEST_FAST_H
#define _VMEM_TEST_FAST_H

#include <linux/align.h>

/* === CPUs === */

/* Of this many, the last one is that of all threads which are not a CPU's. */
#define FAST_CPUS	3
#define FAST_PERCPU	(64ul << 20)

extern __thread unsigned int fast_cpu;
extern __thread unsigned long fast_percpu_offset;
extern __thread unsigned int fast_preempt_count;

/* The calling thread is that CPU now, and bound to it. */
void fast_be_cpu(unsigned int cpu);

/* One instruction, as in a kernel. Compilers would make it two. */
#define FAST_TLS(name)	"%%fs:" #name "@tpoff"

static __always_inline void preempt_disable(void)
{
	__asm__ __volatile__("incl " FAST_TLS(fast_preempt_count) : : : "memory", "cc");
}

static __always_inline void preempt_enable(void)
{
	bool schedule;

	__asm__ __volatile__("decl " FAST_TLS(fast_preempt_count)
			     : "=@ccz" (schedule) : : "memory");
	/* That would be called, with all registers kept; never, here. */
	if (unlikely(schedule))
		__asm__ __volatile__("ud2");
}

#define local_bh_disable()	preempt_disable()
#define local_bh_enable()	preempt_enable()

static __always_inline unsigned long kernel_irq_save(void)
{
	barrier();
	return 0;
}

static __always_inline void kernel_irq_restore(unsigned long flags)
{
	barrier();
}

#define raw_smp_processor_id()	fast_cpu
#define smp_processor_id()	fast_cpu
#define in_task()		true
#define in_hardirq()		false
#define in_serving_softirq()	false
#define softirq_count()		0
#define irqs_disabled()		false
#define preemptible()		true
#define might_sleep()		((void)0)
#define might_alloc(gfp)	((void)(gfp))

#define raw_cpu_ptr(ptr) \
	({ \
		unsigned long __ptr = (unsigned long)(ptr); \
		__asm__("addq " FAST_TLS(fast_percpu_offset) ", %0" \
			: "+r" (__ptr)); \
		(typeof(ptr))__ptr; \
	})
#define this_cpu_ptr(ptr)	raw_cpu_ptr(ptr)
#define per_cpu_ptr(ptr, cpu) \
	((typeof(ptr))((unsigned long)(ptr) + (cpu) * FAST_PERCPU))
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp);
void free_percpu(void *ptr);

/* === Locks === */

typedef struct kernel_lock {
	union {
		u32 value;
		struct {
			u8 locked;
			u8 pending;
		};
		u16 both;
	};
} spinlock_t, raw_spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name)	{ }
#define __RAW_SPIN_LOCK_UNLOCKED(name)	{ }
#define DEFINE_SPINLOCK(name)		spinlock_t name = { }
#define DEFINE_RAW_SPINLOCK(name)	raw_spinlock_t name = { }
#define spin_lock_init(lock)		((void)(*(lock) = (spinlock_t){ }))
#define lockdep_assert_held(lock)	((void)(lock))
#define lockdep_is_held(lock)		true

void fast_spin(spinlock_t *lock);

static __always_inline bool __fast_trylock(spinlock_t *lock)
{
	u32 unlocked = 0;

	return likely(__atomic_compare_exchange_n(&lock->value, &unlocked, 1, false,
						  __ATOMIC_ACQUIRE,
						  __ATOMIC_RELAXED));
}

static __always_inline void spin_lock(spinlock_t *lock)
{
	preempt_disable();
	if (unlikely(!__fast_trylock(lock)))
		fast_spin(lock);
}

static __always_inline bool spin_trylock(spinlock_t *lock)
{
	preempt_disable();
	if (!READ_ONCE(lock->value) && __fast_trylock(lock))
		return true;
	preempt_enable();
	return false;
}

static __always_inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
	preempt_enable();
}

/* === Objects === */

struct kmem_cache {
	struct {
		void **free;		/* each one begins with the next */
		void *fresh;		/* of the newest slab: not used yet */
		void *end;
		unsigned long fresh_objects;	/* that were taken */
	} ____cacheline_aligned_in_smp cpu[FAST_CPUS];
	size_t size;
	size_t align;
	void *first_slab;
	void **last_slab;		/* the link to follow the last one */
	void *next_slab;		/* to be used before any new one */
	struct kmem_cache *next;
	const char *name;
};

/* Memory that is got while this is on lies on pages of its own. */
void fast_set_aside(bool on);
extern bool fast_aside;
void fast_note_aside(void *ptr, size_t size);

/*
 * Let nobody write to that, to objects of caches, to what other CPUs have, and to
 * the variables of the program.
 */
void fast_protect_shared(bool on);

extern bool fast_huge_pages;
void fast_reset_caches(void);
void *fast_new_object(struct kmem_cache *cache);

static __always_inline void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void **object;

	preempt_disable();
	object = cache->cpu[fast_cpu].free;
	if (likely(object))
		cache->cpu[fast_cpu].free = *object;
	else
		object = fast_new_object(cache);
	preempt_enable();
	if (gfp & __GFP_ZERO)
		memset(object, 0, cache->size);
	return object;
}

static __always_inline void kmem_cache_free(struct kmem_cache *cache, void *ptr)
{
	void **object = ptr;

	preempt_disable();
	*object = cache->cpu[fast_cpu].free;
	cache->cpu[fast_cpu].free = object;
	preempt_enable();
}

#endif /* _VMEM_TEST_FAST_H */
