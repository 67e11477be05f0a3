/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's own allocators need of a kernel besides, to be measured: of
 * drm_mm, the maple tree, iova, sbitmap, genalloc and IDA. Functions that the ruler
 * does not call are declared only, and left out by the linker with whoever does.
 *
 * Memory that a reader might still look at is freed at once: there are no readers.
 */
#ifndef _VMEM_TEST_PEERS_H
#define _VMEM_TEST_PEERS_H

#include <linux/xarray.h>

#define BUILD_BUG_ON_INVALID(e)	((void)sizeof((long)(e)))
#define BUILD_BUG_ON(cond)		((void)sizeof((long)(cond)))
#define ASSERT_EXCLUSIVE_ACCESS(x)	((void)0)
#define assert_spin_locked(lock)	((void)(lock))
#define kmemleak_transient_leak(ptr)	((void)(ptr))
#define in_nmi()			false
#define CONFIG_IOMMU_IOVA	1

/* === Memory === */

#define kmem_cache_create(name, size, align, flags, ...) \
	(kmem_cache_create)(name, size, align, flags)
#define __alloc_percpu(size, align)	__alloc_percpu_gfp(size, align, GFP_KERNEL)
#define alloc_percpu_gfp(type, gfp) \
	((type *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))
#define kcalloc_node(n, size, gfp, node)	kcalloc(n, size, gfp)
#define kzalloc_node(size, gfp, node)		kzalloc(size, gfp)
#define kmalloc_node(size, gfp, node)		kmalloc(size, gfp)
#define kvzalloc_node(size, gfp, node)		kvzalloc(size, gfp)
#define kvcalloc_node(n, size, gfp, node)	kvcalloc(n, size, gfp)
#define vzalloc(size)				__vmalloc(size, GFP_KERNEL | __GFP_ZERO)
#define vzalloc_node(size, node)		vzalloc(size)
#define kmalloc_array_node(n, size, gfp, node)	kmalloc_array(n, size, gfp)
#define NUMA_NO_NODE	(-1)
#define SLAB_NO_MERGE	0

static inline int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp,
					size_t nr, void **objects)
{
	size_t i;

	for (i = 0; i < nr; i++)
		objects[i] = kmem_cache_alloc(cache, gfp);
	return nr;
}

static inline void kmem_cache_free_bulk(struct kmem_cache *cache, size_t nr,
					void **objects)
{
	while (nr--)
		kmem_cache_free(cache, objects[nr]);
}

/* === CPUs === */

#define this_cpu_read(x)	READ_ONCE(*raw_cpu_ptr(&(x)))
#define this_cpu_write(x, v)	WRITE_ONCE(*raw_cpu_ptr(&(x)), v)
#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name)	__typeof__(type) name
/* It looks first, in a kernel. */
#define schedule_delayed_work(work, delay) \
	(delayed_work_pending(work) ? false : schedule_delayed_work(work, delay))
#define get_cpu()	({ preempt_disable(); smp_processor_id(); })
#define put_cpu()	preempt_enable()
#define cache_line_size()	SMP_CACHE_BYTES

#define CPUHP_IOMMU_IOVA_DEAD	1
#define cpuhp_setup_state_multi(state, name, startup, teardown) \
	((void)(teardown), 0)
#define cpuhp_remove_multi_state(state)			((void)0)
#define cpuhp_state_add_instance_nocalls(state, node)	0
#define cpuhp_state_remove_instance_nocalls(state, node) ((void)0)

typedef struct { } local_lock_t;
#define INIT_LOCAL_LOCK(name)	{ }
#define local_lock(lock)	preempt_disable()
#define local_unlock(lock)	preempt_enable()
#define SINGLE_DEPTH_NESTING	1
#define spin_lock_nested(lock, subclass)	spin_lock(lock)
#define lockdep_init_map(...)	((void)0)
#define might_lock(lock)	((void)0)
#define lock_is_held(lock)	true

typedef struct {
	raw_spinlock_t *lock;
} raw_spinlock_irqsave_t;

static inline void raw_spinlock_guard_end(raw_spinlock_irqsave_t *held)
{
	raw_spin_unlock(held->lock);
}

static inline raw_spinlock_irqsave_t raw_spinlock_guard(raw_spinlock_t *lock)
{
	raw_spin_lock(lock);
	return (raw_spinlock_irqsave_t){ lock };
}

#define raw_spinlock_irqsave	raw_spinlock_guard
#define guard(name) \
	raw_spinlock_irqsave_t __guard_of_this \
	__attribute__((cleanup(raw_spinlock_guard_end))) = name

/* === Bits and bitmaps: those of lib/find_bit.c === */

unsigned long _find_next_bit(const unsigned long *map, unsigned long size,
			     unsigned long from);
unsigned long _find_next_zero_bit(const unsigned long *map, unsigned long size,
				  unsigned long from);
#ifndef FAST_FIND_BIT		/* which they are made in */
#define find_next_bit		_find_next_bit
#define find_next_zero_bit	_find_next_zero_bit
#endif

#define atomic_cmpxchg(v, old, new)	cmpxchg(&(v)->counter, old, new)
#define bitmap_full(map, nr)	(find_first_zero_bit(map, nr) >= (nr))
#define atomic_long_andnot(i, v) \
	((void)__atomic_fetch_and(&(v)->counter, ~(i), __ATOMIC_RELAXED))
#define test_and_set_bit_lock(nr, map)	test_and_set_bit(nr, map)
#define clear_bit_unlock(nr, map) \
	((void)__atomic_fetch_and(&(map)[BIT_WORD(nr)], ~BIT_MASK(nr), \
				  __ATOMIC_RELEASE))
#define __clear_bit_unlock	clear_bit_unlock
#define smp_mb__after_atomic()	barrier()
#define smp_mb__before_atomic()	barrier()
#define smp_mb__before_clear_bit()	barrier()
#define ENOTSUPP		524
#define BITMAP_FIRST_WORD_MASK(start)	(~0UL << ((start) & (BITS_PER_LONG - 1)))
#define BITMAP_LAST_WORD_MASK(nr)	(~0UL >> (-(nr) & (BITS_PER_LONG - 1)))
#define ffz(x)	__ffs(~(x))
static inline u64 div64_u64_rem(u64 a, u64 b, u64 *rem)
{
	*rem = a % b;
	return a / b;
}

unsigned long fns(unsigned long word, unsigned int nr);
unsigned long bitmap_get_value8(const unsigned long *map, unsigned long start);
unsigned long swab(unsigned long word);
unsigned int bitmap_weight(const unsigned long *map, unsigned int nr);
unsigned long find_nth_bit(const unsigned long *map, unsigned long size,
			   unsigned long nr);
unsigned long bitmap_find_next_zero_area_off(unsigned long *map, unsigned long size,
					     unsigned long start, unsigned int nr,
					     unsigned long mask, unsigned long offset);
#define bitmap_find_next_zero_area(map, size, start, nr, mask) \
	bitmap_find_next_zero_area_off(map, size, start, nr, mask, 0)
#define get_random_u32_below(ceiling)	(get_random_u32() % (ceiling))

/* === Devices, waiting, printing: not used === */

struct wait_queue_entry {
	unsigned int flags;
	void *private;
	int (*func)(struct wait_queue_entry *entry, unsigned int mode, int flags,
		    void *key);
	struct list_head entry;
};
int autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode,
			     int flags, void *key);

bool waitqueue_active(struct wait_queue_head *wait);
int wake_up_nr(struct wait_queue_head *wait, int nr);
void add_wait_queue(struct wait_queue_head *wait, struct wait_queue_entry *entry);
void prepare_to_wait_exclusive(struct wait_queue_head *wait,
			       struct wait_queue_entry *entry, int state);
void finish_wait(struct wait_queue_head *wait, struct wait_queue_entry *entry);
void *devres_alloc(void (*release)(struct device *dev, void *res), size_t size,
		   gfp_t gfp);
void devres_free(void *res);
void devres_add(struct device *dev, void *res);
void *devres_find(struct device *dev, void (*release)(struct device *dev, void *res),
		  int (*match)(struct device *dev, void *res, void *data), void *data);
struct drm_mm;
struct drm_printer { int unused; };
void drm_printf(struct drm_printer *p, const char *f, ...);
void drm_mm_print(const struct drm_mm *mm, struct drm_printer *p);

#define trace_ma_op(...)	((void)0)
#define trace_ma_read(...)	((void)0)
#define trace_ma_write(...)	((void)0)

#endif /* _VMEM_TEST_PEERS_H */
