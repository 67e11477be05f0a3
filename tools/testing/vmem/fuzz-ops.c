// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on up to four arenas, decoded from bytes, each checked against a model.
 *
 * The model of an arena is the suites' oracle, which knows a cell for each quantum.
 * In a tree of arenas without quantum caches it is exact: it says which address an
 * allocation may return, when a source is to be asked, and what comes of a free. If
 * one of a tree has caches, the library alone knows what slabs and magazines hold.
 * Then the model has only what callers hold: blocks must lie where they may, and in
 * no other; nothing fails that has a place; what nobody holds is to be had by those
 * who may sleep.
 *
 * There is one thread, and the time is set by hand, so that an input does the same
 * each time. Interrupts come at the barriers of magazine sections; who sleeps for
 * space has others free blocks meanwhile.
 *
 * VMEM_FUZZ=strict: validate arenas after each operation, not after some.
 * VMEM_FUZZ=print: and print operations and the library's reports.
 */
#include "linux/main.h"

#include "internal.h"
#include "oracle.h"

#define ARENAS		4
#define LIVE		200		/* blocks of an arena that callers have */
#define BLOCKS		1024		/* and those that are spans of others */
#define MOST_CELLS	16384		/* of an arena with quantum caches */
#define FEW_CELLS	640		/* of any other */
#define TOP(n)		((unsigned long)-(n))
#define GAP		0x10000000ul	/* between the windows of address space */
#define SIGN		(1ul << (BITS_PER_LONG - 1))

enum kind {
	ROOT,				/* imports nothing */
	PLAIN,				/* by vmem_alloc() and vmem_free() */
	KEEPS,				/* by vmem_alloc(), and keeps all */
	HALF,				/* by vmem_alloc(), releases by a function */
	FOREIGN,			/* by functions of our own */
	GROWING,			/* the same, and by vmem_xcreate() */
	MEMORY,				/* memory of the kernel */
};

struct range {
	unsigned long addr;
	unsigned long size;
};

struct arena {
	vmem_t *vmp;
	unsigned int nr;
	struct arena *src;
	enum kind kind;
	bool releases;
	bool inexact;			/* of a root: there are caches in the tree */
	bool tainted;			/* by frees that show late: no model any more */
	bool had_children;
	bool ending;
	int cflags;
	unsigned long q;
	unsigned long cached_max;
	unsigned long slab_size;
	unsigned long min_import;
	struct oracle *o;
	bool cached[BLOCKS];		/* the block is an object of a cache */
	unsigned long odd[16];		/* what a tainted arena handed out */
	unsigned int nr_odd;
	unsigned int where;		/* its window */
	unsigned int memory;		/* which of the kernel's */

	u64 fails, misuses, contains;	/* what its statistics should be */

	/* For its import function. */
	unsigned int grow;		/* raise sizes to multiples of so many units */
	unsigned int lie;		/* next time, how */
	bool liberal;			/* next time, free a block meanwhile */
	struct range out[64];		/* what it gave, if it has no arena to ask */
	unsigned int nr_out;

	/* What it was asked for, and did, in the current operation. */
	unsigned long want, want_align;	/* 0: no saying */
	unsigned int asked;
	bool lied;
	bool gave;
	struct range bad;		/* to come back at once */
};

/* What an input is, and how far it has got. */
static struct {
	const u8 *data;
	size_t size;
	struct arena arena[ARENAS];
	struct rnd_state rnd;
	unsigned int turn;		/* of windows */
	unsigned int ops;		/* of this input */
	unsigned int validate;		/* every so many */
	unsigned int nested;
	bool hostile;			/* arenas may be tainted */
	bool over;			/* too much for the model: end it */
	bool changed;			/* by a nested operation */
	bool failed;			/* memory, in this operation */
	bool faulty;			/* a request is made to fail (fault.c) */
	bool interrupted;
	int km;				/* flags that import functions should see */
	u32 pattern;			/* of failures of memory, for the next one */

	unsigned int irqs;		/* more of them to come */
	unsigned int irq_every, irq_in;	/* so many barriers */
	unsigned int irq_what;
	struct arena *irq_arena;

	struct arena *sleeper;		/* where the current operation may sleep */
	const struct oracle_req *sleeper_req;
	bool slept;
} w;

static unsigned long long operations, inputs;
static bool strict, verbose;
static u32 pattern;			/* of the current call */

/* === Words === */

static void __noreturn __printf(1, 2) wrong(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "fuzz-ops: operation %u of the input: ", w.ops);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	fflush(stdout);
	abort();
}

static void __printf(2, 3) tell(const struct arena *a, const char *fmt, ...)
{
	va_list args;

	if (!verbose)
		return;
	printf("%4u %*s%c: ", w.ops, 2 * w.nested, "", 'A' + (a ? a->nr : 25));
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* Each call of the library is one operation. */
static void count(void)
{
	w.ops++;
	operations++;
}

static u8 byte(void)
{
	if (!w.size)
		return 0;
	w.size--;
	return *w.data++;
}

/* === Failing memory, nested operations === */

static bool memory_fails(size_t size, gfp_t gfp)
{
	bool ret = pattern & 1;

	pattern >>= 1;
	w.failed |= ret;
	return ret;
}

/* Around each call of the library. */
static void begin_call(void)
{
	count();
	if (!w.nested) {
		pattern = w.pattern;
		w.pattern = 0;
		w.failed = false;
		w.changed = false;
		w.interrupted = false;
	}
}

static void end_call(void)
{
	if (!w.nested)
		pattern = 0;
}

static u32 enter(void)
{
	u32 was = pattern;

	pattern = 0;
	w.nested++;
	return was;
}

static void leave(u32 was)
{
	w.nested--;
	pattern = was;
}

/* === The model === */

static bool exact(const struct arena *a)
{
	while (a->src)
		a = a->src;
	return !a->inexact;
}

static unsigned long quanta(const struct arena *a, unsigned long size)
{
	return (size - 1) / a->q + 1;
}

static unsigned long span_bytes(const struct arena *a, const struct oracle_span *span)
{
	return span->nr * a->q;
}

static unsigned long span_last(const struct arena *a, const struct oracle_span *span)
{
	return span->start + (span_bytes(a, span) - 1);
}

static struct oracle_span *span_of(const struct arena *a, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < a->o->nr_spans; i++)
		if (addr - a->o->span[i]->start < span_bytes(a, a->o->span[i]))
			return a->o->span[i];
	return NULL;
}

static unsigned long cells(const struct arena *a)
{
	return a->o->total / a->q;
}

static unsigned long most_cells(const struct arena *a)
{
	return exact(a) ? FEW_CELLS : MOST_CELLS;
}

static bool add_span(struct arena *a, unsigned long start, unsigned long size,
		     bool imported)
{
	struct task_struct was = *current;

	/* The model may have memory in any context. */
	current->preempt_count = 0;
	current->irqs_off = false;
	current->hardirq = false;
	w.over |= !oracle_add(a->o, start, size, imported);
	current->preempt_count = was.preempt_count;
	current->irqs_off = was.irqs_off;
	current->hardirq = was.hardirq;
	return !w.over;
}

static struct oracle_block *take(struct arena *a, const struct oracle_req *req,
				 unsigned long addr, bool cached)
{
	struct oracle_block *block;

	if (a->o->nr_blocks == BLOCKS)
		panic("too many blocks for the model");
	a->cached[a->o->nr_blocks] = cached;
	block = oracle_take(a->o, req, addr);
	return block;
}

static const struct oracle_span *give(struct arena *a, struct oracle_block *block)
{
	a->cached[block - a->o->block] = a->cached[a->o->nr_blocks - 1];
	return oracle_give(a->o, block);
}

static bool is_cached(const struct arena *a, const struct oracle_block *block)
{
	return a->cached[block - a->o->block];
}

/* Does the address meet the constraints? The block is known to be in a span. */
static bool suits(const struct arena *a, const struct oracle_req *req,
		  unsigned long addr)
{
	unsigned long last = addr + (req->size - 1);

	return addr >= req->min && (!req->max || last < req->max) &&
	       addr % (req->align ?: a->q) == req->phase &&
	       (!req->nocross || addr / req->nocross == last / req->nocross);
}

/* What is wrong with a block of an arena with caches, as far as callers can tell? */
static const char *judge_loosely(const struct arena *a, const struct oracle_req *req,
				 unsigned long addr)
{
	const struct oracle_span *span = span_of(a, addr);
	unsigned long i, from;

	if (!span)
		return "the block is in no span";
	if (addr % a->q)
		return "the address is no multiple of the quantum";
	from = (addr - span->start) / a->q;
	if (quanta(a, req->size) > span->nr - from)
		return "the block reaches beyond its span";
	for (i = 0; i < quanta(a, req->size); i++)
		if (span->cell[from + i])
			return "the block overlaps another one";
	return suits(a, req, addr) ? NULL : "the address does not suit the request";
}

/* === What an import should be === */

static bool imports(const struct arena *a)
{
	return a->kind != ROOT;
}

/* Is the source asked by vmem_alloc() itself? */
static bool asks_arena(const struct arena *a)
{
	return a->kind == PLAIN || a->kind == KEEPS || a->kind == HALF;
}

static unsigned long import_unit(const struct arena *a)
{
	if (a->kind == MEMORY)
		return max(a->q, PAGE_SIZE);
	return a->src ? max(a->q, a->src->q) : a->q;
}

/*
 * What an arena asks its source for: false if nothing. A plain import passes on no
 * more of the phase than it has to; how much is not said, so this is the most.
 */
static bool import_of(const struct arena *a, const struct oracle_req *req,
		      struct oracle_req *ask)
{
	unsigned long unit = import_unit(a), align = req->align ?: a->q, pad;

	if (!imports(a) || req->nocross || req->min || req->max)
		return false;
	*ask = (struct oracle_req){ .align = a->src ? a->src->q : a->q };
	pad = req->phase;
	if (a->kind == PLAIN)
		ask->align = max(align, unit);
	else if (align > unit && !(a->cflags & VMC_XALIGN))
		pad = align - (req->phase % unit ? a->q : unit);
	if (req->size + pad < pad)
		return false;
	ask->size = max(req->size + pad, a->min_import);
	pad = ask->size;
	ask->size = (ask->size + unit - 1) & -unit;
	return ask->size >= pad;
}

/* === What the arena says of itself === */

struct walk {
	const struct arena *a;
	const struct oracle_req *req;
	bool found;
	unsigned int nr;
	struct range seen[ORACLE_SPANS + 1];
};

static void note_span(void *arg, void *start, size_t size)
{
	struct walk *walk = arg;

	if (walk->nr <= ORACLE_SPANS)
		walk->seen[walk->nr++] = (struct range){ (unsigned long)start, size };
}

static void note_spans(const struct arena *a, struct walk *walk)
{
	walk->nr = 0;
	vmem_walk(a->vmp, VMEM_SPAN, note_span, walk);
}

/* Has a free segment a suitable address? By trying, as far as that can be short. */
static void try_segment(void *arg, void *start, size_t size)
{
	struct walk *walk = arg;
	const struct oracle_req *req = walk->req;
	unsigned long step = max(req->align ?: walk->a->q, walk->a->q);
	unsigned long first = (unsigned long)start, last = first + (size - 1);
	unsigned long from = max(first, req->min), addr;
	unsigned long len = quanta(walk->a, req->size) * walk->a->q;

	addr = from + ((req->phase - from) & (step - 1));
	for (; !walk->found; addr += step) {
		if (addr < from || addr > last || last - addr < len - 1)
			break;
		walk->found = suits(walk->a, req, addr);
	}
}

static bool has_segment(const struct arena *a, const struct oracle_req *req)
{
	struct walk walk = { .a = a, .req = req };

	vmem_walk(a->vmp, VMEM_FREE, try_segment, &walk);
	return walk.found;
}

/*
 * The same of what no caller holds. But imported spans that caches alone hold go back
 * as soon as these are drained.
 */
static bool has_unheld(const struct arena *a, const struct oracle_req *req)
{
	struct oracle o = *a->o;
	unsigned int i;

	o.nr_spans = 0;
	for (i = 0; i < a->o->nr_spans; i++)
		if (!a->releases || !o.span[i]->imported || !oracle_idle(o.span[i]))
			o.span[o.nr_spans++] = o.span[i];
	return oracle_possible(&o, req);
}

/*
 * Could the arena serve the request, by imports from arenas if need be? As it is
 * now; or, if @all, with what caches hold. Of what is tainted one cannot say so.
 */
static bool possible(const struct arena *a, const struct oracle_req *req, bool all)
{
	struct oracle_req here = *req, ask;

	if (quanta(a, req->size) > ULONG_MAX / a->q)
		return false;
	for (;;) {
		if (a->tainted)
			return false;
		if (all ? has_unheld(a, &here) :
		    exact(a) ? oracle_possible(a->o, &here) : has_segment(a, &here))
			return true;
		if (!asks_arena(a) || !import_of(a, &here, &ask))
			return false;
		here = ask;
		a = a->src;
	}
}

/* === Spans that come and go === */

/* Has the arena one more span than its model? */
static bool new_span(const struct arena *a, struct range *range)
{
	struct oracle *o = a->o;
	struct walk walk;
	unsigned int i;

	note_spans(a, &walk);
	if (walk.nr == o->nr_spans)
		return false;
	if (walk.nr != o->nr_spans + 1)
		wrong("%c has %u spans instead of %u", 'A' + a->nr, walk.nr,
		      o->nr_spans);
	for (i = 0; i < o->nr_spans; i++)
		if (o->span[i]->start != walk.seen[i].addr)
			break;
	*range = walk.seen[i];
	return true;
}

/*
 * The arena was asked for @req: if it imported for that, teach the models of it and
 * of its sources what they have to know. Where in the source is for that to choose.
 */
static bool learn(struct arena *a, const struct oracle_req *req, struct range *span)
{
	struct oracle_req ask;
	struct range deeper;
	unsigned long want;
	const char *why;

	if (!imports(a) || !new_span(a, span))
		return false;
	if (!w.changed && oracle_possible(a->o, req))
		wrong("%c imported without need", 'A' + a->nr);
	if (!import_of(a, req, &ask))
		wrong("%c imported what it must not", 'A' + a->nr);
	if (span->size % import_unit(a) || span->size < req->size)
		wrong("%c imported 0x%lx", 'A' + a->nr, span->size);
	if (!asks_arena(a)) {
		if (!a->gave)
			wrong("%c imported by itself", 'A' + a->nr);
		return add_span(a, span->addr, span->size, true);
	}
	if (a->kind == PLAIN ? span->size > ask.size : span->size != ask.size)
		wrong("%c imported 0x%lx, not 0x%lx", 'A' + a->nr, span->size, ask.size);
	ask.size = span->size;
	ask.phase = span->addr & (ask.align - 1);
	if (ask.phase > req->phase)
		wrong("%c asked for phase 0x%lx", 'A' + a->nr, ask.phase);
	learn(a->src, &ask, &deeper);
	if (w.over)
		return false;
	why = oracle_judge(a->src->o, &ask, span->addr, &want);
	if (why)
		wrong("%c got 0x%lx + 0x%lx of its source, want 0x%lx: %s", 'A' + a->nr,
		      span->addr, span->size, want, why);
	take(a->src, &ask, span->addr, false)->span = true;
	return add_span(a, span->addr, span->size, true);
}

/* Has the import function given that, and not got it back? */
static bool has_out(const struct arena *a, unsigned long addr)
{
	const struct oracle_block *block;
	unsigned int i;

	if (a->src) {
		block = oracle_find(a->src->o, addr);
		return block && block->span;
	}
	for (i = 0; i < a->nr_out; i++)
		if (a->out[i].addr == addr)
			return true;
	return false;
}

/*
 * A block of the model is gone: does its span go, too, and on to the source? A model that
 * was too small for the last block cannot tell.
 */
static void cascade(struct arena *a, const struct oracle_span *span)
{
	struct range range = { span->start, span_bytes(a, span) };
	struct oracle_block *block;

	if (!span->imported || !a->releases || !oracle_idle(span))
		return;
	oracle_remove(a->o, span);
	if (a->kind == PLAIN) {
		block = oracle_find(a->src->o, range.addr);
		cascade(a->src, give(a->src, block));
	} else if (has_out(a, range.addr) && !w.over) {
		wrong("%c did not release 0x%lx + 0x%lx", 'A' + a->nr, range.addr,
		      range.size);
	}
}

/* Where caches decide what is imported, and when it goes back: see what has gone, */
static void see_gone(struct arena *a, const struct walk *walk)
{
	unsigned int i = 0, n = 0;

	while (i < a->o->nr_spans) {
		const struct oracle_span *span = a->o->span[i];
		struct oracle_block *block;

		while (n < walk->nr && walk->seen[n].addr < span->start)
			n++;
		if (n < walk->nr && walk->seen[n].addr == span->start) {
			i++;
			continue;
		}
		if (!span->imported || !a->releases || !oracle_idle(span))
			wrong("%c lost the span at 0x%lx", 'A' + a->nr, span->start);
		if (a->kind == PLAIN) {
			block = oracle_find(a->src->o, span->start);
			give(a->src, block);
		}
		oracle_remove(a->o, span);
	}
}

/* and what has come. */
static void see_new(struct arena *a, const struct walk *walk)
{
	unsigned int i;

	for (i = 0; i < walk->nr && !w.over; i++) {
		const struct range *range = &walk->seen[i];
		struct oracle_req req = { .size = range->size };
		const char *why;

		if (span_of(a, range->addr))
			continue;
		if (!imports(a))
			wrong("%c imported 0x%lx", 'A' + a->nr, range->addr);
		if (asks_arena(a)) {
			why = judge_loosely(a->src, &req, range->addr);
			if (why)
				wrong("%c imported 0x%lx + 0x%lx: %s", 'A' + a->nr,
				      range->addr, range->size, why);
			take(a->src, &req, range->addr, a->kind != PLAIN &&
			     range->size - 1 < a->src->cached_max)->span = true;
		}
		add_span(a, range->addr, range->size, true);
	}
}

static void sync_spans(void)
{
	struct walk walk[ARENAS];
	struct arena *a;

	for (a = w.arena + ARENAS; a-- > w.arena; )
		if (a->vmp && !a->ending && imports(a) && !exact(a)) {
			note_spans(a, &walk[a->nr]);
			w.over |= walk[a->nr].nr > ORACLE_SPANS;
			if (!w.over)
				see_gone(a, &walk[a->nr]);
		}
	for (a = w.arena; a < w.arena + ARENAS; a++)
		if (a->vmp && !a->ending && imports(a) && !exact(a) &&
		    !w.over)
			see_new(a, &walk[a->nr]);
}

/* === What holds after each operation === */

struct census {
	struct arena *a;
	unsigned int blocks;
	unsigned long inuse;
	unsigned long segments;
	unsigned long next;
};

/* A segment that is none of the callers' blocks is of a cache, or its slab. */
static void check_segment(void *arg, void *start, size_t size)
{
	struct census *census = arg;
	struct arena *a = census->a;
	unsigned long addr = (unsigned long)start, i;
	struct oracle_block *block = oracle_find(a->o, addr);
	const struct oracle_span *span = span_of(a, addr);

	if (!span)
		wrong("%c has a segment at 0x%lx in no span", 'A' + a->nr, addr);
	census->segments++;
	census->inuse += size;
	if (block && !is_cached(a, block)) {
		if (block->size != size)
			wrong("%c has 0x%lx + 0x%lx of size 0x%zx", 'A' + a->nr, addr,
			      block->size, size);
		census->blocks++;
		return;
	}
	if (a->tainted)
		return;
	if (size != a->slab_size && (size > a->cached_max || size % a->q))
		wrong("%c has a segment 0x%lx + 0x%zx that nobody asked for",
		      'A' + a->nr, addr, size);
	addr = (addr - span->start) / a->q;
	for (i = addr; i < addr + quanta(a, size); i++) {
		u32 id = span->cell[i];

		if (!id || id == U32_MAX)
			continue;
		if (!a->cached[id - 1])
			wrong("%c has a block in the segment 0x%p", 'A' + a->nr, start);
		census->blocks++;
	}
}

static void check_free(void *arg, void *start, size_t size)
{
	struct census *census = arg;
	struct arena *a = census->a;
	const struct oracle_span *span = span_of(a, (unsigned long)start);
	unsigned long from, i;

	if (!span)
		wrong("%c has free space at 0x%p in no span", 'A' + a->nr, start);
	from = ((unsigned long)start - span->start) / a->q;
	for (i = 0; i < size / a->q; i++)
		if (span->cell[from + i])
			wrong("%c has a block in the free segment 0x%p", 'A' + a->nr,
			      start);
}

/* Is what CPUs may hold what their magazines could? */
static void check_parked(const struct arena *a)
{
	const struct vmem_qcaches *caches = a->vmp->caches;
	const struct vmem_magazine *mag;
	unsigned int cpu, i;
	long parked = 0;

	if (!caches)
		return;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (i = 0; i < caches->nr; i++)
			for (mag = per_cpu_ptr(a->vmp->cpu, cpu)->loaded[i];
			     mag && mag != &vmem_closed; mag = mag->next)
				parked += mag->size * caches->cache[i].size;
	if (atomic_long_read(&caches->parked) != parked)
		wrong("%c has 0x%lx units parked, but counts 0x%lx", 'A' + a->nr, parked,
		      atomic_long_read(&caches->parked));
}

static void compare_loosely(struct arena *a)
{
	struct census census = { .a = a };

	vmem_walk(a->vmp, VMEM_ALLOC, check_segment, &census);
	vmem_walk(a->vmp, VMEM_FREE, check_free, &census);
	if (census.blocks != a->o->nr_blocks)
		wrong("%c has lost blocks: %u of %u are left", 'A' + a->nr,
		      census.blocks, a->o->nr_blocks);
	if (census.inuse != vmem_size(a->vmp, VMEM_ALLOC) ||
	    census.segments != vmem_stat(a->vmp, VMEM_STAT_ALLOC) -
			       vmem_stat(a->vmp, VMEM_STAT_FREE))
		wrong("%c counts other segments than it has", 'A' + a->nr);
}

static void check_equal(const struct arena *a, const char *what, u64 is, u64 want)
{
	if (is != want)
		wrong("%c: %s is 0x%llx, want 0x%llx", 'A' + a->nr, what, is, want);
}

static void check_stats(struct arena *a)
{
	u64 is[VMEM_NR_STATS];
	unsigned long flags;

	spin_lock_irqsave(&a->vmp->lock, flags);
	__vmem_stats(a->vmp, is);
	spin_unlock_irqrestore(&a->vmp->lock, flags);
	check_equal(a, "mem_total", is[VMEM_STAT_MEM_TOTAL], a->o->total);
	check_equal(a, "mem_import", is[VMEM_STAT_MEM_IMPORT], a->o->imported);
	check_equal(a, "contains", is[VMEM_STAT_CONTAINS], a->contains);
	check_equal(a, "vmem_source", is[VMEM_STAT_SOURCE],
		    a->src ? a->src->vmp->id : 0);
	if (exact(a)) {
		check_equal(a, "mem_inuse", is[VMEM_STAT_MEM_INUSE], a->o->inuse);
		check_equal(a, "alloc - free",
			    is[VMEM_STAT_ALLOC] - is[VMEM_STAT_FREE],
			    a->o->nr_blocks);
	}
	if (a->tainted)
		return;
	/* Without memory for its records, what is bad may not have been looked at. */
	if (a->lied && w.failed && is[VMEM_STAT_MISUSE] == a->misuses - 1)
		a->misuses--;
	check_equal(a, "misuse", is[VMEM_STAT_MISUSE], a->misuses);
	if (a->had_children && is[VMEM_STAT_FAIL] > a->fails)
		a->fails = is[VMEM_STAT_FAIL];
	check_equal(a, "fail", is[VMEM_STAT_FAIL], a->fails);
}

static void check_arena(struct arena *a, bool all)
{
	const char *why = NULL;

	check_stats(a);
	if (a->bad.addr && a->releases)
		wrong("%c did not give back 0x%lx", 'A' + a->nr, a->bad.addr);
	if (exact(a) && (all || imports(a)))
		why = oracle_compare(a->o, a->vmp, VMEM_SPAN | (all ? VMEM_ALLOC |
				     VMEM_FREE : 0));
	else if (all && !a->tainted)
		compare_loosely(a);
	if (all)
		check_parked(a);
	if (why)
		wrong("%c: %s", 'A' + a->nr, why);
	if (all && !vmem_validate(a->vmp))
		wrong("%c is broken", 'A' + a->nr);
	a->lied = false;
}

static void check(void)
{
	bool all = strict || w.ops % w.validate == 0;
	struct arena *a;

	u32 dice = current->dice;
	int cpu = current->cpu;

	if (w.nested || w.over)
		return;
	sync_spans();
	for (a = w.arena; a < w.arena + ARENAS && !w.over; a++)
		if (a->vmp)
			check_arena(a, all);
	/* To look at more changes nothing. */
	current->dice = dice;
	current->cpu = cpu;
}

/* === Frees === */

static void free_as(struct arena *a, unsigned long addr, unsigned long size, bool x)
{
	tell(a, "vmem_%sfree(0x%lx, 0x%lx)", x ? "x" : "", addr, size);
	begin_call();
	if (x)
		vmem_xfree(a->vmp, (void *)addr, size);
	else
		vmem_free(a->vmp, (void *)addr, size);
	end_call();
}

/* Free a block, by whichever call is legal. */
static void free_block(struct arena *a, struct oracle_block *block, bool x)
{
	unsigned long addr = block->addr, size = block->size;
	const struct oracle_span *span;

	if (is_cached(a, block))
		x = false;
	else if (size - 1 < a->cached_max)
		x = true;
	if (a->kind == MEMORY)
		memset((void *)addr, 0xa5, size);
	span = give(a, block);
	w.changed |= w.nested;
	free_as(a, addr, size, x);
	if (exact(a))
		cascade(a, span);
	else
		sync_spans();
}

/* One of the blocks that are no spans of others; NULL if it is one. */
static struct oracle_block *any_block(struct arena *a, unsigned int n)
{
	struct oracle *o = a->o;
	struct oracle_block *block;

	if (!o->nr_blocks)
		return NULL;
	block = &o->block[n % o->nr_blocks];
	return block->span ? NULL : block;
}

static bool free_any(struct arena *a, unsigned int n, bool x)
{
	struct oracle_block *block = any_block(a, n);

	if (block)
		free_block(a, block, x);
	return block;
}

/* === Requests === */

enum class {
	REFUSED,
	HOPELESS,
	UNSURE,				/* HOPELESS or GOOD */
	GOOD,
};

/* Is there an address at all? What crosses what repeats itself after @nocross. */
static enum class find_hope(const struct arena *a, const struct oracle_req *req)
{
	unsigned long align = req->align ?: a->q, addr = max(req->min, 1ul);
	unsigned long len = quanta(a, req->size) * a->q, from, n;

	if (quanta(a, req->size) > ULONG_MAX / a->q)
		return HOPELESS;
	for (n = 0; n <= (req->nocross ?: align) / align; n++, addr += align) {
		from = addr;
		addr += (req->phase - addr) & (align - 1);
		if (addr < from || addr + (len - 1) < addr ||
		    (req->max && addr + (req->size - 1) >= req->max))
			return HOPELESS;
		if (suits(a, req, addr))
			return GOOD;
		if (n == 1024)
			return UNSURE;
		if (addr + align < addr)
			return HOPELESS;
	}
	return HOPELESS;
}

/* In the order of the manual. */
static enum class classify(const struct arena *a, const struct oracle_req *req)
{
	unsigned long align = req->align ?: a->q, end;

	if (!req->size)
		return REFUSED;
	if (align % a->q || req->phase % a->q || req->nocross % a->q)
		return REFUSED;
	if (req->nocross) {
		end = req->phase + req->size;
		if (align > req->nocross || end < req->size)
			return REFUSED;
		if (end % align)
			end += align - end % align;
		if (!end || end > req->nocross)
			return REFUSED;
	}
	if (req->phase >= align || !is_power_of_2(align) ||
	    (req->nocross && !is_power_of_2(req->nocross)))
		return REFUSED;
	if (req->max && req->min > req->max)
		return REFUSED;
	return find_hope(a, req);
}

/* The others, while somebody sleeps: they free blocks, one after the other. */
static void idle(void)
{
	struct arena *a = w.sleeper, *from;
	unsigned int i, start;
	u32 was;

	if (!a)
		wrong("a call sleeps that must not");
	w.slept = true;
	if (possible(a, w.sleeper_req, true))
		wrong("%c: somebody sleeps who could be served", 'A' + a->nr);
	was = enter();
	start = below(&w.rnd, ARENAS);
	for (i = 0; i < ARENAS; i++) {
		unsigned int n, first;

		from = &w.arena[(start + i) % ARENAS];
		if (!from->vmp || from->tainted || !from->o->nr_blocks)
			continue;
		first = below(&w.rnd, from->o->nr_blocks);
		for (n = 0; n < from->o->nr_blocks; n++)
			if (free_any(from, first + n, first & 1))
				goto done;
	}
	tell(a, "killed");
	send_sig(SIGKILL, current, 0);
done:
	leave(was);
}

static void expect_imports(struct arena *a, const struct oracle_req *req, bool known)
{
	struct arena *src;
	struct oracle_req ask;

	for (src = a; src; src = src->src) {
		src->asked = 0;
		src->gave = false;
		src->lied = false;
		src->want = 0;
		src->want_align = 0;
	}
	if (known && import_of(a, req, &ask)) {
		a->want = ask.size;
		a->want_align = req->align ?: a->q;
	}
}

/* A request to an arena that has been tainted: nothing is known of what comes. */
static void request_odd(struct arena *a, const struct oracle_req *req, bool x)
{
	unsigned long addr, i;
	int km = w.km;

	if (!x && req->size - 1 >= a->cached_max)
		return;
	expect_imports(a, req, false);
	w.km = VM_NOSLEEP;
	begin_call();
	if (x)
		addr = (unsigned long)vmem_xalloc(a->vmp, req->size, 0, 0, 0, NULL,
						  NULL, VM_NOSLEEP);
	else
		addr = (unsigned long)vmem_alloc(a->vmp, req->size, VM_NOSLEEP);
	end_call();
	w.km = km;
	tell(a, "tainted: 0x%lx of size 0x%lx", addr, req->size);
	sync_spans();
	if (!addr || x) {
		if (addr)
			free_as(a, addr, req->size, true);
		return;
	}
	i = a->nr_odd++ % ARRAY_SIZE(a->odd);
	if (a->odd[i])
		free_as(a, a->odd[i], a->q, false);
	a->odd[i] = addr;
}

static unsigned long call(struct arena *a, const struct oracle_req *req, bool x)
{
	void *addr;

	if (x)
		addr = vmem_xalloc(a->vmp, req->size, req->align, req->phase,
				   req->nocross, (void *)req->min,
				   (void *)req->max, req->vmflag);
	else
		addr = vmem_alloc(a->vmp, req->size, req->vmflag);
	return (unsigned long)addr;
}

/* NULL, although the request was a good one: had it to fail? */
static void check_failure(struct arena *a, const struct oracle_req *req)
{
	struct oracle_req ask;
	bool asks = import_of(a, req, &ask) && !asks_arena(a) && a->kind != MEMORY;

	if (w.failed || w.faulty || w.changed || w.interrupted || w.slept)
		return;
	if (possible(a, req, false))
		wrong("%c: NULL, but there was a place", 'A' + a->nr);
	if (!exact(a))
		return;
	if (asks && !a->asked)
		wrong("%c did not ask its function", 'A' + a->nr);
	if (a->gave)
		wrong("%c failed with what it needs", 'A' + a->nr);
}

/*
 * Those who may not sleep can have all that is not in magazines of other CPUs, which
 * is not more than a hundredth.
 */
static void check_stranded(struct arena *a, const struct oracle_req *req)
{
	unsigned long held = 0;
	unsigned int i;

	if (w.failed || w.faulty || w.interrupted || w.nested || imports(a) ||
	    (req->vmflag & VM_ABORT) || req->size > a->q || req->align > a->q ||
	    req->nocross || req->min || req->max)
		return;
	for (i = 0; i < a->o->nr_blocks; i++)
		held += quanta(a, a->o->block[i].size);
	if ((cells(a) - held) * 100 > cells(a))
		wrong("%c: %lu of %lu quanta are held, and no more can be had",
		      'A' + a->nr, held, cells(a));
}

/* An address, where the model says exactly what it may be. */
static void judge_exactly(struct arena *a, const struct oracle_req *req,
			  unsigned long addr)
{
	bool early = w.changed && oracle_possible(a->o, req);
	const char *why = NULL;
	struct range span;
	unsigned long want;

	if (early)
		why = oracle_judge(a->o, req, addr, &want);
	if (learn(a, req, &span)) {
		/* What has been freed meanwhile may be used, or not. */
		if (early && addr - span.addr < span.size)
			why = judge_loosely(a, req, addr);
	}
	if (w.over)
		return;
	if (!early)
		why = oracle_judge(a->o, req, addr, &want);
	if (why)
		wrong("%c: 0x%lx, want 0x%lx: %s", 'A' + a->nr, addr, want, why);
}

static void judge(struct arena *a, const struct oracle_req *req, unsigned long addr,
		  bool cached)
{
	const char *why;

	if (w.over)
		return;
	if (exact(a)) {
		judge_exactly(a, req, addr);
	} else {
		why = judge_loosely(a, req, addr);
		if (why)
			wrong("%c: 0x%lx: %s", 'A' + a->nr, addr, why);
	}
	if (w.over)
		return;
	if (a->kind == MEMORY)
		memset((void *)addr, 0x5a, req->size);
	take(a, req, addr, cached);
}

/* What becomes of flags: who must not sleep does not ask to. */
static void settle_flags(struct arena *a, struct oracle_req *req, enum class class)
{
	bool patient = !(req->vmflag & (VM_NOSLEEP | VM_ABORT));

	if (w.nested || (patient && class == UNSURE))
		req->vmflag |= VM_NOSLEEP;
	else if (patient && class == GOOD && !possible(a, req, true))
		req->vmflag |= VM_KILLABLE;
	if (!w.nested && !(req->vmflag & (VM_NOSLEEP | VM_ABORT)))
		w.faulty = false;
}

static unsigned long request(struct arena *a, const struct oracle_req *given, bool x)
{
	struct oracle_req req = *given, seen;
	bool cached = !x && req.size - 1 < a->cached_max;
	enum class class = classify(a, &req);
	unsigned long addr;
	int km = w.km;
	bool faulty;

	if (a->tainted) {
		request_odd(a, &req, x);
		return 0;
	}
	if (a->kind == MEMORY && req.size > 8 * PAGE_SIZE)
		return 0;
	if (a->o->nr_blocks >= LIVE && !w.nested)
		return 0;
	settle_flags(a, &req, class);
	faulty = w.faulty && !w.nested;
	seen = req;
	if (cached)
		seen.vmflag &= ~(VM_BESTFIT | VM_FIRSTFIT | VM_NEXTFIT | VM_ENDALLOC);
	tell(a,
	     "vmem_%salloc(0x%lx, align 0x%lx, phase 0x%lx, nocross 0x%lx, min 0x%lx, max 0x%lx, 0x%x)%s",
	     x ? "x" : "", req.size, req.align, req.phase, req.nocross, req.min,
	     req.max, req.vmflag, faulty ? " made to fail" : "");
	expect_imports(a, &seen, exact(a));
	w.km = req.vmflag & VM_KMFLAGS;
	if (!w.nested) {
		w.slept = false;
		w.sleeper = req.vmflag & (VM_NOSLEEP | VM_ABORT) ? NULL : a;
		w.sleeper_req = &seen;
		vmem_fail_attr.probability = w.faulty ? 100 : 0;
	}
	begin_call();
	addr = call(a, &req, x);
	end_call();
	if (!w.nested) {
		vmem_fail_attr.probability = 0;
		w.sleeper = NULL;
		flush_signals(current);
	}
	w.km = km;
	tell(a, "= 0x%lx", addr);
	if (!exact(a))
		sync_spans();

	if (addr && (class <= HOPELESS || faulty))
		wrong("%c: 0x%lx for a request that is to fail", 'A' + a->nr, addr);
	if (class == REFUSED ||
	    (class == HOPELESS && !(req.vmflag & (VM_NOSLEEP | VM_ABORT)))) {
		a->misuses++;
	} else if (addr) {
		judge(a, &seen, addr, cached);
	} else {
		a->fails++;
		if (class == GOOD) {
			check_failure(a, &seen);
			check_stranded(a, &seen);
		}
	}
	if (!w.nested)
		w.faulty = false;
	return addr;
}

/* === Import functions of our own === */

static bool is_out(const struct arena *a, unsigned long addr, unsigned long size)
{
	unsigned int i;

	for (i = 0; i < a->nr_out; i++)
		if (addr <= a->out[i].addr + (a->out[i].size - 1) &&
		    addr + (size - 1) >= a->out[i].addr)
			return true;
	return false;
}

/* The lowest number of a window, of which there are eight at each place. */
static unsigned long window(const struct arena *a, bool imported)
{
	unsigned int n = 2 * ((a->nr + w.turn) % ARENAS) + imported;

	switch (a->where) {
	case 0:
		return n * GAP;
	case 1:
		return TOP((n + 1) * GAP);
	case 2:
		return SIGN + n * GAP - 4 * GAP;
	default:
		return 0x7f0000000000 + n * GAP;
	}
}

/* Space of its own, if it has no arena to ask: somewhere in its window. */
static unsigned long own_space(struct arena *a, unsigned long size,
			       unsigned long align)
{
	unsigned long most = most_cells(a) - min(cells(a), most_cells(a));
	unsigned int i = below(&w.rnd, 8), end = i + 2 * ARRAY_SIZE(a->out);
	unsigned long addr, step;

	if (a->nr_out == ARRAY_SIZE(a->out) || size > most * a->q || align > GAP / 4)
		return 0;
	step = (size + align - 1) & -align;
	for (; i < end && (i + 2) * step < GAP; i++) {
		addr = window(a, true);
		addr += a->where == 1 ? GAP - (i + 1) * step : (i + 1) * step;
		if (is_out(a, addr, size))
			continue;
		a->out[a->nr_out++] = (struct range){ addr, size };
		return addr;
	}
	return 0;
}

static unsigned long space_of_source(struct arena *a, unsigned long size,
				     unsigned long align, int vmflag)
{
	struct oracle_req req = {
		.size = size,
		.align = max3(align, a->q, a->src->q),
		.vmflag = vmflag | VM_NOSLEEP,
	};
	unsigned long addr = request(a->src, &req, true);

	if (addr && !w.over)
		oracle_find(a->src->o, addr)->span = true;
	return addr;
}

/* What nobody should take for space. Returns 0 if that cannot be, here. */
static unsigned long lie(struct arena *a, size_t *sizep)
{
	unsigned long unit = import_unit(a), addr = window(a, true) + GAP / 2;
	bool grows = a->kind == GROWING;

	switch (a->lie) {
	case 1:
		return a->q > 1 ? addr + a->q / 2 : 0;
	case 2:
		if (!grows)
			return 0;
		*sizep -= unit;
		return addr;
	case 3:
		if (!grows || unit == 1)
			return 0;
		*sizep += 1;
		return addr;
	case 4:
		return *sizep > a->q ? TOP(a->q) : 0;
	case 5:
		return a->o->nr_spans ? a->o->span[0]->start : 0;
	default:
		return 0;
	}
}

static bool try_lie(struct arena *a, size_t *sizep, unsigned long align,
		    unsigned long *addr)
{
	*addr = lie(a, sizep);
	a->lie = 0;
	/* It may be that this overlaps nothing, but is not aligned. Both are bad. */
	if (!*addr)
		return false;
	a->bad = (struct range){ *addr, *sizep };
	a->lied = true;
	a->misuses++;
	tell(a, "lies: 0x%lx + 0x%zx", *addr, *sizep);
	return true;
}

static unsigned long honest(struct arena *a, size_t *sizep, unsigned long align,
			    int vmflag)
{
	unsigned long unit = import_unit(a), more;

	if (a->kind == GROWING && a->grow) {
		more = DIV_ROUND_UP(*sizep, unit * a->grow) * unit * a->grow;
		if (more >= *sizep && more <= most_cells(a) * a->q)
			*sizep = more;
	}
	align = a->cflags & VMC_XALIGN ? max(align, unit) : unit;
	return a->src ? space_of_source(a, *sizep, align, vmflag) :
			own_space(a, *sizep, align);
}

static void *import(struct arena *a, vmem_t *source, size_t *sizep, size_t align,
		    int vmflag)
{
	u32 was = enter();
	unsigned long addr;

	tell(a, "asks for 0x%zx, align 0x%zx", *sizep, align);
	a->asked++;
	if (source != (a->src ? a->src->vmp : NULL))
		wrong("%c asks with another source", 'A' + a->nr);
	if (vmflag != w.km)
		wrong("%c passes flags 0x%x, not 0x%x", 'A' + a->nr, vmflag, w.km);
	if (*sizep % import_unit(a) || (a->want && *sizep != a->want))
		wrong("%c asks for 0x%zx, not 0x%lx", 'A' + a->nr, *sizep, a->want);
	if (a->want && align && align != a->want_align)
		wrong("%c asks for align 0x%zx, not 0x%lx", 'A' + a->nr, align,
		      a->want_align);
	if (exact(a) && a->asked > 1 && (vmflag & VM_NOSLEEP))
		wrong("%c asks more than once", 'A' + a->nr);
	if (a->liberal && a->o->nr_blocks) {
		a->liberal = false;
		free_any(a, below(&w.rnd, a->o->nr_blocks), false);
	}
	if (!try_lie(a, sizep, align, &addr)) {
		addr = honest(a, sizep, align, vmflag);
		a->gave = addr;
	}
	leave(was);
	return (void *)addr;
}

static void take_out(struct arena *a, const struct range *range)
{
	unsigned int i;

	for (i = 0; i < a->nr_out; i++)
		if (a->out[i].addr == range->addr && a->out[i].size == range->size)
			break;
	if (i == a->nr_out)
		wrong("%c releases 0x%lx + 0x%lx, which it never had", 'A' + a->nr,
		      range->addr, range->size);
	a->out[i] = a->out[--a->nr_out];
}

static void release(struct arena *a, vmem_t *source, void *addr, size_t size)
{
	struct range range = { (unsigned long)addr, size };
	struct oracle_block *block;
	u32 was = enter();

	tell(a, "releases 0x%lx + 0x%zx", range.addr, size);
	if (source != (a->src ? a->src->vmp : NULL))
		wrong("%c gives back with another source", 'A' + a->nr);
	if (a->bad.addr == range.addr && a->bad.size == range.size) {
		a->bad = (struct range){};
	} else if (!a->src) {
		take_out(a, &range);
	} else {
		block = oracle_find(a->src->o, range.addr);
		if (block && (!block->span || block->size != size))
			wrong("%c releases what is not its own", 'A' + a->nr);
		if (block)
			free_block(a->src, block, a->kind != HALF);
		else if (a->kind == HALF || w.over)	/* not in the model yet */
			free_as(a->src, range.addr, size, false);
		else
			wrong("%c releases what it does not have", 'A' + a->nr);
	}
	leave(was);
}

/* One of each for each arena, as they are not told which one calls. */
#define FUNCTIONS(n) \
static void *import_##n(vmem_t *source, size_t size, int vmflag) \
{ \
	return import(&w.arena[n], source, &size, 0, vmflag); \
} \
static void *ximport_##n(vmem_t *source, size_t *sizep, size_t align, int vmflag) \
{ \
	return import(&w.arena[n], source, sizep, align, vmflag); \
} \
static void release_##n(vmem_t *source, void *addr, size_t size) \
{ \
	release(&w.arena[n], source, addr, size); \
}
FUNCTIONS(0)
FUNCTIONS(1)
FUNCTIONS(2)
FUNCTIONS(3)

static vmem_alloc_t * const import_fn[] = { import_0, import_1, import_2, import_3 };
static vmem_ximport_t * const ximport_fn[] = {
	ximport_0, ximport_1, ximport_2, ximport_3
};
static vmem_free_t * const release_fn[] = {
	release_0, release_1, release_2, release_3
};

/* === Beginning and end of an arena === */

static struct arena *root_of(struct arena *a)
{
	while (a->src)
		a = a->src;
	return a;
}

static struct arena *child_of(const struct arena *a)
{
	struct arena *child;

	for (child = w.arena; child < w.arena + ARENAS; child++)
		if (child->vmp && child->src == a)
			return child;
	return NULL;
}

/* By the manual: one size of slabs for all caches of an arena. */
static unsigned long slab_size_of(unsigned long q, unsigned long nr)
{
	unsigned long size = 64;

	while (size <= 3 * nr * q)
		size *= 2;
	return size;
}

static const struct {
	vmem_alloc_t *alloc;
	vmem_free_t *free;
} memory[] = {
	{ vmem_pages_alloc, vmem_pages_free },
	{ vmem_kvmalloc_alloc, vmem_kvmalloc_free },
	{ vmem_vmalloc_alloc, vmem_vmalloc_free },
};

static void choose_import(struct arena *a, u8 kind, u8 src)
{
	static const enum kind kinds[] = {
		ROOT, ROOT, PLAIN, PLAIN, FOREIGN, GROWING, KEEPS, MEMORY,
	};

	a->kind = kinds[kind % 8];
	a->releases = imports(a);
	if (a->nr)
		a->src = &w.arena[src % a->nr];
	if (a->src && (!a->src->vmp || a->src->kind == MEMORY || a->src->tainted))
		a->src = NULL;
	if (a->kind == ROOT || a->kind == MEMORY ||
	    ((a->kind == FOREIGN || a->kind == GROWING) && (src & 0x20)))
		a->src = NULL;
	if (a->kind == FOREIGN || a->kind == GROWING)
		a->releases = src & 0x10 || a->src;
	if (!a->src && asks_arena(a)) {
		a->kind = ROOT;
		a->releases = false;
	}
	a->memory = src % ARRAY_SIZE(memory);
	a->inexact = a->kind == MEMORY;
}

static void choose_quantum(struct arena *a, u8 n)
{
	static const unsigned long quantum[] = {
		1, 1, 16, 64, 0x100, 0x1000, 0x1000, 0x4000,
	};

	a->q = quantum[n % 8];
	if (a->kind == MEMORY)
		a->q = clamp(a->q, 16ul, PAGE_SIZE);
	/* Fewer cells for the model, and fewer bad imports. */
	if (a->src)
		a->q = max(a->q, a->src->q / 64);
	if (a->kind == KEEPS && a->q > a->src->q)
		a->kind = PLAIN;
	else if (a->kind == KEEPS && (n & 8))
		a->kind = HALF;
	if (a->kind == KEEPS)
		a->releases = false;
}

static void choose_caches(struct arena *a, u8 n, unsigned long *qcache_max)
{
	unsigned long nr = n & 0x80 ? n % 32 : 0;

	*qcache_max = nr * a->q + (n & 0x20 ? a->q / 2 : 0);
	if (n & 0x40) {
		a->cflags |= VMC_NO_QCACHE;
		a->min_import = slab_size_of(a->q, min(nr, 16ul));
	} else if (nr) {
		nr = min(nr, 16ul);
		a->cached_max = nr * a->q;
		a->slab_size = slab_size_of(a->q, nr);
		root_of(a)->inexact = true;
	}
}

static void choose_flags(struct arena *a, u8 n)
{
	static const int flags[] = {
		VMC_POPULATOR, VMC_DUMPSAFE, VMC_XALLOC, VMC_KMEMLEAK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (n >> i & 1)
			a->cflags |= flags[i];
	if (n & 0x10 && a->kind == GROWING)
		a->cflags |= VMC_XALIGN;
	if (a->src ? a->src->cflags & VMC_IDENTIFIER : n & 0x20)
		a->cflags |= VMC_IDENTIFIER;
	if (a->cflags & VMC_IDENTIFIER)
		a->cflags &= ~VMC_KMEMLEAK;
}

/* The first span, if there is to be one. */
static struct range choose_span(struct arena *a, u8 n)
{
	static const unsigned int few[] = { 40, 1, 3, 9, 17, 64, 100, 128 };
	static const unsigned int many[] = { 2048, 40, 64, 100, 500, 1000, 4096, 8192 };
	unsigned long nr = a->cached_max ? many[n % 8] : few[n % 8];
	unsigned long first = window(a, false);
	struct range range = { .size = nr * a->q };

	if (n & 0x40 && imports(a))
		return (struct range){};
	if (a->where == 1)
		range.addr = first + (GAP - range.size);
	else
		range.addr = first + max(a->q, (n & 0x38) * a->q);
	return range;
}

static vmem_t *create(struct arena *a, const struct range *span,
		      unsigned long qcache_max, int vmflag)
{
	vmem_alloc_t *alloc_fn = NULL;
	vmem_free_t *free_fn = NULL;
	vmem_t *src = a->src ? a->src->vmp : NULL;
	char name[] = "A";

	name[0] += a->nr;
	if (a->kind == FOREIGN)
		alloc_fn = import_fn[a->nr];
	else if (a->kind == MEMORY)
		alloc_fn = memory[a->memory].alloc;
	else if (asks_arena(a))
		alloc_fn = vmem_alloc;
	if (a->releases)
		free_fn = a->kind == PLAIN ? vmem_free :
			  a->kind == MEMORY ? memory[a->memory].free : release_fn[a->nr];
	if (a->kind == GROWING)
		return vmem_xcreate(name, (void *)span->addr, span->size, a->q,
				    ximport_fn[a->nr], free_fn, src, qcache_max,
				    vmflag);
	return vmem_create(name, (void *)span->addr, span->size, a->q, alloc_fn,
			   free_fn, src, qcache_max, vmflag);
}

static void create_arena(unsigned int nr)
{
	struct arena *a = &w.arena[nr];
	u8 kind = byte(), span_byte = byte(), caches = byte(), flags = byte();
	unsigned long qcache_max;
	struct range span;

	*a = (struct arena){ .nr = nr, .where = span_byte >> 3 & 3 };
	choose_import(a, kind >> 4, flags >> 6 | (caches & 0x10) | (span_byte >> 2 & 0x20));
	choose_quantum(a, kind);
	choose_flags(a, flags);
	choose_caches(a, caches, &qcache_max);
	a->grow = span_byte >> 5 & 3;
	span = a->kind == MEMORY ? (struct range){} : choose_span(a, span_byte);
	tell(a,
	     "create: kind %d, quantum 0x%lx, source %c, span 0x%lx + 0x%lx, qcache_max 0x%lx, flags 0x%x",
	     a->kind, a->q, a->src ? 'A' + a->src->nr : '-', span.addr, span.size,
	     qcache_max, a->cflags);

	a->o = oracle_create(a->q, BLOCKS);
	begin_call();
	a->vmp = create(a, &span, qcache_max, a->cflags | (flags & 0x40 ? VM_NOSLEEP : 0));
	end_call();
	if (!a->vmp && !(w.failed && (flags & 0x40)))
		wrong("%c could not be created", 'A' + nr);
	if (!a->vmp)
		a->vmp = create(a, &span, qcache_max, a->cflags);
	if (span.size)
		add_span(a, span.addr, span.size, false);
	if (a->src)
		a->src->had_children = true;
	if (!verbose) {
		a->vmp->reports.burst = 0;
		a->vmp->reports.interval = INT_MAX;
	}
	check_equal(a, "slab size", a->vmp->caches ? a->vmp->caches->slab_size : 0,
		    a->slab_size);
}

/* What is imported goes back with the arena, or becomes the callers' problem. */
static void return_spans(struct arena *a)
{
	struct oracle_block *block;
	unsigned int i;

	for (i = 0; i < a->o->nr_spans; i++) {
		if (!a->o->span[i]->imported)
			continue;
		if (a->kind == KEEPS)
			oracle_find(a->src->o, a->o->span[i]->start)->span = false;
		if (a->kind != PLAIN)
			continue;
		block = oracle_find(a->src->o, a->o->span[i]->start);
		if (exact(a))
			cascade(a->src, give(a->src, block));
		else
			give(a->src, block);
	}
}

static void destroy_arena(struct arena *a)
{
	bool refused = child_of(a);

	tell(a, "destroy");
	if (!refused && !exact(a))
		sync_spans();
	a->ending = !refused;
	begin_call();
	vmem_destroy(a->vmp);
	end_call();
	if (refused) {
		a->misuses++;
		return;
	}
	if (a->bad.addr && a->releases)
		wrong("%c did not give back 0x%lx", 'A' + a->nr, a->bad.addr);
	if (a->releases && a->nr_out && !w.over)
		wrong("%c did not return its spans", 'A' + a->nr);
	a->vmp = NULL;
	if (!w.over)
		return_spans(a);
	oracle_destroy(a->o);
	a->o = NULL;
}

/* Everything is freed: then there is nothing left. */
static void drain_arena(struct arena *a)
{
	unsigned int n;

	while (a->o->nr_blocks && !w.over) {
		n = below(&w.rnd, a->o->nr_blocks);
		if (!free_any(a, n, n & 1))
			wrong("%c holds spans of others, who have ended", 'A' + a->nr);
		check();
	}
	if (w.over || a->tainted)
		return;
	vmem_qcache_reap(a->vmp);
	check();
	check_equal(a, "mem_inuse", vmem_size(a->vmp, VMEM_ALLOC), 0);
	if (!vmem_validate(a->vmp))
		wrong("%c is broken", 'A' + a->nr);
}

static void end_arena(struct arena *a)
{
	if (!a->tainted)
		drain_arena(a);
	destroy_arena(a);
}

/* === Operations === */

static int flags_of(u8 n)
{
	static const int policy[] = {
		0, VM_BESTFIT, VM_FIRSTFIT, VM_NEXTFIT, 0, VM_NEXTFIT | VM_BESTFIT,
		VM_BESTFIT | VM_FIRSTFIT, VM_FIRSTFIT,
	};
	static const int patience[] = {
		VM_NOSLEEP, VM_NOSLEEP, VM_SLEEP, VM_SLEEP | VM_ABORT,
	};
	int vmflag = policy[n & 7] | patience[n >> 6];

	if (n & 8)
		vmflag |= VM_ENDALLOC;
	if (n & 16)
		vmflag |= VM_PUSHPAGE | VM_NORMALPRI | VM_MEMLOAD | VM_NORELOC | 0x8070;
	if (n & 32)
		vmflag |= VM_ABORT;
	return vmflag;
}

static unsigned long size_of(const struct arena *a, u8 n)
{
	unsigned long units = n % 32;

	switch (n >> 5) {
	case 0: case 1:
		return (units + 1) * a->q;
	case 2:
		return (units + 1) * a->q - a->q / 2;
	case 3:
		return a->cached_max + units * a->q - a->q / 4;
	case 4:
		return (units * 8 + 1) * a->q;
	case 5:
		return a->q << (units % 16);
	case 6:
		return units < 16 ? a->o->total / (units + 1) : units - 16;
	default:
		return TOP(units < 16 ? units * a->q : units - 16);
	}
}

static unsigned long addr_of(const struct arena *a, u8 n, u8 fine)
{
	const struct oracle_span *span;
	unsigned long addr;

	if (!a->o->nr_spans)
		return n * a->q + fine;
	span = a->o->span[fine % a->o->nr_spans];
	addr = span->start + (n * (span->nr / 128 + 1) - 2ul) * a->q;
	return addr + (fine & 0x80 ? fine % a->q : 0);
}

static void op_alloc(struct arena *a)
{
	struct oracle_req req = { .size = size_of(a, byte()), .vmflag = flags_of(byte()) };

	request(a, &req, false);
}

/* Constraints as they come, of which many are refused. */
static void op_xalloc(struct arena *a)
{
	struct oracle_req req = { .size = size_of(a, byte()), .vmflag = flags_of(byte()) };
	u8 which = byte(), n;

	if (which & 1) {
		n = byte();
		req.align = n & 0x80 ? size_of(a, n) : a->q << n % 16;
	}
	if (which & 2)
		req.phase = byte() % 64 * a->q;
	if (which & 4) {
		n = byte();
		req.nocross = n & 0x80 ? size_of(a, n) : a->q << n % 16;
	}
	if (which & 8) {
		n = byte();
		req.min = addr_of(a, n, byte());
	}
	if (which & 16) {
		n = byte();
		req.max = addr_of(a, n, byte());
	}
	if (which & 32 && req.align)
		req.phase &= req.align - 1;
	if (which & 64 && req.nocross && max(req.nocross, req.align) < SIGN)
		req.nocross = roundup_pow_of_two(max(req.nocross, req.align));
	request(a, &req, true);
}

static void op_free(struct arena *a)
{
	u8 n = byte();

	if (!a->tainted)
		free_any(a, n, n & 1);
}

/* Many at once, chosen at random: most of what is done. */
static void op_random(struct arena *a)
{
	unsigned int ops = byte() % 32 + 1, kind = byte();
	u32 percent = kind % 4 * 25 + 20;
	struct oracle_req req = {};

	prandom_seed_state(&w.rnd, kind * 256ull + byte());
	while (ops-- && !w.over) {
		if (below(&w.rnd, 100) >= percent) {
			if (a->o->nr_blocks && !a->tainted)
				free_any(a, below(&w.rnd, a->o->nr_blocks), ops & 1);
		} else if (kind & 0x40) {
			req = (struct oracle_req){ .vmflag = VM_NOSLEEP };
			oracle_random_size(a->o, &w.rnd, &req);
			request(a, &req, false);
		} else {
			oracle_random_req(a->o, &w.rnd, &req);
			if (!(kind & 0x80))
				req.vmflag |= VM_NOSLEEP;
			request(a, &req, req.align | req.phase | req.nocross |
				req.min | req.max | (ops & 1));
		}
		check();
	}
}

/* As many of one size as there is a use for in magazines. */
static void op_fill(struct arena *a)
{
	u8 n = byte();
	struct oracle_req req = { .size = (n % 4 + 1) * a->q, .vmflag = VM_NOSLEEP };
	unsigned int nr = n >> 2;

	while (nr-- && !w.over && request(a, &req, false))
		check();
}

/* Sleep for more than there is: others will free what they have. */
static void op_sleep(struct arena *a)
{
	u8 n = byte();
	struct oracle_req req = { .size = (n % 8 + 1) * a->q, .vmflag = VM_NOSLEEP };
	unsigned int nr = 64;

	while (nr-- && !w.over && request(a, &req, n & 0x20))
		check();
	check();
	req.size += (n >> 6) * a->q;
	req.vmflag = flags_of(n >> 3 & 3);
	req.vmflag &= ~VM_NOSLEEP;
	request(a, &req, n & 0x10);
}

static void op_drain(struct arena *a)
{
	unsigned int nr = byte();

	while (nr-- && a->o->nr_blocks && !w.over && !a->tainted &&
	       free_any(a, a->o->nr_blocks - 1, nr & 1))
		check();
}

static void alloc_bulk(struct arena *a, const struct oracle_req *req, void **addrs,
		       size_t nr)
{
	bool cached = req->size - 1 < a->cached_max;
	size_t got, i;

	tell(a, "vmem_alloc_bulk(0x%lx, %zu)", req->size, nr);
	expect_imports(a, req, false);
	w.km = req->vmflag & VM_KMFLAGS;
	begin_call();
	got = vmem_alloc_bulk(a->vmp, req->size, nr, addrs, req->vmflag);
	end_call();
	tell(a, "= %zu", got);
	sync_spans();
	for (i = 0; i < got && !w.over; i++)
		judge(a, req, (unsigned long)addrs[i], cached);
	if (got < nr) {
		a->fails++;
		check_failure(a, req);
	}
}

static void op_bulk(struct arena *a)
{
	struct oracle_req req = { .size = size_of(a, byte() % 128), .vmflag = VM_NOSLEEP };
	size_t nr = byte() % 24;
	void *addrs[24];

	if (a->tainted || a->o->nr_blocks + nr > LIVE || (exact(a) && imports(a)) ||
	    !req.size || a->kind == MEMORY)
		return;
	w.slept = false;
	alloc_bulk(a, &req, addrs, nr);
}

/* All blocks of one size, as far as they are no spans. */
static void op_free_bulk(struct arena *a)
{
	struct oracle_block *block = any_block(a, byte());
	unsigned long size = block ? block->size : 0;
	void *addrs[24];
	size_t nr = 0, freed;
	unsigned int i;

	if (a->tainted || !block || (exact(a) && imports(a)) ||
	    (size - 1 < a->cached_max && !is_cached(a, block)))
		return;
	for (i = a->o->nr_blocks; i-- && nr < ARRAY_SIZE(addrs); ) {
		block = &a->o->block[i];
		if (block->span || block->size != size ||
		    (size - 1 < a->cached_max && !is_cached(a, block)))
			continue;
		addrs[nr++] = (void *)block->addr;
		give(a, block);
	}
	tell(a, "vmem_free_bulk(0x%lx, %zu)", size, nr);
	begin_call();
	freed = vmem_free_bulk(a->vmp, size, nr, addrs);
	end_call();
	check_equal(a, "vmem_free_bulk()", freed, nr);
}

/* Somewhere in the window of the arena: there may be a span already. */
static void op_add(struct arena *a)
{
	u8 n = byte(), len = byte();
	unsigned long size = (len % 64 + 1) * a->q;
	unsigned long addr = window(a, false) + n * 16 * a->q;
	bool bad = false;
	void *ret;

	if (a->where == 1)
		addr = window(a, false) + (GAP - size) - n * 16 * a->q;
	if (len & 0x80)
		addr += a->q / 2;
	if (len & 0x40 && n & 1)
		size += a->q / 2;
	if (a->kind == MEMORY || cells(a) + len % 64 + 2 > most_cells(a) ||
	    a->o->nr_spans > 16)
		return;
	bad = !addr || !size || addr % a->q || size % a->q || addr + (size - 1) < addr ||
	      oracle_contains(a->o, addr, 1) || oracle_contains(a->o, addr + size - 1, 1);
	if (!bad)	/* of one cell, or within */
		for (n = 0; n < a->o->nr_spans; n++)
			bad |= a->o->span[n]->start - addr < size;
	tell(a, "vmem_add(0x%lx, 0x%lx)", addr, size);
	begin_call();
	ret = vmem_add(a->vmp, (void *)addr, size, len & 0x20 ? VM_NOSLEEP : VM_SLEEP);
	end_call();
	/* Without memory, an overlap may not have been looked at. */
	if (bad && !(w.failed && vmem_stat(a->vmp, VMEM_STAT_MISUSE) == a->misuses))
		a->misuses++;
	if (ret && bad)
		wrong("%c: a bad span was added", 'A' + a->nr);
	if (!ret && !bad && !w.failed)
		wrong("%c: a good span was refused", 'A' + a->nr);
	if (ret)
		add_span(a, addr, size, false);
}

static void op_contains(struct arena *a)
{
	u8 n = byte(), fine = byte(), len = byte();
	unsigned long addr = addr_of(a, n, fine), size = size_of(a, len);
	int ret;

	if (len >= 0xfc)
		size = 0;
	if (len % 4 == 3 && a->o->nr_spans)
		addr = span_last(a, a->o->span[fine % a->o->nr_spans]) + 1;
	tell(a, "vmem_contains(0x%lx, 0x%lx)", addr, size);
	begin_call();
	ret = vmem_contains(a->vmp, (void *)addr, size);
	end_call();
	a->contains++;
	if (ret != oracle_contains(a->o, addr, size))
		wrong("%c: vmem_contains() = %d", 'A' + a->nr, ret);
	check_equal(a, "VMEM_FREE", vmem_size(a->vmp, VMEM_FREE | VMEM_SPAN),
		    a->o->total - vmem_size(a->vmp, VMEM_ALLOC));
	check_equal(a, "both", vmem_size(a->vmp, VMEM_ALLOC | VMEM_FREE), a->o->total);
}

struct visitor {
	struct arena *a;
	unsigned int calls;
	unsigned int visits;		/* of blocks */
	unsigned int wanted;
	u32 frees;			/* bits */
	unsigned long last;
	bool spans;			/* are shown, too, each before its segments */
	unsigned long span;
};

/* Frees what it is shown, or others; allocates. */
static void visit(void *arg, void *start, size_t size)
{
	struct visitor *visitor = arg;
	struct arena *a = visitor->a;
	struct oracle_block *block = oracle_find(a->o, (unsigned long)start);
	const struct oracle_span *span = span_of(a, (unsigned long)start);
	u32 was;

	if (visitor->calls++ && (unsigned long)start < visitor->last)
		wrong("%c: a walk goes back to 0x%p", 'A' + a->nr, start);
	visitor->last = (unsigned long)start;
	if (visitor->calls > 2000)
		wrong("%c: a walk has no end", 'A' + a->nr);
	if (visitor->spans && span && span->start == (unsigned long)start &&
	    visitor->span != span->start) {
		visitor->span = span->start;
		return;
	}
	was = enter();
	if (block && !is_cached(a, block) && block->size == size) {
		visitor->visits++;
		if (visitor->frees & 1 && !block->span)
			free_block(a, block, false);
	}
	visitor->frees = visitor->frees >> 1 | visitor->frees << 31;
	leave(was);
}

static void op_walk(struct arena *a)
{
	u8 mask = byte(), frees = byte();
	struct visitor visitor = { .a = a, .frees = frees * 0x01010101u };
	int typemask = VMEM_ALLOC | VMEM_REENTRANT | (mask & (VMEM_FREE | VMEM_SPAN));
	unsigned int i;

	if (a->tainted)
		return;
	visitor.spans = typemask & VMEM_SPAN;
	for (i = 0; i < a->o->nr_blocks; i++)
		visitor.wanted += !a->cached[i];
	tell(a, "vmem_walk(0x%x), frees 0x%x", typemask, frees);
	begin_call();
	vmem_walk(a->vmp, typemask, visit, &visitor);
	end_call();
	check_equal(a, "blocks visited", visitor.visits, visitor.wanted);
	if (mask & 0x40)
		vmem_walk(a->vmp, typemask | VMEM_WALKER, visit, NULL);
}

/* What works, shrinkers and owners do about memory. */
static void op_reclaim(struct arena *a)
{
	u8 n = byte();
	struct shrink_control sc = { .nr_to_scan = n };

	tell(a, "reclaim 0x%x", n);
	begin_call();
	switch (n & 3) {
	case 0:
		vmem_qcache_reap(a->vmp);
		break;
	case 1:
		vmem_shrink_count(NULL, &sc);
		vmem_shrink_scan(NULL, &sc);
		break;
	default:
		kernel_clock += n & 4 ? 6 * NSEC_PER_SEC : 5 * NSEC_PER_MSEC;
		kernel_run_events();
	}
	end_call();
}

static void op_cpu(struct arena *a)
{
	u8 n = byte();
	unsigned int cpu = n % nr_cpu_ids;

	tell(a, "CPU 0x%x", n);
	begin_call();
	if (n & 0x80)
		remove_cpu(cpu);
	else if (n & 0x40)
		add_cpu(cpu);
	else
		current->bound = n & 0x20 ? -1 : (int)cpu;
	end_call();
}

/* The next allocations of memory fail, as bits say. */
static void op_memory(struct arena *a)
{
	u8 n = byte();

	w.pattern = n & 0x80 ? n * 0x01010101u : 1u << n % 32;
	tell(a, "memory fails: 0x%x", w.pattern);
}

static void interrupted(void *arg)
{
	struct oracle_req req = { .vmflag = VM_NOSLEEP };
	struct arena *a = w.irq_arena;
	u8 what = w.irq_what;
	u32 was;

	if (!a->vmp || exact(a) || a->tainted)
		return;
	was = enter();
	w.interrupted = true;
	tell(a, "interrupt");
	req.size = (what % 4 + 1) * a->q;
	if (what & 0x10)
		request(a, &req, what & 0x20);
	if (what & 0x40 && a->o->nr_blocks)
		free_any(a, what, false);
	if (what & 0x80)
		request(a, &req, false);
	leave(was);
}

static void interrupt(void)
{
	if (current->irqs_off || current->hardirq || w.nested || w.irq_in--)
		return;
	kernel_interrupt = NULL;
	if (w.irqs--) {
		w.irq_in = w.irq_every;
		kernel_interrupt = interrupt;
	}
	kernel_run_on(current->cpu, KERNEL_HARDIRQ, interrupted, NULL);
}

static void op_interrupt(struct arena *a)
{
	u8 n = byte();

	w.irq_every = n % 32;
	w.irq_in = w.irq_every;
	w.irqs = n >> 5;
	w.irq_what = byte();
	w.irq_arena = a;
	kernel_interrupt = interrupt;
	tell(a, "interrupt 0x%x after %u barriers", w.irq_what, w.irq_in);
}

/* How the next import, or request, goes wrong. */
static void op_trouble(struct arena *a)
{
	u8 n = byte();

	if (n & 0x80)
		w.faulty = true;
	a->lie = n % 8;
	a->liberal = n & 0x40;
	atomic_set(&vmem_fail_attr.times, -1);
}

static void refused_free(struct arena *a, unsigned long addr, unsigned long size)
{
	free_as(a, addr, size, true);
	a->misuses++;
}

/* Calls that are wrong, and noticed at once. */
static void op_misuse(struct arena *a)
{
	u8 n = byte();
	struct oracle_block *block = any_block(a, n / 8);
	unsigned long addr = block ? block->addr : 0, size = block ? block->size : 0;
	vmem_t *vmp;

	if (a->tainted)
		return;
	switch (n % 8) {
	case 0:
		if (block && !is_cached(a, block)) {
			free_block(a, block, true);
			if (!w.over)
				refused_free(a, addr, size);
		}
		break;
	case 1:
		if (block)
			refused_free(a, addr, size + 1);
		break;
	case 2:
		if (block && is_cached(a, block))
			refused_free(a, addr, size);
		break;
	case 3:
		addr = addr_of(a, n, byte());
		if (!oracle_find(a->o, addr))
			refused_free(a, addr, a->slab_size ?: a->q);
		break;
	case 4:
		refused_free(a, 0, a->q);
		break;
	case 5:
		begin_call();
		vmp = vmem_create("bad", (void *)a->q, a->q, a->q + (n & 8 ? 0 : 3), NULL,
				  NULL, a->vmp, 0, VM_NOSLEEP |
				  (~a->cflags & VMC_IDENTIFIER));
		end_call();
		if (vmp)
			wrong("a bad arena was created");
		break;
	case 6:
		if (child_of(a))
			destroy_arena(a);
		break;
	default:
		vmem_free(NULL, (void *)addr, size);
		vmem_alloc(NULL, 1, VM_NOSLEEP);
		vmem_destroy(NULL);
	}
}

/* Free a cached size that is none, which may not be noticed for a while. */
static void op_taint(struct arena *a)
{
	u8 n = byte();
	struct oracle_block *block = any_block(a, n);
	unsigned long addr = addr_of(a, n, byte()), size = a->q;
	unsigned int i;

	if (!a->cached_max || a->tainted || !w.hostile)
		return;
	if (block && n & 1) {
		addr = block->addr;
		size = min(block->size, a->cached_max);
		if (is_cached(a, block))
			free_block(a, block, false);
	}
	tell(a, "tainted");
	a->tainted = true;
	if (addr)
		free_as(a, addr, size, false);
	sync_spans();
	/* The model knows spans of others only, from now on. */
	for (i = a->o->nr_blocks; i--; )
		if (!a->o->block[i].span)
			give(a, &a->o->block[i]);
}

static void op_renew(struct arena *a)
{
	u8 n = byte();

	if (child_of(a)) {
		destroy_arena(a);
		return;
	}
	if (n & 1)
		end_arena(a);
	else
		destroy_arena(a);
	sync_spans();
	if (!w.over)
		create_arena(a->nr);
}

static void (* const op[])(struct arena *a) = {
	op_alloc, op_alloc, op_alloc, op_sleep, op_xalloc, op_xalloc, op_xalloc,
	op_xalloc, op_free, op_free, op_free, op_free, op_random, op_random, op_random,
	op_random, op_random, op_random, op_fill, op_fill, op_drain, op_drain, op_bulk,
	op_free_bulk, op_add, op_contains, op_walk, op_reclaim, op_cpu, op_memory,
	op_interrupt, op_interrupt, op_trouble, op_misuse, op_taint, op_renew,
};

/* === Inputs === */

static void begin_input(const u8 *data, size_t size)
{
	u8 head;

	memset(&w, 0, sizeof(w));
	w.data = data;
	w.size = size;
	prandom_seed_state(&w.rnd, 1);
	current->dice = 1;
	current->cpu = 0;
	current->bound = -1;
	kernel_clock = 1000 * NSEC_PER_SEC;
	head = byte();
	w.validate = 4 << head % 8;
	w.turn = head >> 3 & 3;
	w.hostile = head >> 5 == 7;
}

static void end_input(void)
{
	struct arena *a;
	unsigned int cpu;

	kernel_interrupt = NULL;
	w.pattern = 0;
	for (a = w.arena + ARENAS; a-- > w.arena; )
		if (a->vmp) {
			end_arena(a);
			check();
		}
	kernel_clock += NSEC_PER_SEC;
	kernel_run_events();
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		add_cpu(cpu);
}

static void run(void)
{
	unsigned int nr, arenas = byte() % ARENAS + 1;

	for (nr = 0; nr < arenas; nr++)
		create_arena(nr);
	check();
	while (w.size && !w.over) {
		u8 n = byte();

		op[n % ARRAY_SIZE(op)](&w.arena[n / ARRAY_SIZE(op) % arenas]);
		check();
	}
}

static void report(void)
{
	fprintf(stderr, "fuzz-ops: %llu inputs, %llu operations\n", inputs, operations);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *how = getenv("VMEM_FUZZ") ?: "";

	verbose = !strcmp(how, "print");
	strict = verbose || !strcmp(how, "strict");
	kernel_begin();
	kernel_quiet = !verbose;
	kernel_memory_fails = memory_fails;
	kernel_idle = idle;
	if (!verbose)
		vmem_report_limit.burst = 0;
	atexit(report);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long before = atomic_long_read(&kernel_allocations), left;

	inputs++;
	begin_input(data, size);
	run();
	end_input();
	left = atomic_long_read(&kernel_allocations) - before;
	if (left || atomic_long_read(&kernel_module_refs))
		wrong("%ld allocations are left", left);
	return 0;
}
