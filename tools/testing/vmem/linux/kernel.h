/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of Linux as vmem and its KUnit suites need, in a process.
 *
 * Included before anything else. Each <linux/...> that the kernel's own sources
 * could do for is theirs (the list is in the Makefile); all others are empty
 * files, as what they would declare is here.
 *
 * What is promised is what the library relies on. Threads are pthreads. A CPU is a
 * mutex, held by whoever must not be preempted: so two threads that are on one CPU
 * take turns, and per-CPU data is exclusive, exactly where the kernel promises it.
 * A spinlock takes the CPU first and is then a mutex, too. An interrupt is a
 * function called by another thread that has taken the CPU, or by the one that is
 * on it, at a barrier() (cpu.c). Calls that may sleep where that is illegal, locks
 * that are not held, references that are left end the process with a message.
 */
#ifndef _VMEM_TEST_KERNEL_H
#define _VMEM_TEST_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Those of C, which the kernel's sources have for names of their own. */

/* === Configuration === */

#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 12, 0)

#ifndef KERNEL_FAST
#define CONFIG_KUNIT			1
#define CONFIG_KUNIT_DEFAULT_ENABLED	1
#define CONFIG_VMEM_KUNIT_TEST		1
#endif
#define CONFIG_VMEM			1
#define CONFIG_SMP			1
#define CONFIG_HOTPLUG_CPU		1
#define CONFIG_TRACEPOINTS		1
#define CONFIG_PRINTK			1
#define CONFIG_HAS_DMA			1
#ifndef NO_FAULT_INJECTION
#define CONFIG_FAULT_INJECTION		1
#define CONFIG_FAULT_INJECTION_DEBUG_FS	1
#define CONFIG_FAILSLAB			1
#define CONFIG_FAIL_PAGE_ALLOC		1
#endif
#define CONFIG_STACKDEPOT		1
#define CONFIG_XARRAY_MULTI		1
#define CONFIG_BASE_SMALL		0
#if __SIZEOF_LONG__ == 8
#define CONFIG_64BIT			1
#endif

/* === Types and attributes === */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s8 __s8;
typedef s16 __s16;
typedef s32 __s32;
typedef s64 __s64;
typedef unsigned int gfp_t;
typedef unsigned int slab_flags_t;
typedef u64 dma_addr_t;
typedef u64 phys_addr_t;
typedef u64 resource_size_t;
typedef unsigned short umode_t;
typedef s64 ktime_t;
#define id_t		vmem_id_t	/* that of the C library has no sign */

struct list_head { struct list_head *next, *prev; };
struct hlist_head { struct hlist_node *first; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};
#define rcu_head callback_head

#define __user
#define __iomem
#define __percpu
#define __rcu
#define __force
#define __bitwise
#define __init
#define __exit
#define __ref
#define __read_mostly
#define __private
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __acquire(x)	((void)0)
#define __release(x)	((void)0)
#define __chk_user_ptr(x)	((void)0)
#define asmlinkage
#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#undef __noinline
#define noinline	__attribute__((noinline))
#define __flatten	__attribute__((flatten))
#define __noreturn	__attribute__((noreturn))
#define __packed	__attribute__((packed))
#define __aligned(x)	__attribute__((aligned(x)))
#define __maybe_unused	__attribute__((unused))
#define __always_unused	__attribute__((unused))
#define __used		__attribute__((used))
#define __weak		__attribute__((weak))
#define __cold		__attribute__((cold))
#define __pure		__attribute__((pure))
#define __section(s)	__attribute__((section(s)))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __scanf(f, a)	__attribute__((format(scanf, f, a)))
#define __must_check	__attribute__((warn_unused_result))
#define __malloc	__attribute__((malloc))
#define __counted_by(m)
#define __alloc_size(...)
#define __assume_aligned(...)
#define __no_sanitize_or_inline	inline
#define __same_type(a, b)	__builtin_types_compatible_p(typeof(a), typeof(b))
#define fallthrough	__attribute__((fallthrough))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define __cacheline_aligned_in_smp	__attribute__((aligned(64)))
#define ____cacheline_aligned_in_smp	__attribute__((aligned(64)))
#define SMP_CACHE_BYTES	64
#define L1_CACHE_BYTES	64
#define BITS_PER_LONG	(__SIZEOF_LONG__ * 8)
#define BITS_PER_LONG_LONG	64
#define BITS_PER_BYTE	8
#define __LINUX_COMPILER_TYPES_H
#define __UNIQUE_ID(prefix)	__PASTE(__PASTE(__UNIQUE_ID_, prefix), __COUNTER__)
#define ___PASTE(a, b)	a##b
#define __PASTE(a, b)	___PASTE(a, b)
#define __is_constexpr(x) \
	(sizeof(int) == sizeof(*(8 ? ((void *)((long)(x) * 0l)) : (int *)8)))
#define __BUILD_BUG_ON_ZERO_MSG(e, msg, ...) \
	((int)sizeof(struct {_Static_assert(!(e), msg);}))
#define BUILD_BUG_ON_MSG(cond, msg)	((void)0)	/* it is one in a kernel */
#define BUILD_BUG_ON_ZERO(e)	((int)sizeof(struct { int:(-!!(e)); }))
#define __must_be_array(a)	BUILD_BUG_ON_ZERO(__same_type((a), &(a)[0]))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]) + __must_be_array(a))
#define sizeof_field(type, field)	sizeof(((type *)0)->field)
#define is_signed_type(type)	(((type)(-1)) < (__force type)1)
#define statically_true(x)	(__builtin_constant_p(x) && (x))
#define PTR_IF(cond, ptr)	((cond) ? (ptr) : NULL)
#define RELOC_HIDE(ptr, off) \
	({ unsigned long __p = (unsigned long)(ptr); (typeof(ptr))(__p + (off)); })
#define static_assert(expr, ...)	__static_assert(expr, ##__VA_ARGS__, #expr)
#define __static_assert(expr, msg, ...)	_Static_assert(expr, msg)
#define __compiletime_error(message)
#define compiletime_assert(condition, msg)	_Static_assert(condition, msg)

#define _RET_IP_	((unsigned long)__builtin_return_address(0))
#define _THIS_IP_	({ __label__ __here; __here: (unsigned long)&&__here; })

/* An interrupt may come here, if a test wants one (cpu.c). */
extern void (*kernel_interrupt)(void);
#ifdef KERNEL_FAST
#define barrier()	__asm__ __volatile__("" : : : "memory")
#else
#define barrier() \
	do { \
		__asm__ __volatile__("" : : : "memory"); \
		if (unlikely(__atomic_load_n(&kernel_interrupt, __ATOMIC_RELAXED))) \
			kernel_interrupt(); \
	} while (0)
#endif

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new) \
	({ \
		typeof(*(p)) __old = (old); \
		__atomic_compare_exchange_n(p, &__old, new, false, \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		__old; \
	})
#define try_cmpxchg(p, old, new) \
	__atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, \
				    __ATOMIC_SEQ_CST)

#ifdef __SANITIZE_THREAD__
#define KERNEL_TSAN	1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KERNEL_TSAN	1
#endif
#endif
#ifdef KERNEL_TSAN
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#define data_race(expr) \
	({ \
		AnnotateIgnoreReadsBegin(__FILE__, __LINE__); \
		AnnotateIgnoreWritesBegin(__FILE__, __LINE__); \
		__auto_type __v = (expr); \
		AnnotateIgnoreWritesEnd(__FILE__, __LINE__); \
		AnnotateIgnoreReadsEnd(__FILE__, __LINE__); \
		__v; \
	})
#else
#define data_race(expr)	({ __auto_type __v = (expr); __v; })
#endif

/* === What the kernel's sources have, and need no kernel for === */

#define BITS_TO_LONGS(nr)	(((nr) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]
#define BIT(nr)		(1UL << (nr))
#define BIT_ULL(nr)	(1ULL << (nr))
#define BIT_MASK(nr)	(1UL << ((nr) % BITS_PER_LONG))
#define BIT_WORD(nr)	((nr) / BITS_PER_LONG)
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define GENMASK(h, l)	((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))

static inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static inline unsigned long __fls(unsigned long word)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(word);
}

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline unsigned int fls_long(unsigned long x)
{
	return x ? __fls(x) + 1 : 0;
}

static inline unsigned int __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

#define hweight64(x)	__builtin_popcountll(x)
#define hweight32(x)	__builtin_popcount(x)
#define hweight_long(x)	__builtin_popcountl(x)

#define MAX_ERRNO	4095

#undef __CONCAT
#include <linux/stringify.h>
#include <linux/args.h>
#include <linux/const.h>
#include <linux/poison.h>
#include <linux/container_of.h>
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/kconfig.h>
#include <linux/sizes.h>
#include <linux/hash.h>
#include <linux/gfp_types.h>

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

#define IS_ERR_VALUE(x)		((unsigned long)(void *)(x) >= (unsigned long)-4095)
#define IS_ERR(ptr)		IS_ERR_VALUE((unsigned long)(ptr))
#define IS_ERR_OR_NULL(ptr)	(!(ptr) || IS_ERR(ptr))

#define U8_MAX		((u8)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define SIZE_MAX_KERNEL	SIZE_MAX
#define div_u64(a, b)	((u64)(a) / (b))
#define do_div(n, base)	({ u32 __r = (n) % (base); (n) /= (base); __r; })
#define typecheck(type, x)	1
#define typecheck_fn(type, fn)	((void)(type *)(fn))

/* === Bits and bitmaps === */

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return READ_ONCE(map[BIT_WORD(nr)]) & BIT_MASK(nr);
}

#define __bit_op(name, op) \
static inline bool name(unsigned long nr, unsigned long *map) \
{ \
	return op(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_SEQ_CST) & BIT_MASK(nr); \
}
__bit_op(test_and_set_bit, __atomic_fetch_or)
__bit_op(test_and_change_bit, __atomic_fetch_xor)
#undef __bit_op

static inline bool test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	return __atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) & BIT_MASK(nr);
}

#define set_bit(nr, map)	((void)test_and_set_bit(nr, map))
#define clear_bit(nr, map)	((void)test_and_clear_bit(nr, map))
#define change_bit(nr, map)	((void)test_and_change_bit(nr, map))
#define __set_bit(nr, map)	((map)[BIT_WORD(nr)] |= BIT_MASK(nr))
#define __clear_bit(nr, map)	((map)[BIT_WORD(nr)] &= ~BIT_MASK(nr))

#ifdef KERNEL_FAST
static inline bool __test_and_set_bit(unsigned long nr, unsigned long *map)
{
	bool was = test_bit(nr, map);

	__set_bit(nr, map);
	return was;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool was = test_bit(nr, map);

	__clear_bit(nr, map);
	return was;
}
#else
#define __test_and_set_bit	test_and_set_bit
#define __test_and_clear_bit	test_and_clear_bit
#endif

unsigned long find_next_bit(const unsigned long *map, unsigned long size,
			    unsigned long from);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long from);
#define find_first_bit(map, size)	find_next_bit(map, size, 0)
#define find_first_zero_bit(map, size)	find_next_zero_bit(map, size, 0)
#define for_each_set_bit(bit, map, size) \
	for ((bit) = find_first_bit(map, size); (bit) < (size); \
	     (bit) = find_next_bit(map, size, (bit) + 1))

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nr)
{
	while (nr--)
		__set_bit(start + nr, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start,
				unsigned int nr)
{
	while (nr--)
		__clear_bit(start + nr, map);
}

static inline void bitmap_zero(unsigned long *map, unsigned int nr)
{
	memset(map, 0, BITS_TO_LONGS(nr) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *map, unsigned int nr)
{
	memset(map, 0xff, BITS_TO_LONGS(nr) * sizeof(long));
}

#define bitmap_empty(map, nr)	(find_first_bit(map, nr) >= (nr))

/* === Atomics === */

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;

#define ATOMIC_INIT(i)			{ (i) }
#define ATOMIC_LONG_INIT(i)		{ (i) }
#define __atomic_ops(prefix, type, base) \
static inline base prefix##_read(const type *v) \
{ return READ_ONCE(v->counter); } \
static inline void prefix##_set(type *v, base i) \
{ WRITE_ONCE(v->counter, i); } \
static inline base prefix##_add_return(base i, type *v) \
{ return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline base prefix##_sub_return(base i, type *v) \
{ return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline base prefix##_fetch_add(base i, type *v) \
{ return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline void prefix##_add(base i, type *v) \
{ __atomic_add_fetch(&v->counter, i, __ATOMIC_RELAXED); } \
static inline void prefix##_sub(base i, type *v) \
{ __atomic_sub_fetch(&v->counter, i, __ATOMIC_RELAXED); } \
static inline void prefix##_inc(type *v) { prefix##_add(1, v); } \
static inline void prefix##_dec(type *v) { prefix##_sub(1, v); } \
static inline base prefix##_inc_return(type *v) \
{ return prefix##_add_return(1, v); } \
static inline bool prefix##_dec_and_test(type *v) \
{ return !prefix##_sub_return(1, v); } \
static inline base prefix##_xchg(type *v, base i) \
{ return xchg(&v->counter, i); } \
static inline bool prefix##_try_cmpxchg(type *v, base *old, base new) \
{ return try_cmpxchg(&v->counter, old, new); }
__atomic_ops(atomic, atomic_t, int)
__atomic_ops(atomic_long, atomic_long_t, long)
#undef __atomic_ops

struct kref { atomic_t refcount; };

static inline void kref_init(struct kref *kref)
{
	atomic_set(&kref->refcount, 1);
}

static inline unsigned int kref_read(const struct kref *kref)
{
	return atomic_read(&kref->refcount);
}

static inline void kref_get(struct kref *kref)
{
	atomic_inc(&kref->refcount);
}

static inline int kref_put(struct kref *kref, void (*release)(struct kref *kref))
{
	if (!atomic_dec_and_test(&kref->refcount))
		return 0;
	release(kref);
	return 1;
}

/* === Bugs === */

void __noreturn __printf(1, 2) panic(const char *fmt, ...);
#define BUG()		panic("BUG at %s:%d", __FILE__, __LINE__)
#define BUG_ON(cond)	do { if (unlikely(cond)) BUG(); } while (0)
#define WARN(cond, fmt, ...) \
	({ \
		bool __warn = (cond); \
		if (unlikely(__warn)) \
			panic("WARNING at %s:%d: " fmt, __FILE__, __LINE__, \
			      ##__VA_ARGS__); \
		__warn; \
	})
#define WARN_ON(cond)		WARN(cond, #cond)
#define WARN_ON_ONCE(cond)	WARN_ON(cond)
#define WARN_ONCE		WARN
#define VM_BUG_ON(cond)		((void)0)

/* === Modules, parameters, initcalls === */

struct module { const char *name; };
extern struct module kernel_module;
extern atomic_long_t kernel_module_refs;

#define THIS_MODULE		(&kernel_module)
#define __module_get(module)	atomic_long_inc(&kernel_module_refs)
#define try_module_get(module)	(atomic_long_inc(&kernel_module_refs), true)
#define module_put(module)	atomic_long_dec(&kernel_module_refs)
#define MODULE_LICENSE(x)
#define MODULE_DESCRIPTION(x)
#define MODULE_VERSION(x)
#define MODULE_AUTHOR(x)
#define MODULE_IMPORT_NS(x)
#define MODULE_PARM_DESC(name, text)
#define MODULE_NAME_LEN		56
#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)
#define EXPORT_SYMBOL_NS(x, ns)
#define EXPORT_SYMBOL_NS_GPL(x, ns)
#define __initdata
#define __ro_after_init
#define core_param(name, var, type, perm)	module_param_named(name, var, type, perm)
#define __initconst

struct kernel_param { const char *name; void *arg; };
struct kernel_param_ops {
	int (*set)(const char *text, const struct kernel_param *param);
	int (*get)(char *text, const struct kernel_param *param);
};

extern const struct kernel_param_ops param_ops_bool, param_ops_int, param_ops_uint,
				     param_ops_charp;

void kernel_add_param(const char *module, const char *name,
		      const struct kernel_param_ops *ops, void *arg);
void kernel_add_initcall(int (*init)(void), void (*exit)(void));

#define module_param_cb(pname, pops, parg, perm) \
static void __attribute__((constructor)) __add_param_##pname(void) \
{ \
	kernel_add_param(KBUILD_MODNAME, #pname, pops, parg); \
}
#define module_param_named(pname, var, type, perm) \
	module_param_cb(pname, &param_ops_##type, &(var), perm)
#define module_param(pname, type, perm) \
	module_param_named(pname, pname, type, perm)

#define postcore_initcall(fn) \
static void __attribute__((constructor)) __add_init_##fn(void) \
{ \
	kernel_add_initcall(fn, NULL); \
}
#define late_initcall(fn)	postcore_initcall(fn)
#define module_init(fn)		postcore_initcall(fn)
#define module_exit(fn) \
static void __attribute__((constructor)) __add_exit_##fn(void) \
{ \
	kernel_add_initcall(NULL, fn); \
}

struct static_key { int enabled; };
struct static_key_false { struct static_key key; };
#define DEFINE_STATIC_KEY_FALSE(name)	struct static_key_false name
#define DECLARE_STATIC_KEY_FALSE(name)	extern struct static_key_false name
#define static_branch_unlikely(x)	unlikely(READ_ONCE((x)->key.enabled))
#define static_branch_enable(x)		WRITE_ONCE((x)->key.enabled, 1)
#define static_branch_disable(x)	WRITE_ONCE((x)->key.enabled, 0)
#define static_branch_inc(x)	__atomic_add_fetch(&(x)->key.enabled, 1, __ATOMIC_SEQ_CST)
#define static_branch_dec(x)	__atomic_sub_fetch(&(x)->key.enabled, 1, __ATOMIC_SEQ_CST)

/* === Tasks (task.c) === */

#define TASK_COMM_LEN	16
#define KERNEL_CPUS	8

struct task_struct {
	char comm[TASK_COMM_LEN];
	int pid;
	unsigned int flags;		/* PF_MEMALLOC... */
	unsigned int fail_nth;		/* that allocation fails (memory.c) */
	int make_it_fail;
	struct kunit *kunit_test;
	struct completion *vfork_done;

	/* Where it runs, and what it may do there; touched by itself only (cpu.c). */
	int cpu;
	int bound;			/* to this CPU only; -1: to none */
	int preempt_count;		/* the CPU is ours while it is not 0 */
	int bh_count;
	bool irqs_off;
	bool hardirq;
	bool softirq;
	u32 dice;			/* for migrations */

	atomic_t refs;
	pthread_t thread;
	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t cond;
	bool woken;
	bool asleep;
	bool killed;
	bool should_stop;
	int (*fn)(void *data);
	void *data;
	int ret;
	struct completion *exited;
};

struct task_struct *get_current(void);
#define current	get_current()

#define PF_MEMALLOC		0x00000800
#define PF_MEMALLOC_NOFS	0x00040000
#define PF_MEMALLOC_NOIO	0x00080000

struct task_struct *__printf(3, 4)
kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...);
#define kthread_run(fn, data, ...) \
	({ \
		struct task_struct *__t = kthread_create(fn, data, __VA_ARGS__); \
		wake_up_process(__t); \
		__t; \
	})
void kthread_bind(struct task_struct *task, unsigned int cpu);
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);
void __noreturn kthread_exit(long code);
void __noreturn kthread_complete_and_exit(struct completion *done, long code);
int wake_up_process(struct task_struct *task);
struct task_struct *get_task_struct(struct task_struct *task);
void put_task_struct(struct task_struct *task);
bool task_is_running(const struct task_struct *task);
#define task_pid_nr(task)	((task)->pid)

#define SIGKILL_KERNEL	9
#ifndef SIGKILL
#define SIGKILL		9
#endif
int send_sig(int sig, struct task_struct *task, int priv);
#define allow_signal(sig)	((void)(sig))
bool fatal_signal_pending(struct task_struct *task);
#define signal_pending(task)	fatal_signal_pending(task)
void flush_signals(struct task_struct *task);

/* Called by a task that is about to sleep, instead of that, until it is woken. */
extern void (*kernel_idle)(void);

#ifndef KERNEL_FAST
void might_sleep(void);
void might_alloc(gfp_t gfp);
#endif
void cond_resched(void);
void msleep(unsigned int ms);
void usleep_range(unsigned long min, unsigned long max);
#define udelay(us)	usleep_range(us, us)
void cpu_relax(void);

/* === Time === */

#define HZ	250
#define CLOCK_MONOTONIC	1
#define NSEC_PER_SEC	1000000000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_USEC	1000L
#define MSEC_PER_SEC	1000L
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX

/*
 * If not 0, it is that late until it is set again, and what is due happens only in
 * kernel_run_events(), so that a run can be repeated exactly.
 */
extern s64 kernel_clock;
void kernel_run_events(void);
s64 ktime_get(void);
unsigned long kernel_jiffies(void);
#define jiffies			kernel_jiffies()
#define ktime_get_ns()		((u64)ktime_get())
#define local_clock()		((u64)ktime_get())
#define ktime_to_ns(t)		(t)
#define ns_to_ktime(ns)		(ns)
#define ktime_add_ns(t, ns)	((t) + (ns))
#define ktime_sub(a, b)		((a) - (b))
#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)
#define msecs_to_jiffies(ms)	((unsigned long)(ms) * HZ / 1000)

struct timespec64 { s64 tv_sec; long tv_nsec; };
void ktime_get_ts64(struct timespec64 *ts);
struct timespec64 ns_to_timespec64(s64 ns);
#define timespec64_compare(a, b) \
	((a)->tv_sec != (b)->tv_sec ? ((a)->tv_sec < (b)->tv_sec ? -1 : 1) : \
				      (int)((a)->tv_nsec - (b)->tv_nsec))
struct timespec64 timespec64_sub(struct timespec64 a, struct timespec64 b);

/* === CPUs and contexts (cpu.c) === */

struct cpumask { unsigned long bits; };
typedef struct cpumask cpumask_t;

extern unsigned int nr_cpu_ids;
extern struct cpumask kernel_online;
#define cpu_online_mask		(&kernel_online)
#define cpu_possible(cpu)	((cpu) < nr_cpu_ids)
#define cpu_online(cpu)		((READ_ONCE(kernel_online.bits) >> (cpu)) & 1)
#define num_online_cpus()	((unsigned int)hweight_long(READ_ONCE(kernel_online.bits)))
#define num_possible_cpus()	nr_cpu_ids
#define cpumask_first(mask)	((unsigned int)__ffs(READ_ONCE((mask)->bits)))
#define cpumask_last(mask)	((unsigned int)__fls(READ_ONCE((mask)->bits)))
const struct cpumask *cpumask_of(unsigned int cpu);
unsigned int cpumask_nth(unsigned int nr, const struct cpumask *mask);
int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask);
#define for_each_possible_cpu(cpu) \
	for ((cpu) = 0; (cpu) < (int)nr_cpu_ids; (cpu)++)
#define for_each_online_cpu(cpu) \
	for_each_possible_cpu(cpu) \
		if (cpu_online(cpu))

void cpus_read_lock(void);
void cpus_read_unlock(void);
int remove_cpu(unsigned int cpu);
int add_cpu(unsigned int cpu);

#define CPUHP_BP_PREPARE_DYN	1
int cpuhp_setup_state_nocalls(int state, const char *name,
			      int (*startup)(unsigned int cpu),
			      int (*teardown)(unsigned int cpu));
void cpuhp_remove_state_nocalls(int state);

#ifdef KERNEL_FAST
#include "fast.h"
#else
void preempt_disable(void);
void preempt_enable(void);
void local_bh_disable(void);
void local_bh_enable(void);
unsigned long kernel_irq_save(void);
void kernel_irq_restore(unsigned long flags);
#define raw_smp_processor_id()		(current->cpu)
#define smp_processor_id()		(current->cpu)
#define in_task()			(!current->hardirq && !current->softirq)
#define in_hardirq()			(current->hardirq)
#define in_serving_softirq()		(current->softirq && !current->hardirq)
#define softirq_count()			(current->bh_count)
#define irqs_disabled()			(current->irqs_off)
#define preemptible()			(!current->preempt_count)
#endif
#define local_irq_save(flags)		((flags) = kernel_irq_save())
#define local_irq_restore(flags)	kernel_irq_restore(flags)

enum kernel_irq { KERNEL_HARDIRQ, KERNEL_SOFTIRQ };
bool kernel_run_on(unsigned int cpu, enum kernel_irq kind, void (*fn)(void *arg),
		   void *arg);
int smp_call_function_single(int cpu, void (*fn)(void *arg), void *arg, int wait);
long work_on_cpu(int cpu, long (*fn)(void *arg), void *arg);

/* === Locks (cpu.c) === */

struct mutex {
	pthread_mutex_t mutex;
	struct task_struct *owner;
};

#define __KERNEL_LOCK		{ .mutex = PTHREAD_MUTEX_INITIALIZER }
#define DEFINE_MUTEX(name)		struct mutex name = __KERNEL_LOCK

#ifndef KERNEL_FAST
typedef struct kernel_lock {
	pthread_mutex_t mutex;
	struct task_struct *owner;
} spinlock_t, raw_spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name)	__KERNEL_LOCK
#define __RAW_SPIN_LOCK_UNLOCKED(name)	__KERNEL_LOCK
#define DEFINE_SPINLOCK(name)		spinlock_t name = __KERNEL_LOCK
#define DEFINE_RAW_SPINLOCK(name)	raw_spinlock_t name = __KERNEL_LOCK

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
bool spin_trylock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

/* Called when a lock has been dropped, as if by somebody who takes it next. */
extern void (*kernel_unlocked)(void);

void kernel_assert_held(struct task_struct *owner);
#define lockdep_assert_held(lock) \
	kernel_assert_held(READ_ONCE((lock)->owner))
#define lockdep_is_held(lock)	(READ_ONCE((lock)->owner) == current)
#endif

#define raw_spin_lock_init	spin_lock_init
#define raw_spin_lock		spin_lock
#define raw_spin_trylock	spin_trylock
#define raw_spin_unlock		spin_unlock
#define spin_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { spin_unlock(lock); local_irq_restore(flags); } while (0)
#define raw_spin_lock_irqsave		spin_lock_irqsave
#define raw_spin_unlock_irqrestore	spin_unlock_irqrestore
#define raw_spin_trylock_irqsave(lock, flags) \
	({ \
		bool __got; \
		local_irq_save(flags); \
		__got = spin_trylock(lock); \
		if (!__got) \
			local_irq_restore(flags); \
		__got; \
	})
#define spin_lock_irq(lock) \
	do { kernel_irq_save(); spin_lock(lock); } while (0)
#define spin_unlock_irq(lock) \
	do { spin_unlock(lock); kernel_irq_restore(0); } while (0)
#define spin_lock_bh(lock) \
	do { local_bh_disable(); spin_lock(lock); } while (0)
#define spin_unlock_bh(lock) \
	do { spin_unlock(lock); local_bh_enable(); } while (0)

void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
#define mutex_lock_interruptible(mutex)	(mutex_lock(mutex), 0)

#define lockdep_set_class(lock, key)	((void)0)
#define lockdep_set_name(lock, name)	((void)0)
struct lock_class_key { };
#define fs_reclaim_acquire(gfp)		((void)0)
#define fs_reclaim_release(gfp)		((void)0)

/* Readers are those who hold the lock that protects what they read. */
#define rcu_read_lock()			((void)0)
#define rcu_read_unlock()		((void)0)
#define rcu_dereference(p)		smp_load_acquire(&(p))
#define rcu_dereference_raw(p)		smp_load_acquire(&(p))
#define rcu_dereference_check(p, c)	smp_load_acquire(&(p))
#define rcu_dereference_protected(p, c)	(p)
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define RCU_INIT_POINTER(p, v)		((p) = (v))
#define call_rcu(head, fn)		(fn)(head)
#define kfree_rcu(ptr, field)		kfree(ptr)

/* === Waiting (task.c) === */

struct wait_queue_head {
	pthread_mutex_t lock;
	struct list_head sleepers;
};
typedef struct wait_queue_head wait_queue_head_t;

struct kernel_sleeper {
	struct list_head link;
	struct task_struct *task;
};

struct completion {
	unsigned int done;
	struct wait_queue_head wait;
};

#define __WAIT_QUEUE_HEAD_INITIALIZER(name) { \
	.lock = PTHREAD_MUTEX_INITIALIZER, \
	.sleepers = { &(name).sleepers, &(name).sleepers }, \
}
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define COMPLETION_INITIALIZER_ONSTACK(name) \
	(*({ init_completion(&name); &name; }))
#define DECLARE_COMPLETION_ONSTACK(name) \
	struct completion name = COMPLETION_INITIALIZER_ONSTACK(name)
#define DECLARE_COMPLETION(name) \
	struct completion name = { .wait = __WAIT_QUEUE_HEAD_INITIALIZER((name).wait) }

void init_waitqueue_head(struct wait_queue_head *wait);
void kernel_wait_begin(struct wait_queue_head *wait, struct kernel_sleeper *me);
bool kernel_wait_block(struct wait_queue_head *wait, s64 deadline);
void kernel_wait_end(struct wait_queue_head *wait, struct kernel_sleeper *me);
void wake_up_all(struct wait_queue_head *wait);
#define wake_up(wait)	wake_up_all(wait)

#define __wait_event(wq, condition, deadline) \
({ \
	struct kernel_sleeper __me; \
	bool __true, __more = true; \
	might_sleep(); \
	for (;;) { \
		kernel_wait_begin(&(wq), &__me); \
		__true = (condition); \
		if (__true || !__more) \
			break; \
		__more = kernel_wait_block(&(wq), deadline); \
		kernel_wait_end(&(wq), &__me); \
	} \
	kernel_wait_end(&(wq), &__me); \
	__true; \
})
#define wait_event(wq, condition)	((void)__wait_event(wq, condition, 0))
#define wait_event_timeout(wq, condition, timeout) \
	((long)__wait_event(wq, condition, \
			    ktime_get() + (s64)(timeout) * (NSEC_PER_SEC / HZ)))

void init_completion(struct completion *done);
#define reinit_completion(x)	((x)->done = 0)
void complete(struct completion *done);
void complete_all(struct completion *done);
bool completion_done(struct completion *done);
bool try_wait_for_completion(struct completion *done);
void wait_for_completion(struct completion *done);
int wait_for_completion_killable(struct completion *done);
unsigned long wait_for_completion_timeout(struct completion *done,
					  unsigned long timeout);

/* === Timers, works, interrupts (timer.c) === */

/* Something to be called at a time, on a CPU, in a context. */
struct kernel_event {
	struct list_head link;
	s64 when;
	int cpu;
	bool pending;
	void (*fn)(struct kernel_event *event);
};

struct work_struct {
	struct kernel_event event;
	void (*func)(struct work_struct *work);
};

struct delayed_work { struct work_struct work; };
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

void kernel_work(struct kernel_event *event);
#define __WORK_INITIALIZER(n, f)	{ .event.fn = kernel_work, .func = (f) }
#define DECLARE_WORK(n, f)	struct work_struct n = __WORK_INITIALIZER(n, f)
#define INIT_WORK(w, f) \
	(*(w) = (struct work_struct)__WORK_INITIALIZER(*(w), f))
#define INIT_DELAYED_WORK(w, f)	INIT_WORK(&(w)->work, f)
#define INIT_DEFERRABLE_WORK	INIT_DELAYED_WORK
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)
#define system_wq		((struct workqueue_struct *)NULL)
bool schedule_work(struct work_struct *work);
bool schedule_delayed_work(struct delayed_work *work, unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay);
#ifdef KERNEL_FAST
#define delayed_work_pending(w)	READ_ONCE((w)->work.event.pending)
#else
bool delayed_work_pending(struct delayed_work *work);
#endif
bool flush_delayed_work(struct delayed_work *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
bool cancel_work_sync(struct work_struct *work);

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode {
	HRTIMER_MODE_REL, HRTIMER_MODE_REL_PINNED, HRTIMER_MODE_REL_SOFT,
	HRTIMER_MODE_REL_HARD,
};
struct hrtimer {
	struct kernel_event event;
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	enum hrtimer_mode mode;
	ktime_t expires;
};
void hrtimer_init(struct hrtimer *timer, int clock, enum hrtimer_mode mode);
void hrtimer_start(struct hrtimer *timer, ktime_t in, enum hrtimer_mode mode);
int hrtimer_cancel(struct hrtimer *timer);
u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval);
#define hrtimer_set_expires(timer, at)	((timer)->expires = (at))
#define hrtimer_cb_get_time(timer)	ktime_get()

struct timer_list {
	struct kernel_event event;
	void (*function)(struct timer_list *timer);
};
#define TIMER_PINNED	1
#define from_timer(var, t, field)	container_of(t, typeof(*var), field)
void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *timer),
		 unsigned int flags);
int mod_timer(struct timer_list *timer, unsigned long at);
int timer_delete_sync(struct timer_list *timer);

struct irq_work {
	struct kernel_event event;
	void (*func)(struct irq_work *work);
};
#define IRQ_WORK_INIT_HARD(f)	(struct irq_work){ .func = (f) }
void init_irq_work(struct irq_work *work, void (*fn)(struct irq_work *work));
bool irq_work_queue(struct irq_work *work);
void irq_work_sync(struct irq_work *work);

struct tasklet_struct {
	struct kernel_event event;
	void (*callback)(struct tasklet_struct *tasklet);
};
void tasklet_setup(struct tasklet_struct *tasklet,
		   void (*fn)(struct tasklet_struct *tasklet));
void tasklet_schedule(struct tasklet_struct *tasklet);
void tasklet_kill(struct tasklet_struct *tasklet);

/* === Memory (memory.c) === */

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)
#define MAX_PAGE_ORDER	10
#define VMALLOC_TOTAL	(1UL << 30)
#define KMALLOC_MAX_SIZE	(PAGE_SIZE << MAX_PAGE_ORDER)
#define GFP_BOOT_MASK	0

/* A test's own say in which allocations fail; NULL: none, but the task's n-th. */
extern bool (*kernel_memory_fails)(size_t size, gfp_t gfp);
extern atomic_long_t kernel_allocations;	/* not freed yet */

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *ptr);
#define kzalloc(size, gfp)		kmalloc(size, (gfp) | __GFP_ZERO)
#define kcalloc(n, size, gfp)		kzalloc(array_size(n, size), gfp)
#define kmalloc_array(n, size, gfp)	kmalloc(array_size(n, size), gfp)
void *kmemdup(const void *from, size_t size, gfp_t gfp);
char *kstrdup(const char *text, gfp_t gfp);
char *kstrndup(const char *text, size_t len, gfp_t gfp);
#define kstrdup_const		kstrdup
#define kfree_const		kfree
#define is_kernel_rodata(addr)	false
void *kvmalloc(size_t size, gfp_t gfp);
void kvfree(const void *ptr);
#define kvzalloc(size, gfp)		kvmalloc(size, (gfp) | __GFP_ZERO)
#define kvcalloc(n, size, gfp)		kvzalloc(array_size(n, size), gfp)
#define kvmalloc_array(n, size, gfp)	kvmalloc(array_size(n, size), gfp)
void *vmalloc(size_t size);
void *__vmalloc(size_t size, gfp_t gfp);
void vfree(const void *ptr);
bool is_vmalloc_addr(const void *ptr);
/* What a process has lies beyond, and passes for the kernel's. */
#define TASK_SIZE_MAX		0x40000000ul
#define virt_addr_valid(ptr)	((void)(ptr), false)
struct page *vmalloc_to_page(const void *ptr);
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *ptr, size_t size);
int get_order(size_t size);
unsigned long totalram_pages(void);
struct sysinfo { unsigned long totalram, freeram; unsigned int mem_unit; };
void si_meminfo(struct sysinfo *info);
unsigned int memalloc_noio_save(void);
unsigned int memalloc_nofs_save(void);
unsigned int memalloc_noreclaim_save(void);
void memalloc_noio_restore(unsigned int flags);
void memalloc_nofs_restore(unsigned int flags);
void memalloc_noreclaim_restore(unsigned int flags);
gfp_t current_gfp_context(gfp_t gfp);
void memalloc_retry_wait(gfp_t gfp);
#define gfpflags_allow_blocking(gfp)	((gfp) & __GFP_DIRECT_RECLAIM)

struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, slab_flags_t flags);
void kmem_cache_destroy(struct kmem_cache *cache);
#ifndef KERNEL_FAST
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *ptr);
#endif
#define kmem_cache_zalloc(cache, gfp)	kmem_cache_alloc(cache, (gfp) | __GFP_ZERO)
void *kmem_cache_alloc_lru(struct kmem_cache *cache, void *lru, gfp_t gfp);
#define SLAB_HWCACHE_ALIGN	1
#define SLAB_PANIC		2
#define SLAB_RECLAIM_ACCOUNT	4
#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags)

#ifndef KERNEL_FAST
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp);
void free_percpu(void *ptr);
void *kernel_percpu(const void *ptr, int cpu);
#define per_cpu_ptr(ptr, cpu)	((typeof(ptr))kernel_percpu(ptr, cpu))
#define raw_cpu_ptr(ptr)	per_cpu_ptr(ptr, current->cpu)
#define this_cpu_ptr(ptr)	raw_cpu_ptr(ptr)
#endif

struct shrink_control { unsigned long nr_to_scan; gfp_t gfp_mask; };
struct shrinker {
	unsigned long (*count_objects)(struct shrinker *shrinker,
				       struct shrink_control *sc);
	unsigned long (*scan_objects)(struct shrinker *shrinker,
				      struct shrink_control *sc);
	int seeks;
};
#define SHRINK_STOP	(~0UL)
#define SHRINK_EMPTY	(~0UL - 1)
#define DEFAULT_SEEKS	2
struct shrinker *shrinker_alloc(unsigned int flags, const char *name);
void shrinker_register(struct shrinker *shrinker);
void shrinker_free(struct shrinker *shrinker);

/* There is no kmemleak here: leaks are found by LeakSanitizer. */
#define kmemleak_alloc(ptr, size, min, gfp)	((void)0)
#define kmemleak_free(ptr)			((void)0)
#define kmemleak_ignore(ptr)			((void)0)
#define kmemleak_not_leak(ptr)			((void)0)

/* === Strings, the log (print.c) === */

#define KERN_SOH	"\001"
#define KERN_EMERG	KERN_SOH "0"
#define KERN_ERR	KERN_SOH "3"
#define KERN_WARNING	KERN_SOH "4"
#define KERN_NOTICE	KERN_SOH "5"
#define KERN_INFO	KERN_SOH "6"
#define KERN_DEBUG	KERN_SOH "7"
#define KERN_CONT	KERN_SOH "c"
extern bool kernel_quiet;	/* nothing is printed, nor formatted, but by panic() */
int __printf(1, 2) printk(const char *fmt, ...);
int vprintk(const char *fmt, va_list args);
#define pr_err(fmt, ...)	printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once		pr_warn
#define printk_ratelimited	printk

struct va_format { const char *fmt; va_list *va; };
int kernel_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int __printf(3, 4) kernel_snprintf(char *buf, size_t size, const char *fmt, ...);
int __printf(3, 4) scnprintf(char *buf, size_t size, const char *fmt, ...);
int __printf(2, 3) sysfs_emit(char *buf, const char *fmt, ...);
#define vsnprintf	kernel_vsnprintf
#define snprintf	kernel_snprintf
ssize_t strscpy_sized(char *to, const char *from, size_t size);
#define strscpy(to, from, ...) \
	strscpy_sized(to, from, CONCATENATE(__strscpy, COUNT_ARGS(__VA_ARGS__)) \
				(to, ##__VA_ARGS__))
#define __strscpy0(to)		sizeof(to)
#define __strscpy1(to, size)	(size)
size_t kernel_strlcat(char *to, const char *from, size_t size);
#define strlcat		kernel_strlcat
void *memchr_inv(const void *from, int c, size_t bytes);
void *memset32(u32 *to, u32 value, size_t nr);
bool strstarts(const char *text, const char *prefix);
const char *kbasename(const char *path);
int get_option_kernel(char **text, int *value);

int register_trace_console(void (*probe)(void *data, const char *text, size_t len),
			   void *data);
int unregister_trace_console(void (*probe)(void *data, const char *text, size_t len),
			     void *data);
#define tracepoint_synchronize_unregister()	((void)0)

struct ratelimit_state {
	pthread_mutex_t lock;
	int interval;
	int burst;
	int printed;
	int missed;
	unsigned long begin;
};
#define DEFAULT_RATELIMIT_INTERVAL	(5 * HZ)
#define DEFAULT_RATELIMIT_BURST		10
#define RATELIMIT_STATE_INIT(name, interval_init, burst_init) \
	{ .lock = PTHREAD_MUTEX_INITIALIZER, .interval = (interval_init), \
	  .burst = (burst_init) }
void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst);
void ratelimit_set_flags(struct ratelimit_state *rs, unsigned long flags);
int __ratelimit(struct ratelimit_state *rs);

/* What function an address is in: "name+0x1/0x2". */
void kernel_symbol(unsigned long addr, char *buf, size_t size, bool offset);

typedef unsigned int depot_stack_handle_t;
void stack_depot_init(void);
depot_stack_handle_t stack_depot_save(unsigned long *entry, unsigned int nr,
				      gfp_t gfp);
unsigned int stack_depot_fetch(depot_stack_handle_t stack, unsigned long **entry);
void stack_trace_print(const unsigned long *entry, unsigned int nr, int spaces);
unsigned int stack_trace_save(unsigned long *entry, unsigned int size,
			      unsigned int skip);

struct inode { void *i_private; };
struct dentry { struct inode inode; const char *name; };
struct file {
	void *private_data;
};
struct seq_operations;
struct seq_file {
	char *buf;
	size_t size;
	size_t count;
	loff_t index;
	const struct seq_operations *op;
	void *private;
};
struct seq_operations {
	void *(*start)(struct seq_file *file, loff_t *pos);
	void (*stop)(struct seq_file *file, void *v);
	void *(*next)(struct seq_file *file, void *v, loff_t *pos);
	int (*show)(struct seq_file *file, void *v);
};
struct file_operations {
	struct module *owner;
	int (*open)(struct inode *inode, struct file *file);
	ssize_t (*read)(struct file *file, char *buf, size_t size, loff_t *pos);
	ssize_t (*write)(struct file *file, const char *buf, size_t size, loff_t *pos);
	loff_t (*llseek)(struct file *file, loff_t pos, int whence);
	int (*release)(struct inode *inode, struct file *file);
};
#define SEQ_START_TOKEN	((void *)1)
#define d_inode(dentry)	(&(dentry)->inode)
#define dput(dentry)	((void)(dentry))
void __printf(2, 3) seq_printf(struct seq_file *file, const char *fmt, ...);
void seq_puts(struct seq_file *file, const char *text);
void seq_putc(struct seq_file *file, char c);
bool seq_has_overflowed(struct seq_file *file);
int seq_open_private(struct file *file, const struct seq_operations *ops, int size);
int seq_release_private(struct inode *inode, struct file *file);
ssize_t seq_read(struct file *file, char *buf, size_t size, loff_t *pos);
loff_t seq_lseek(struct file *file, loff_t pos, int whence);
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *debugfs_create_file(const char *name, umode_t mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops);
struct dentry *debugfs_lookup(const char *name, struct dentry *parent);
void debugfs_remove(struct dentry *dir);

/* === Tracepoints: nobody looks === */

#define trace_vmem_alloc(...)	((void)0)
#define trace_vmem_free(...)	((void)0)
#define trace_vmem_import(...)	((void)0)
#define trace_vmem_release(...)	((void)0)
#define trace_vmem_wait(...)	((void)0)
#define trace_vmem_wake(...)	((void)0)
#define trace_vmem_fail(...)	((void)0)
#define trace_vmem_reap(...)	((void)0)
#define trace_vmem_magazine_resize(...)	((void)0)
#define trace_vmem_fail_enabled()	false

/* === Randomness === */

u32 get_random_u32(void);
void get_random_bytes(void *buf, size_t size);
#define put_unaligned(value, p)	memcpy(p, &(typeof(*(p))){ value }, sizeof(*(p)))
#define sort(base, nr, size, compare, swap)	qsort(base, nr, size, compare)

/* === Faults on purpose === */

#ifdef CONFIG_FAULT_INJECTION
struct fault_attr {
	unsigned long interval;
	unsigned long probability;
	atomic_t space;
	atomic_t times;
	unsigned long count;
	unsigned long verbose;
};
#define FAULT_ATTR_INITIALIZER	{ .interval = 1, .times = ATOMIC_INIT(1) }
bool should_fail(struct fault_attr *attr, ssize_t size);
int setup_fault_attr(struct fault_attr *attr, char *text);
#define fault_create_debugfs_attr(name, parent, attr) \
	debugfs_create_dir(name, parent)
#endif

/* === Devices (device.c) === */

struct device;
struct device_driver {
	const char *name;
	int (*probe)(struct device *dev);
};

struct device {
	struct { struct kref kref; } kobj;
	struct list_head devres;
	u64 coherent_dma_mask;
	char name[32];
};
#define DMA_BIT_MASK(n)		((n) == 64 ? ~0ULL : (1ULL << (n)) - 1)
#define DMA_MAPPING_ERROR	(~(dma_addr_t)0)
struct device *get_device(struct device *dev);
void put_device(struct device *dev);
int dma_coerce_mask_and_coherent(struct device *dev, u64 mask);
void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *bus, gfp_t gfp);
void dma_free_coherent(struct device *dev, size_t size, void *addr, dma_addr_t bus);
int devm_add_action(struct device *dev, void (*action)(void *data), void *data);
int devm_add_action_or_reset(struct device *dev, void (*action)(void *data),
			     void *data);
void *devres_open_group(struct device *dev, void *id, gfp_t gfp);
int devres_release_group(struct device *dev, void *id);
void kernel_device_init(struct device *dev, const char *name);
void kernel_device_release_all(struct device *dev);
void kernel_device_end(struct device *dev);

struct resource {
	resource_size_t start;
	resource_size_t end;
	const char *name;
	unsigned long flags;
	struct resource *parent, *sibling, *child;
};
#define IORESOURCE_IO		0x00000100
#define IORESOURCE_MEM		0x00000200
#define IORESOURCE_UNSET	0x20000000
#define DEFINE_RES_MEM_NAMED(first, len, n) \
	(struct resource){ .start = (first), .end = (first) + (len) - 1, \
			   .name = (n), .flags = IORESOURCE_MEM }
#define DEFINE_RES_MEM(first, len)	DEFINE_RES_MEM_NAMED(first, len, NULL)

#define prefetch(p)	__builtin_prefetch(p)
#define TAINT_TEST	18
#define LOCKDEP_STILL_OK	0
#define add_taint(flag, ok)	((void)0)

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rbtree.h>
#include <linux/rbtree_augmented.h>
#include <linux/xarray.h>
#include <linux/prandom.h>

#undef pr_fmt

#endif /* _VMEM_TEST_KERNEL_H */
