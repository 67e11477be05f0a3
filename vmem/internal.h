/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of an arena: every structure, and for each field what guards it.
 *
 * Names: @vmp is an arena, @seg a segment (its boundary tag), @span a span, @req
 * a request, @src an arena that @vmp imports from, @cache a quantum cache, @slab a
 * segment that it cuts objects from, @mag a magazine and its rounds the objects in
 * it. A function that begins with two underscores expects the arena lock to be
 * held, and asserts it.
 *
 * Ranges are inclusive, [first, last], everywhere in here, so that a span at the
 * very top of the address space is no special case. The public interface speaks
 * of start and size.
 *
 * Letters after a field: [C] constant once the arena exists, [L] guarded by the
 * arena's lock, [L/r] the same, but read without it where stale is good enough,
 * [A] guarded by vmem_arenas_lock, [D] by the lock of its depot, [O] by its owner,
 * a thread, [S] touched on its own CPU only, in a section (magazine.c).
 */
#ifndef _VMEM_INTERNAL_H
#define _VMEM_INTERNAL_H

#include "deps.h"

#define VMEM_NAME_LEN	30	/* with the final 0 */

/* === Requests (request.c, place.c) === */

enum vmem_policy {
	VMEM_INSTANT,		/* any segment that is surely long enough */
	VMEM_BEST,		/* the shortest segment that can serve */
	VMEM_FIRST,		/* the lowest address */
	VMEM_NEXT,		/* the lowest address from the cursor on */
};

/*
 * A request as it leaves request.c: checked, complete, and not checked again by
 * anyone. Unlimited is 0 for @nocross and @min, ULONG_MAX for @max.
 */
struct vmem_req {
	unsigned long size;	/* as asked for, recorded, counted */
	unsigned long len;	/* @size rounded up to the quantum: occupied */
	unsigned long align;	/* power of two, at least the quantum */
	unsigned long phase;	/* below @align */
	unsigned long nocross;	/* power of two, at least @align; or 0 */
	unsigned long min;	/* lowest first unit */
	unsigned long max;	/* highest last unit, of the @size asked for */
	enum vmem_policy policy;
	bool anywhere;		/* any segment of that length will do, as it begins */
	bool high;		/* highest suitable address of the segment */
	bool patient;		/* more will be tried: this one fails in silence */
	bool again;		/* foreign import functions have been asked */
	bool slab;		/* for a slab of @cache, not for one object */
	struct vmem_qcache *cache; /* that the block is for, or NULL */
	int vmflag;
	unsigned long caller;	/* for reports */
};

/* === Segments (segment.c) === */

enum vmem_seg_type {
	VMEM_SEG_SPAN,		/* head of a span, or of the arena's list */
	VMEM_SEG_FREE,
	VMEM_SEG_ALLOCATED,
	VMEM_SEG_OBJECT,	/* allocated: one object of a quantum cache */
	VMEM_SEG_SLAB,		/* allocated: many of them */
};

/*
 * Boundary tag of a segment, less than a cache line.
 *
 * All tags of an arena are on one list in address order; each span's segments
 * follow its head. A segment therefore finds its neighbours, and learns from
 * their type whether they are free or of another span, in constant time.
 *
 * A slab needs no more than that, so that the record of 64 objects takes less
 * than 64 bytes: all slabs of an arena have one length, hence no @last, and @free
 * tells of its objects. Slabs of a cache are on two lists (slab.c).
 */
struct vmem_seg {
	struct list_head order;			/* vmem::anchor */
	unsigned long first;
	union {
		unsigned long last;
		struct vmem_seg *below;		/* slab: next of its list */
	};
	union {
		struct hlist_node peers;		/* free: of its class */
		struct {				/* allocated: */
			struct vmem_seg *chain;		/* next of its bucket, or stack */
			union {
				unsigned long size;	/* asked for */
				u64 free;		/* slab: objects, a bit each */
			};
		};
	};
	u32 above;				/* slab: hash of the one before */
	u16 class;				/* free: of size; object, slab: which cache */
	u8 type;				/* enum vmem_seg_type */
	bool wide;				/* is a struct vmem_wide_seg */
};

/*
 * Tag of a segment in an arena whose free segments are kept in order (order.c).
 */
struct vmem_wide_seg {
	struct vmem_seg seg;
	struct rb_node by_addr;		/* in VMEM_BY_ADDR */
	unsigned long longest;		/* longest segment of this subtree */
	struct rb_node by_len;		/* in VMEM_BY_LEN */
};

/* What is shown of a segment. */
#define VMEM_ROWS	64	/* copied in one hold of the lock */

struct vmem_seg_row {
	unsigned long first;
	unsigned long size;
	u8 type;			/* enum vmem_seg_type */
};

/* Somebody who will go on at a tag; passed on when that tag goes away. */
struct vmem_cursor {
	struct list_head link;		/* vmem::walks [L] */
	struct vmem_seg *next;		/* [L] */
};

/* === Free segments by size (freeindex.c) === */

/*
 * Classes: one for each length below 32 quanta, then 16 for each power of two.
 */
#define VMEM_CLASS_EXACT	32
#define VMEM_CLASS_SHIFT	4
#define VMEM_CLASSES \
	(VMEM_CLASS_EXACT + ((BITS_PER_LONG - 5) << VMEM_CLASS_SHIFT))

/* May members of a class differ in length? */
static inline bool vmem_class_has_lengths(unsigned int class)
{
	return class >= VMEM_CLASS_EXACT;
}

struct vmem_freeindex {
	unsigned long words;		/* which words of @nonempty are not 0 */
	unsigned long nonempty[BITS_TO_LONGS(VMEM_CLASSES)];
	unsigned int classes;		/* for which @class has room */
	struct hlist_head *class;
};

/* === Free segments in order (order.c) === */

enum vmem_order_by {
	VMEM_BY_ADDR,			/* augmented with vmem_wide_seg::longest */
	VMEM_BY_LEN,			/* those without a size class of their own */
	VMEM_ORDERS,
};

enum vmem_order_state {
	VMEM_ORDER_NONE,		/* nobody has asked */
	VMEM_ORDER_BUILDING,		/* complete up to vmem_order::next */
	VMEM_ORDER_READY,
};

struct vmem_order {
	enum vmem_order_state state;
	struct vmem_cursor next;	/* BUILDING: where to go on */
	struct rb_root tree;
};

/* === Allocated segments (allocated.c) === */

#define VMEM_HASH_SHIFT		4	/* buckets to begin with, log2 */
#define VMEM_HASH_MIN		BIT(VMEM_HASH_SHIFT)
#define VMEM_HASH_CHUNKS	(BITS_PER_LONG - VMEM_HASH_SHIFT)

/*
 * A linear hash table (Litwin, 1980): with 2^n + k buckets, the first k of 2^n
 * have been split in two. Chunk 0 has the first 16 buckets, each further chunk
 * twice as many as the one before, so that growth never moves a bucket's head.
 *
 * Chains are linked one way: entering a segment touches no other, and one that is
 * taken out has just been found, and so has the link to it.
 */
struct vmem_table {
	unsigned long count;		/* segments in the table */
	unsigned int key_shift;		/* bits of an address that do not count */
	unsigned int load_shift;	/* segments a bucket, log2 */
	unsigned long buckets;		/* in use */
	unsigned long mask;		/* bits of a hash that number them */
	unsigned long room;		/* for which there is memory */
	unsigned long retry;		/* count at which to ask for memory again */
	struct vmem_seg **chunk[VMEM_HASH_CHUNKS];
	struct vmem_seg *small[VMEM_HASH_MIN];	/* chunk 0 */
};

/* === Spans (span.c, import.c) === */

struct vmem_span {
	struct vmem_seg head;		/* first and last are the span's */
	struct rb_node node;		/* vmem::spans [L] */
	bool imported;			/* came through the import function */
};

/* === Policies (search.c) === */

enum vmem_search {
	VMEM_SEARCH_FOUND,
	VMEM_SEARCH_NOTHING,
	VMEM_SEARCH_ORDER,		/* cannot tell without vmem_order_build() */
	VMEM_SEARCH_MEMORY,		/* cannot tell: no memory for records */
};

/* === Sleepers (wait.c) === */

struct vmem_wait;

/*
 * A sleeper's request, as seen by one of the arenas that it waits for. They are in
 * one array, from the arena that was called on towards the root.
 */
struct vmem_waiter {
	struct list_head link;		/* vmem::waiters [L] */
	struct vmem *vmp;		/* [O] */
	struct vmem_req req;		/* [O] */
	struct vmem_wait *wait;		/* [O] */
};

/* A thread that waits for its own arena and the ancestors it imports from. */
struct vmem_wait {
	struct completion space;
	struct task_struct *task;	/* [O] and, once it is in a list, by all */
	unsigned long since;		/* likewise, in jiffies */
	unsigned int count;		/* [O] */
	struct vmem_waiter *waiters;	/* [O] one for each of those arenas */
};

/* === Quantum caches (magazine.c, slab.c, qcache.c, reclaim.c) === */

/*
 * Free objects of one cache, as a stack. Belongs to whoever holds it: a slot of a
 * CPU, the depot, or a thread that carries it from one to the other.
 */
struct vmem_magazine {
	unsigned long rounds;		/* objects in it */
	unsigned long size;		/* that it may hold */
	unsigned long hits;		/* objects taken from it while a CPU has it */
	struct vmem_magazine *next;	/* depot: next of its list; slot: previous */
	unsigned long level;		/* of the depot when it was made */
	unsigned long round[];
};

/* What magazines of one cache have served, and have. */
struct vmem_magazine_use {
	unsigned long hits;
	unsigned long rounds;
};

/*
 * What a CPU has of an arena: for each cache a slot, that is, its loaded magazine
 * and, behind it, the previous one. A slot without is closed: it has a magazine
 * that is empty and full at the same time, the same for all.
 */
struct vmem_cpu {
	int idle;			/* [S] 1: nobody is in a section */
	struct vmem_magazine *loaded[];	/* [S], read by others */
};

struct vmem_depot_list {
	struct vmem_magazine *first;	/* [D] */
	unsigned int nr;		/* [D] */
	unsigned int least;		/* [D] of nr since it was trimmed */
	unsigned long rounds;		/* [D] of all of them */
};

/*
 * Magazines that no CPU has. The lock is a leaf and a raw one: it may be taken
 * wherever objects are allocated and freed, and for a few instructions only.
 */
struct vmem_depot {
	raw_spinlock_t lock;
	struct vmem_depot_list full;	/* those with rounds */
	struct vmem_depot_list empty;
	unsigned int level;		/* [D] size of new magazines */
	unsigned int contended;		/* [D] since it was trimmed */
	unsigned int moves;		/* [D] since it was trimmed */
	unsigned int wanted;		/* magazines that frees did not find, roughly */
};

struct vmem_qcache {
	struct vmem_depot depot ____cacheline_aligned_in_smp;
	atomic_long_t hits;		/* of magazines that no CPU has any more */
	atomic_long_t misses;		/* requests that no magazine of a CPU served */
	struct vmem_seg *partial;	/* [L/r] slabs with free objects */
	struct vmem_seg *full;		/* [L/r] slabs without */
	unsigned long slabs;		/* [L] on the two lists */
	unsigned long unused;		/* [L] free objects of them */
	unsigned long size;		/* [C] of an object, in units */
	unsigned int class;		/* [C] size in quanta, less one */
	unsigned int capacity;		/* [C] objects of a slab */
	bool waste;			/* [C] a slab is more than its objects */
};

/* All quantum caches of an arena. */
struct vmem_qcaches {
	unsigned long slab_size;	/* [C] units */
	unsigned int nr;		/* [C] */
	struct vmem_table slabs;	/* [L] by multiples of slab_size */
	atomic_long_t parked;		/* units that magazines of CPUs may hold */
	struct vmem *vmp;		/* [C] */
	struct delayed_work trim;
	unsigned long trimmed;		/* jiffies; by the work itself */
	struct vmem_qcache cache[];
};

/* === Statistics (stats.c) === */

/* The kstat names, in their order, and ours at the end. */
enum vmem_stat {
	VMEM_STAT_MEM_INUSE,
	VMEM_STAT_MEM_IMPORT,
	VMEM_STAT_MEM_TOTAL,
	VMEM_STAT_SOURCE,
	VMEM_STAT_ALLOC,
	VMEM_STAT_FREE,
	VMEM_STAT_WAIT,
	VMEM_STAT_FAIL,
	VMEM_STAT_LOOKUP,
	VMEM_STAT_SEARCH,
	VMEM_STAT_POPULATE_WAIT,
	VMEM_STAT_POPULATE_FAIL,
	VMEM_STAT_CONTAINS,
	VMEM_STAT_CONTAINS_SEARCH,
	VMEM_STAT_MISUSE,
	VMEM_NR_STATS,
};

/* Of rare things; see also struct vmem. */
struct vmem_stats {
	u64 wait;
	u64 fail;
	u64 lookup;
	u64 search;
	u64 populate_wait;
	u64 populate_fail;
	u64 contains;
	u64 contains_search;
	u64 misuse;
};

/* === The arena === */

/* What an arena is made from. */
struct vmem_spec {
	const char *name;
	unsigned long base;
	unsigned long size;
	bool resource;			/* has a span, and is no memory */
	unsigned long quantum;
	bool growing;			/* as by vmem_xcreate() */
	union {				/* by @growing */
		vmem_alloc_t *alloc_fn;
		vmem_ximport_t *ximport_fn;
	};
	vmem_free_t *free_fn;
	struct vmem *source;
	struct vmem_dma *dma;
	unsigned long qcache_max;
	int vmflag;
	unsigned long caller;
};

struct vmem {
	/* Read by every call, written by none. */
	unsigned long cached_max;	/* [C] largest size of a quantum cache */
	struct vmem_cpu __percpu *cpu;	/* [C] */
	struct vmem_qcaches *caches;	/* [C] NULL if there are none */
	unsigned int quantum_shift;	/* [C] */
	int cflags;			/* [C] VMC_* */
	unsigned long quantum;		/* [C] */
	union {				/* [C] by VMC_XALLOC */
		vmem_alloc_t *alloc_fn;
		vmem_ximport_t *ximport_fn;
	};
	vmem_free_t *free_fn;		/* [C] */
	struct vmem *source;		/* [C] */
	unsigned long min_import;	/* [C] */
	struct vmem_dma *dma;		/* [C] made by vmem_create_dma() */
	unsigned long creator;		/* [C] return address, for reports */
	void *private;			/* by the user */

	/* Written by each request and each free: one cache line. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	unsigned int nr_spare;		/* [L/r] */
	struct vmem_seg *spare;		/* [L] tags for the next requests */
	unsigned long inuse;		/* [L/r] */
	u64 allocs;			/* [L/r] */
	u64 frees;			/* [L/r] */
	struct vmem_table allocated;	/* [L] but slabs; the first field */

	struct vmem_freeindex free;	/* [L] */
	struct vmem_stats stats;	/* [L/r] */
	bool wide;			/* [L/r] have tags to be wide? */
	struct vmem_seg *outgrown;	/* [L] narrow tags, to be deleted */
	struct vmem_seg anchor;		/* [L] of all tags in address order */
	unsigned long total;		/* [L/r] */
	unsigned long imported;		/* [L/r] */
	unsigned long own;		/* [L/r] total less imported */
	unsigned long cursor;		/* [L] of next fit */
	unsigned int nr_waiters;	/* [L/r] */
	struct list_head waiters;	/* [L] struct vmem_waiter */
	struct list_head walks;		/* [L] struct vmem_cursor */
	struct rb_root spans;		/* [L] struct vmem_span, by address */
	struct vmem_order order[VMEM_ORDERS];	/* [L] */

	struct list_head siblings;	/* [A] vmem::children, or vmem_roots */
	struct list_head children;	/* [A] arenas that import from this one */
	unsigned int pins;		/* [A] it does not end as long */
	bool ending;			/* [A] not to be pinned any more */
	struct vmem_view *view;		/* [A] what debugfs shows, if it does */
	struct list_head unseen;	/* [A] it does not yet */
	unsigned int id;		/* [C] */
	struct ratelimit_state reports;	/* has a lock of its own */
#ifdef CONFIG_VMEM_AUDIT
	struct xarray audit;		/* has a lock of its own */
#endif
	char name[VMEM_NAME_LEN];	/* [C] */
};

/* main.c */
extern struct kmem_cache *vmem_arena_cache;	/* struct vmem */
extern struct kmem_cache *vmem_seg_cache;	/* struct vmem_seg */
extern struct kmem_cache *vmem_wide_cache;	/* struct vmem_wide_seg */

/* arena.c */
extern spinlock_t vmem_arenas_lock;
struct vmem *__vmem_arena_next(struct vmem *vmp, unsigned int *depth);
bool __vmem_arena_pin(struct vmem *vmp);
void vmem_arena_unpin(struct vmem *vmp);
struct vmem *vmem_arena_pin_next(struct vmem *vmp);
struct vmem *vmem_build(const struct vmem_spec *spec);
void vmem_refuse_creation(const char *wrong, const struct vmem_spec *spec);
void vmem_end(struct vmem *vmp, unsigned long caller);

/* context.c */
gfp_t vmem_gfp_nowait(int vmflag);
gfp_t vmem_gfp_nofail(int vmflag);

/* Complain if a call that may sleep is made where that is illegal. */
static inline void vmem_might_wait(int vmflag)
{
	if (!(vmflag & VM_NOSLEEP))
		might_alloc(GFP_KERNEL);
}

/* memory.c */
#define VMEM_ONCE	0x40	/* to our own import functions: do not insist */

struct vmem_later {
	struct llist_node node;
	void (*free)(struct vmem_later *entry);
};

void vmem_free_later(struct vmem_later *entry);
void vmem_free_now(void);
void vmem_memory_exit(void);
unsigned long vmem_memory_unit(const struct vmem *vmp);

/* dma.c */
struct vmem *vmem_build_dma(const char *name, struct device *dev, int vmflag,
			    unsigned long caller);
void vmem_dma_exit(struct vmem_dma *dma);
const char *vmem_dma_broken(const struct vmem *vmp);

/* fault.c */
#ifdef CONFIG_FAULT_INJECTION
extern struct fault_attr vmem_fail_attr;

/* Are requests made to fail? */
static inline bool vmem_fail_armed(void)
{
	return READ_ONCE(vmem_fail_attr.probability);
}

/* Do those that a magazine would serve have to ask? */
static inline bool vmem_fail_asks_hits(void)
{
	return vmem_fail_armed();
}
#else
DECLARE_STATIC_KEY_FALSE(vmem_fail_key);

static inline bool vmem_fail_armed(void)
{
	return static_branch_unlikely(&vmem_fail_key);
}

/* Magazines are emptied when the first one is made to, so no. */
static inline bool vmem_fail_asks_hits(void)
{
	return false;
}
#endif

bool vmem_fail_turn(int vmflag, unsigned long size);
int vmem_fail_set(const char *text);
void vmem_fail_init(void);
void vmem_fail_exit(void);

/* trace.c */
#ifdef CONFIG_TRACEPOINTS
DECLARE_STATIC_KEY_FALSE(vmem_trace_key);

/* Does somebody want to see each block? */
static inline bool vmem_traced(void)
{
	return static_branch_unlikely(&vmem_trace_key);
}

void vmem_trace_exit(void);
#else
static inline bool vmem_traced(void)
{
	return false;
}

static inline void vmem_trace_exit(void) {}
#endif

/* audit.c */

/* Where somebody goes on who reads all records. Zeroed to begin with. */
struct vmem_audit_cursor {
	unsigned long index;
	bool end;
};

/* What is shown of a block that is recorded. */
struct vmem_block_row {
	unsigned long first;
	unsigned long size;
	unsigned long caller;
	u64 when;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

#ifdef CONFIG_VMEM_AUDIT
void vmem_audit_load(void);
void vmem_audit_init(struct vmem *vmp);
void vmem_audit_exit(struct vmem *vmp);
void vmem_audit_note(struct vmem *vmp, unsigned long addr, unsigned long size,
		     int vmflag, unsigned long caller);
void __vmem_audit_forget(struct vmem *vmp, unsigned long addr);
void vmem_audit_report(struct vmem *vmp);
int vmem_audit_callers(struct vmem *vmp, struct seq_file *file);
unsigned int vmem_audit_read(struct vmem *vmp, struct vmem_audit_cursor *cursor,
			     struct vmem_block_row *row, unsigned int most);
const char *__vmem_audit_broken(struct vmem *vmp);
#else
static inline int vmem_audit_callers(struct vmem *vmp, struct seq_file *file)
{
	return 0;
}

static inline void vmem_audit_load(void) {}
static inline void vmem_audit_init(struct vmem *vmp) {}
static inline void vmem_audit_exit(struct vmem *vmp) {}
static inline void vmem_audit_note(struct vmem *vmp, unsigned long addr,
				   unsigned long size, int vmflag,
				   unsigned long caller) {}
static inline void __vmem_audit_forget(struct vmem *vmp, unsigned long addr) {}
static inline void vmem_audit_report(struct vmem *vmp) {}
static inline const char *__vmem_audit_broken(struct vmem *vmp) { return NULL; }
#endif

/* === Who has a block, for kmemleak and for audits === */

/* Does kmemleak know the blocks of an arena? */
static inline bool vmem_leaktraced(const struct vmem *vmp)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) && (vmp->cflags & VMC_KMEMLEAK);
}

/* leaktrace.c, if there is kmemleak */
void vmem_leaktrace(struct vmem *vmp, unsigned long addr, unsigned long size,
		    gfp_t gfp);
void vmem_leaktrace_end(struct vmem *vmp);

/* Have kmemleak not look into a record of ours, which would lead to every block. */
static inline void vmem_untrace_record(const struct vmem *vmp, const void *record)
{
	if (vmem_leaktraced(vmp))
		kmemleak_ignore(record);
}

/* A block goes to a caller, or as a span to another arena. */
static inline void vmem_hand_out(struct vmem *vmp, unsigned long addr,
				 unsigned long size, int vmflag,
				 unsigned long caller)
{
	if (vmem_leaktraced(vmp))
		vmem_leaktrace(vmp, addr, size, vmem_gfp(vmflag));
	vmem_audit_note(vmp, addr, size, vmflag, caller);
	trace_vmem_alloc(vmp->name, addr, size, vmflag, caller);
}

/* It comes back. */
static inline void __vmem_take_back(struct vmem *vmp, unsigned long addr)
{
	if (vmem_leaktraced(vmp))
		kmemleak_free((void *)addr);
	__vmem_audit_forget(vmp, addr);
}

/* request.c */
bool vmem_req_plain(struct vmem *vmp, struct vmem_req *req, unsigned long size,
		    int vmflag, unsigned long caller);
bool vmem_req_constrained(struct vmem *vmp, struct vmem_req *req);

/* place.c */
bool vmem_place(const struct vmem_req *req, unsigned long first,
		unsigned long last, unsigned long *addr);

/* segment.c */
#define VMEM_TAGS	3	/* that one operation can need: a span, two cuts */
#define VMEM_SPARE_MAX	160	/* a larger stash is halved after a free */

/* Tags that are in no arena, on a stack. */
static inline void vmem_seg_push(struct vmem_seg **stack, struct vmem_seg *seg)
{
	seg->chain = *stack;
	WRITE_ONCE(*stack, seg);
}

static inline struct vmem_seg *vmem_seg_pop(struct vmem_seg **stack)
{
	struct vmem_seg *seg = *stack;

	WRITE_ONCE(*stack, seg->chain);
	return seg;
}

unsigned int vmem_seg_supply(struct vmem *vmp, struct vmem_seg **tags,
			     unsigned int want, unsigned int need, bool wide,
			     int vmflag);
void vmem_seg_delete(struct vmem_seg *seg);
void vmem_seg_delete_all(struct vmem_seg *tags);
bool vmem_seg_refill(struct vmem *vmp, int vmflag);
bool vmem_seg_reserve(struct vmem *vmp, unsigned int nr, int vmflag);
void vmem_seg_discard(struct vmem *vmp);
unsigned long vmem_seg_shrink(struct vmem *vmp, unsigned long nr);
struct vmem_seg *__vmem_seg_get(struct vmem *vmp);
void __vmem_seg_pass(struct vmem *vmp, const struct vmem_seg *seg,
		     struct vmem_seg *to);
void __vmem_seg_put(struct vmem *vmp, struct vmem_seg *seg);
struct vmem_seg *__vmem_seg_add(struct vmem *vmp, struct vmem_seg *prev,
				unsigned long first, unsigned long last);
struct vmem_seg *__vmem_seg_carve(struct vmem *vmp, struct vmem_seg *seg,
				  unsigned long first, unsigned long last);
struct vmem_seg *__vmem_seg_merge(struct vmem *vmp, struct vmem_seg *seg);

/* Give memory of tags back if too many are unused: more than a few frees make. */
static inline void vmem_seg_trim(struct vmem *vmp)
{
	if (unlikely(READ_ONCE(vmp->nr_spare) > VMEM_SPARE_MAX))
		vmem_seg_discard(vmp);
}

/* The last unit of a segment. */
static inline unsigned long vmem_seg_end(const struct vmem *vmp,
					 const struct vmem_seg *seg)
{
	if (seg->type == VMEM_SEG_SLAB)
		return seg->first + vmp->caches->slab_size - 1;
	return seg->last;
}

/* Are there tags for one operation? If not, vmem_seg_refill() without the lock. */
static inline bool __vmem_seg_ready(const struct vmem *vmp)
{
	lockdep_assert_held(&vmp->lock);
	return vmp->nr_spare >= VMEM_TAGS;
}

/* freeindex.c */
struct vmem_seg *__vmem_free_surely(struct vmem *vmp, unsigned long len);
struct vmem_seg *__vmem_free_shortest(struct vmem *vmp, unsigned long len);
struct vmem_seg *__vmem_free_maybe(struct vmem *vmp, const struct vmem_seg *seg,
				   unsigned long len);
unsigned long __vmem_free_longest(struct vmem *vmp);
bool vmem_free_shorter(const struct vmem_seg *seg, const struct vmem_seg *next);
void __vmem_free_insert(struct vmem *vmp, struct vmem_seg *seg);
void __vmem_free_remove(struct vmem *vmp, struct vmem_seg *seg);
void __vmem_free_resize(struct vmem *vmp, struct vmem_seg *seg,
			unsigned long first, unsigned long last);
bool vmem_free_reserve(struct vmem *vmp, unsigned long last, int vmflag);
bool __vmem_free_has_room(const struct vmem *vmp, unsigned long last);
const char *__vmem_free_broken(struct vmem *vmp, unsigned long nr_free);

/* order.c */
void __vmem_order_insert(struct vmem *vmp, struct vmem_seg *seg);
void __vmem_order_remove(struct vmem *vmp, struct vmem_seg *seg);
void __vmem_order_resize(struct vmem *vmp, struct vmem_seg *seg,
			 unsigned long first, unsigned long last,
			 unsigned int class);
struct vmem_seg *__vmem_order_next(struct vmem *vmp, unsigned long from,
				   unsigned long len);
struct vmem_seg *__vmem_order_longer(struct vmem *vmp, struct vmem_seg *seg,
				     unsigned long len);
bool vmem_order_build(struct vmem *vmp, enum vmem_order_by by, int vmflag);
const char *__vmem_order_broken(struct vmem *vmp);

/* search.c */
/* The order that a policy wants free segments in. */
static inline enum vmem_order_by vmem_order_for(const struct vmem_req *req)
{
	return req->policy == VMEM_BEST ? VMEM_BY_LEN : VMEM_BY_ADDR;
}

enum vmem_search __vmem_search(struct vmem *vmp, const struct vmem_req *req,
			       struct vmem_seg **seg, unsigned long *addr);
bool __vmem_search_in(struct vmem *vmp, const struct vmem_req *req,
		      unsigned long first, unsigned long last,
		      unsigned long *addr);

/* allocated.c */
void vmem_table_init(struct vmem_table *table, unsigned int key_shift,
		     unsigned int load_shift);
void vmem_table_exit(struct vmem_table *table);
void vmem_table_reserve(struct vmem *vmp, struct vmem_table *table, int vmflag);
u32 vmem_table_hash(const struct vmem_table *table, unsigned long addr);
struct vmem_seg **vmem_table_bucket(const struct vmem_table *table, u32 hash);
void __vmem_table_insert(struct vmem *vmp, struct vmem_table *table,
			 struct vmem_seg *seg);
void __vmem_table_remove(struct vmem *vmp, struct vmem_table *table,
			 struct vmem_seg **link);
struct vmem_seg **__vmem_allocated_find(struct vmem *vmp, unsigned long addr,
					u64 *lookup);
const char *__vmem_table_broken(struct vmem *vmp, const struct vmem_table *table,
				unsigned long nr);

/* span.c */
struct vmem_span *vmem_span_new(struct vmem *vmp, unsigned long first,
				unsigned long last, int vmflag);
struct vmem_span *__vmem_span_overlap(struct vmem *vmp, unsigned long first,
				      unsigned long last);
struct vmem_seg *__vmem_span_insert(struct vmem *vmp, struct vmem_span *span);
void __vmem_span_remove(struct vmem *vmp, struct vmem_span *span,
			struct vmem_seg *seg);
struct vmem_span *__vmem_span_idle(struct vmem *vmp, struct vmem_seg *seg);

/* import.c */
bool vmem_imports_from_arena(const struct vmem *vmp);
bool vmem_importable(const struct vmem *vmp, const struct vmem_req *req);
bool vmem_import_request(const struct vmem *vmp, const struct vmem_req *req,
			 struct vmem_req *sub);
struct vmem *vmem_import_next(const struct vmem *vmp, const struct vmem_req *req,
			      struct vmem_req *sub);
unsigned long vmem_import(struct vmem *vmp, const struct vmem_req *req);
void vmem_import_release(struct vmem *vmp, struct vmem_span *span,
			 const struct vmem *via);

/* alloc.c */
struct vmem_seg *__vmem_take(struct vmem *vmp, const struct vmem_req *req,
			     struct vmem_seg *seg, unsigned long addr);
struct vmem_span *__vmem_make_free(struct vmem *vmp, struct vmem_seg *seg,
				   const struct vmem *via);
enum vmem_search vmem_try(struct vmem *vmp, const struct vmem_req *req,
			  unsigned long *addr);
unsigned long vmem_serve(struct vmem *vmp, const struct vmem_req *req);
void *vmem_allocate(struct vmem *vmp, const struct vmem_req *req);
bool vmem_release(struct vmem *vmp, unsigned long addr, unsigned long size,
		  unsigned long caller, const struct vmem *via);

/* magazine.c */
extern struct vmem_magazine vmem_closed;

/*
 * Enter a section: from here to vmem_cpu_leave() this CPU's slots are ours. False
 * if somebody is in one, whom we have interrupted.
 */
static __always_inline bool vmem_cpu_enter(const struct vmem *vmp,
					   struct vmem_cpu **cpu)
{
	preempt_disable();
	*cpu = raw_cpu_ptr(vmp->cpu);
	/* A data race with interrupts: each undoes what it does to it. */
	if (unlikely(data_race(--(*cpu)->idle))) {
		barrier();
		data_race(++(*cpu)->idle);	/* the same */
		preempt_enable();
		return false;
	}
	barrier();
	return true;
}

static __always_inline void vmem_cpu_leave(struct vmem_cpu *cpu)
{
	barrier();
	cpu->idle = 1;
	preempt_enable();
}

/* Is this a size that quantum caches serve? 0 is none. */
static __always_inline bool vmem_cached(const struct vmem *vmp, unsigned long size)
{
	return size - 1 < vmp->cached_max;
}

static __always_inline unsigned long vmem_class(const struct vmem *vmp,
						unsigned long size)
{
	return (size - 1) >> vmp->quantum_shift;
}

/* Take an object from this CPU's loaded magazine, if there is one. */
static __always_inline bool vmem_magazine_pop(const struct vmem *vmp,
					      unsigned long class,
					      unsigned long *addr)
{
	struct vmem_magazine *mag;
	struct vmem_cpu *cpu;
	unsigned long left;

	if (unlikely(!vmem_cpu_enter(vmp, &cpu)))
		return false;
	mag = cpu->loaded[class];
	if (unlikely(check_sub_overflow(mag->rounds, 1ul, &left))) {
		vmem_cpu_leave(cpu);
		return false;
	}
	mag->rounds = left;
	*addr = mag->round[left];
	mag->hits++;
	vmem_cpu_leave(cpu);
	return true;
}

/* Put an object into this CPU's loaded magazine, if there is room. */
static __always_inline bool vmem_magazine_push(const struct vmem *vmp,
					       unsigned long class,
					       unsigned long addr)
{
	struct vmem_magazine *mag;
	struct vmem_cpu *cpu;

	if (unlikely(!vmem_cpu_enter(vmp, &cpu)))
		return false;
	mag = cpu->loaded[class];
	if (unlikely(mag->rounds >= mag->size)) {
		vmem_cpu_leave(cpu);
		return false;
	}
	mag->round[mag->rounds] = addr;
	barrier();			/* one instruction less */
	mag->rounds++;
	vmem_cpu_leave(cpu);
	return true;
}

bool vmem_magazine_pop_previous(struct vmem *vmp, struct vmem_qcache *cache,
				unsigned long *addr, struct vmem_magazine **spare);
bool vmem_magazine_push_previous(struct vmem *vmp, struct vmem_qcache *cache,
				 unsigned long addr, struct vmem_magazine **spare);
unsigned long vmem_magazine_rounds(const struct vmem *vmp,
				   const struct vmem_qcache *cache);
void vmem_magazine_use(struct vmem *vmp, struct vmem_magazine_use *use);
struct vmem_magazine *vmem_magazine_new(struct vmem *vmp,
					const struct vmem_qcache *cache, gfp_t gfp);
bool vmem_magazine_charge(struct vmem *vmp, const struct vmem_qcache *cache,
			  const struct vmem_magazine *mag);
void vmem_magazine_load(struct vmem *vmp, struct vmem_qcache *cache,
			struct vmem_magazine *mag);
void vmem_magazine_store(struct vmem *vmp, struct vmem_qcache *cache,
			 struct vmem_magazine *mag);
bool vmem_magazine_unload(struct vmem *vmp);
void vmem_magazine_unload_on(struct vmem *vmp, int nr);
void vmem_magazine_unload_dead(struct vmem *vmp, int nr);
bool vmem_magazine_on_cpu(const struct vmem *vmp, int nr);
struct vmem_magazine *vmem_depot_get_full(struct vmem_depot *depot);
struct vmem_magazine *vmem_depot_get_empty(struct vmem_depot *depot);
void vmem_depot_want(struct vmem *vmp, struct vmem_depot *depot);
void vmem_depot_init(struct vmem_depot *depot);
bool vmem_depot_trim(struct vmem *vmp, struct vmem_qcache *cache);
void vmem_depot_flush(struct vmem *vmp, struct vmem_qcache *cache);
unsigned long vmem_depot_shrink(struct vmem_depot *depot, unsigned long nr);
void vmem_depot_drop(struct vmem *vmp, struct vmem_qcache *cache);
const char *vmem_depot_broken(struct vmem_depot *depot);
const char *vmem_magazine_broken(const struct vmem *vmp);

/* Do magazines stay out of use for now? Somebody waits, is to fail, or to be seen. */
static inline bool vmem_magazines_closed(const struct vmem *vmp)
{
	return READ_ONCE(vmp->nr_waiters) || vmem_fail_armed() || vmem_traced();
}

/* And for ever, as each block has to be looked at? */
static inline bool vmem_magazines_banned(const struct vmem *vmp)
{
	return IS_ENABLED(CONFIG_VMEM_AUDIT) || vmem_leaktraced(vmp);
}

/* slab.c */
unsigned long __vmem_slab_pop(struct vmem *vmp, struct vmem_qcache *cache);
void __vmem_slab_enter(struct vmem *vmp, const struct vmem_req *req,
		       struct vmem_seg *seg);
void __vmem_slab_replace(struct vmem *vmp, struct vmem_seg *old,
			 struct vmem_seg *slab);
void vmem_slab_fill(struct vmem *vmp, struct vmem_qcache *cache,
		    struct vmem_magazine *mag);
bool vmem_slab_give(struct vmem *vmp, struct vmem_qcache *cache,
		    const unsigned long *round, unsigned long nr,
		    unsigned long caller);
void __vmem_slab_wake(struct vmem *vmp, const struct vmem_seg *seg,
		      const struct vmem *via);
void __vmem_slab_wake_new(struct vmem *vmp, const struct vmem_seg *slab);
bool vmem_slab_dissolve(struct vmem *vmp, const struct vmem_req *req);
unsigned long __vmem_slab_holds(struct vmem *vmp, unsigned long addr);
void __vmem_slab_leaks(struct vmem *vmp, unsigned long *units,
		       unsigned long *blocks);
const char *__vmem_slab_broken(struct vmem *vmp, unsigned long nr);

/* qcache.c */
unsigned long vmem_slab_size(unsigned long quantum, unsigned long qcache_max);
bool vmem_qcache_create(struct vmem *vmp, unsigned long qcache_max, int vmflag);
void vmem_qcache_empty(struct vmem *vmp);
void vmem_qcache_destroy(struct vmem *vmp);
void *vmem_qcache_alloc(struct vmem *vmp, unsigned long size, int vmflag,
			unsigned long caller);
bool vmem_qcache_free(struct vmem *vmp, unsigned long addr, unsigned long size,
		      unsigned long caller);
int vmem_qcache_print(struct vmem *vmp, struct seq_file *file);

/* reclaim.c */
#define VMEM_TRIM_INTERVAL	(5 * HZ)

void vmem_reclaim_arm(struct vmem *vmp, unsigned long delay);
void vmem_reclaim_work(struct work_struct *work);
unsigned long vmem_reclaim(struct vmem *vmp, const struct vmem_req *req,
			   bool drain);
unsigned long vmem_shrink_count(struct shrinker *shrinker,
				struct shrink_control *sc);
unsigned long vmem_shrink_scan(struct shrinker *shrinker,
			       struct shrink_control *sc);
void vmem_empty_magazines(void);
int vmem_reclaim_init(void);
void vmem_reclaim_exit(void);

/* wait.c */
void __vmem_wake(struct vmem *vmp, unsigned long first, unsigned long last,
		 const struct vmem *via);
void __vmem_wake_beside(struct vmem *vmp, const struct vmem_seg *seg);
unsigned long vmem_wait(struct vmem *vmp, const struct vmem_req *req);

/* stats.c */
extern const char * const vmem_stat_names[VMEM_NR_STATS];

void vmem_count(struct vmem *vmp, u64 *counter);
void __vmem_stats(struct vmem *vmp, u64 values[VMEM_NR_STATS]);
u64 vmem_stat(struct vmem *vmp, enum vmem_stat which);

/* walk.c */
void vmem_cursor_begin(struct vmem *vmp, struct vmem_cursor *cursor);
void vmem_cursor_end(struct vmem *vmp, struct vmem_cursor *cursor);
unsigned int vmem_cursor_read(struct vmem *vmp, struct vmem_cursor *cursor,
			      struct vmem_seg_row *row, unsigned int most);

/* view.c */
#ifdef CONFIG_DEBUG_FS
void __vmem_view_begin(struct vmem *vmp);
void __vmem_view_end(struct vmem *vmp);
void vmem_views_update(void);
void vmem_views_init(struct dentry *dir);
void vmem_views_flush(void);
void vmem_views_exit(void);
const struct file_operations *vmem_view_file(struct vmem *vmp, const char *name,
					     struct inode *inode);
#else
static inline void __vmem_view_begin(struct vmem *vmp) {}
static inline void __vmem_view_end(struct vmem *vmp) {}
static inline void vmem_views_update(void) {}
static inline void vmem_views_init(struct dentry *dir) {}
static inline void vmem_views_exit(void) {}
#endif

/* debugfs.c */

/* What lines of debugfs tell about an arena, copied while it exists. */
struct vmem_row {
	unsigned int id;
	unsigned int depth;		/* ancestors */
	char name[VMEM_NAME_LEN];
	u64 stats[VMEM_NR_STATS];
	unsigned long largest;		/* free segment */
	unsigned int waiters;
};

extern const struct seq_operations vmem_arenas_sops;
extern const struct seq_operations vmem_kstat_sops;

void vmem_debugfs_init(void);
void vmem_debugfs_exit(void);

/* report.c */
extern struct ratelimit_state vmem_report_limit;

void vmem_report(const char *what, const char *name, unsigned long addr,
		 unsigned long size, unsigned long caller);
void vmem_misuse(struct vmem *vmp, const char *what, unsigned long addr,
		 unsigned long size, unsigned long caller);

/* Why a request has failed. */
enum vmem_failure {
	VMEM_FAILURE_NO_SPACE,		/* less is free than was asked for */
	VMEM_FAILURE_FRAGMENTED,	/* enough, but not in one piece */
	VMEM_FAILURE_CONSTRAINED,	/* in one piece, but not as it was asked for */
	VMEM_FAILURE_NO_MEMORY,		/* what was asked for, but no memory for records */
	VMEM_FAILURE_ON_PURPOSE,	/* by fail_vmem */
};

extern bool vmem_verbose_fail;
void vmem_explain_failure(struct vmem *vmp, const struct vmem_req *req);

/* Count a request that gets nothing, and tell those who want to know why. */
static inline void vmem_count_failure(struct vmem *vmp, const struct vmem_req *req)
{
	vmem_count(vmp, &vmp->stats.fail);
	if (unlikely(READ_ONCE(vmem_verbose_fail)) || trace_vmem_fail_enabled())
		vmem_explain_failure(vmp, req);
}

void vmem_report_leak(struct vmem *vmp, unsigned long caller);
bool vmem_refuse_absent(unsigned long caller);
void vmem_panic(struct vmem *vmp, int vmflag);

/* Is there no arena? That is reported. */
static inline bool vmem_absent(const struct vmem *vmp, unsigned long caller)
{
	return likely(vmp) ? false : vmem_refuse_absent(caller);
}

/* validate.c */
bool vmem_validate(struct vmem *vmp);

#endif /* _VMEM_INTERNAL_H */
