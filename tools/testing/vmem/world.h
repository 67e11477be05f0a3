/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Worlds: an arena, with a source or without, and the model of each (cells.h); and the
 * operations that there are, each with a judgment of what the library makes of it.
 */
#ifndef _VMEM_TEST_WORLD_H
#define _VMEM_TEST_WORLD_H

#include "linux/main.h"

#include "internal.h"
#include "cells.h"

#define FILLER		0x100000ul	/* address, beyond that of any cell */
#define LETTERS		64		/* operations that are tried in a world */

/* === Worlds === */

enum { ARENA, SOURCE, ARENAS };

/* An operation. Sizes and limits are in half quanta, @max is 0 or exclusive. */
struct letter {
	enum {
		REQUEST,
		FREE,			/* the @nth block, by address */
		FREE_INSIDE,		/* refused */
		FREE_LONGER,		/* refused */
		FREE_TWICE,		/* what is free already: refused */
		ADD,			/* the @nth span of the world that is not there */
		BUILD,			/* one more tag of the trees */
		REAP,
		WALK,			/* begin to walk, reentrantly */
		STEP,			/* and go on to the next segment */
	} what;
	unsigned int arena;
	unsigned int nth;
	unsigned int size;
	unsigned int align;		/* quanta, as are these */
	unsigned int phase;
	unsigned int nocross;
	unsigned int min;
	unsigned int max;
	int vmflag;
};

enum order {
	NO_TREES,
	TREES,				/* from the beginning */
	TREES_BUILT,			/* tag by tag, by operations */
};

struct span {
	unsigned int first;		/* cells */
	unsigned int nr;
};

struct config {
	const char *name;
	unsigned long base;
	unsigned long quantum;
	unsigned int cells;		/* 0: those of the first span */
	struct span spans[3];		/* of the arena, or of its source; one is there */
	bool import;			/* the arena has nothing of its own */
	bool keep;			/* and no release function */
	unsigned int finer;		/* and a quantum of so many times less, log2 */
	unsigned int coarser;		/* or more */
	unsigned int qcache_max;	/* quanta */
	unsigned int filler;		/* quanta of a span that is in use, to be larger */
	int vmflag;
	enum order order;
	bool walks;			/* in lockstep */
	const struct letter *letters[4];
	unsigned int depth;
	unsigned int full_depth;
};

struct world {
	const struct config *config;
	unsigned int nr;		/* of arenas */
	vmem_t *vmp[ARENAS];
	struct cells cells[ARENAS];
};

static const char *why;			/* it failed */
static unsigned long operations;	/* done so far */

static bool complain(const char *what)
{
	why = what;
	return false;
}

/* === Letters === */

static struct letter letters[LETTERS];
static unsigned int nr_letters;

static void choose_letters(const struct config *config)
{
	const struct letter *letter;
	unsigned int i;

	nr_letters = 0;
	for (i = 0; i < ARRAY_SIZE(config->letters) && config->letters[i]; i++) {
		for (letter = config->letters[i]; letter->what || letter->size; letter++) {
			if (nr_letters == LETTERS)
				panic("too many letters");
			letters[nr_letters++] = *letter;
		}
	}
}

static struct oracle_req req_of(const struct world *w, const struct letter *letter)
{
	const struct cells *c = &w->cells[letter->arena];
	unsigned long half = c->quantum / 2;
	struct oracle_req req = {
		.size = letter->size * half,
		.align = letter->align * c->quantum,
		.phase = letter->phase * c->quantum,
		.nocross = letter->nocross * c->quantum,
		.min = letter->min ? c->base + letter->min * half : 0,
		.max = letter->max ? c->base + letter->max * half : 0,
		.vmflag = letter->vmflag,
	};

	return req;
}

/* The cell of the @nth block that the letter is about, or CELLS. */
static unsigned int block_of(const struct world *w, const struct letter *letter)
{
	const struct cells *c = &w->cells[letter->arena];
	unsigned int i, nth = letter->nth;

	for (i = 0; i < c->nr; i++)
		if (cell_begins(c, i) && cell_is(c, i) != CELL_BEGIN_LENT && !nth--)
			return i;
	return CELLS;
}

static unsigned int free_cell(const struct cells *c)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		if (cell_is(c, i) == CELL_FREE)
			return i;
	return CELLS;
}

/* Is there anything that the operation could be done to? */
static bool available(const struct world *w, const struct letter *letter)
{
	const struct cells *c = &w->cells[letter->arena];
	unsigned int i;

	switch (letter->what) {
	case FREE:
	case FREE_LONGER:
		return block_of(w, letter) != CELLS;
	case FREE_INSIDE:
		i = block_of(w, letter);
		return i != CELLS && i + 1 < c->nr && c->cell[i + 1] == CELL_REST;
	case FREE_TWICE:
		return free_cell(c) != CELLS;
	case ADD:
		return w->config->spans[letter->nth].nr;
	case BUILD:
		return w->vmp[letter->arena]->order[VMEM_BY_ADDR].state !=
		       VMEM_ORDER_READY;
	default:
		return true;
	}
}

static void print_request(const struct oracle_req *req)
{
	printf("allocate 0x%lx", req->size);
	if (req->align)
		printf(" align 0x%lx", req->align);
	if (req->phase)
		printf(" phase 0x%lx", req->phase);
	if (req->nocross)
		printf(" nocross 0x%lx", req->nocross);
	if (req->min)
		printf(" min 0x%lx", req->min);
	if (req->max)
		printf(" max 0x%lx", req->max);
	if (req->vmflag & VM_BESTFIT)
		printf(" best fit");
	if (req->vmflag & VM_FIRSTFIT)
		printf(" first fit");
	if (req->vmflag & VM_NEXTFIT)
		printf(" next fit");
	if (req->vmflag & VM_ENDALLOC)
		printf(" at the high end");
	if (req->vmflag & VM_KILLABLE)
		printf(" before being killed");
}

static void print_letter(const struct world *w, const struct letter *letter)
{
	const struct cells *c = &w->cells[letter->arena];
	struct oracle_req req = req_of(w, letter);
	unsigned int i = block_of(w, letter);
	const struct span *span;

	printf("  %s", letter->arena == SOURCE ? "source: " : "");
	switch (letter->what) {
	case REQUEST:
		print_request(&req);
		break;
	case FREE:
		printf("free 0x%lx, 0x%lx", cell_addr(c, i), cell_block_size(c, i));
		break;
	case FREE_INSIDE:
		printf("free 0x%lx, inside of a block", cell_addr(c, i + 1));
		break;
	case FREE_LONGER:
		printf("free 0x%lx, longer than it is", cell_addr(c, i));
		break;
	case FREE_TWICE:
		printf("free 0x%lx, which is free", cell_addr(c, free_cell(c)));
		break;
	case ADD:
		span = &w->config->spans[letter->nth];
		printf("add 0x%lx, 0x%lx", cell_addr(c, span->first),
		       span->nr * c->quantum);
		break;
	case BUILD:
		printf("build one more tag of the trees");
		break;
	case REAP:
		printf("reap");
		break;
	case WALK:
		printf("begin a walk");
		break;
	case STEP:
		printf("go on with the walk");
		break;
	}
}

static void print_world(const struct config *config)
{
	printf("world \"%s\": 0x%lx, 0x%lx, quantum 0x%lx%s%s\n", config->name,
	       config->base + config->spans[0].first * config->quantum,
	       config->spans[0].nr * config->quantum, config->quantum,
	       config->import ? ", of its source" : "",
	       config->order == TREES ? ", with trees" : "");
}

/* === Beginning and end === */

static unsigned int tags_left;

static bool tags_fail(size_t size, gfp_t gfp)
{
	return !tags_left || !tags_left--;
}

/* Exchange one more tag for a wide one, and go on over those that need no exchange. */
static void build(vmem_t *vmp)
{
	tags_left = 1;
	kernel_memory_fails = tags_fail;
	vmem_order_build(vmp, VMEM_BY_ADDR, VM_NOSLEEP);
	kernel_memory_fails = NULL;
}

static void set_up(struct world *w, unsigned int which, vmem_t *vmp,
		   unsigned long quantum, unsigned int cells)
{
	struct cells *c = &w->cells[which];

	if (!vmp || cells > CELLS)
		panic("no world");
	w->vmp[which] = vmp;
	w->nr++;
	vmp->reports.burst = 0;		/* what is refused is only counted */
	memset(c, 0, sizeof(*c));
	c->base = w->config->base;
	c->quantum = quantum;
	c->nr = cells;
}

static bool add_span(struct world *w, unsigned int which, const struct span *span)
{
	struct cells *c = &w->cells[which];
	unsigned long addr = cell_addr(c, span->first), size = span->nr * c->quantum;
	bool overlaps = false;
	unsigned int i;
	void *got;

	for (i = span->first; i < span->first + span->nr; i++)
		overlaps |= c->cell[i];
	got = vmem_add(w->vmp[which], (void *)addr, size, VM_SLEEP);
	if (overlaps)
		return !got || complain("a span is added over another one");
	if ((unsigned long)got != addr)
		return complain("a span is not added");
	cells_add(c, span->first, span->nr, 0);
	return true;
}

static void begin(struct world *w, const struct config *config)
{
	unsigned long quantum = config->quantum;
	unsigned int cells = config->cells ?: config->spans[0].nr;
	unsigned int which = config->import ? SOURCE : ARENA;
	vmem_t *src;

	w->config = config;
	w->nr = 0;
	src = vmem_create(config->import ? "source" : "arena", NULL, 0, quantum, NULL,
			  NULL, NULL, config->qcache_max * quantum, VM_SLEEP);
	set_up(w, which, src, quantum, cells);
	if (config->import) {
		quantum = (quantum >> config->finer) << config->coarser;
		set_up(w, ARENA,
		       vmem_create("arena", NULL, 0, quantum, vmem_alloc,
				   config->keep ? NULL : vmem_free, src, 0,
				   VM_SLEEP | config->vmflag),
		       quantum, (cells << config->finer) >> config->coarser);
	}
	if (!add_span(w, which, &config->spans[0]))
		panic("no world: %s", why);
	if (config->filler) {
		unsigned long size = config->filler * quantum;

		vmem_add(src, (void *)FILLER, size, VM_SLEEP);
		vmem_xalloc(src, size, 0, 0, 0, (void *)FILLER, NULL, VM_NOSLEEP);
	}
	if (config->order == TREES) {
		vmem_order_build(w->vmp[ARENA], VMEM_BY_ADDR, VM_SLEEP);
		vmem_order_build(w->vmp[ARENA], VMEM_BY_LEN, VM_SLEEP);
		vmem_order_build(w->vmp[w->nr - 1], VMEM_BY_ADDR, VM_SLEEP);
	}
}

/* Free the blocks of an arena that are lent to another one, or those that are not. */
static void free_all(struct world *w, unsigned int which, bool lent)
{
	const struct cells *c = &w->cells[which];
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		if (cell_begins(c, i) && (cell_is(c, i) == CELL_BEGIN_LENT) == lent)
			vmem_free(w->vmp[which], (void *)cell_addr(c, i),
				  cell_block_size(c, i));
}

static void end(struct world *w)
{
	const struct config *config = w->config;

	free_all(w, ARENA, false);
	if (config->filler)
		vmem_xfree(w->vmp[ARENA], (void *)FILLER, config->filler * config->quantum);
	vmem_destroy(w->vmp[ARENA]);
	if (w->nr == 1)
		return;
	/* Spans that have never gone back are not the source's own leaks. */
	if (config->keep)
		free_all(w, SOURCE, true);
	free_all(w, SOURCE, false);
	vmem_destroy(w->vmp[SOURCE]);
}

/* === Operations === */

struct result {
	unsigned long addr;		/* of a request, 0 if it failed */
	unsigned long size;		/* of that block, or of the one freed */
	bool returned;			/* a span went back to the source */
};

struct counts {
	u64 alloc;
	u64 free;
	u64 fail;
	u64 wait;
	u64 misuse;
};

static inline struct counts counts_of(const vmem_t *vmp)
{
	return (struct counts){
		vmp->allocs, vmp->frees, vmp->stats.fail, vmp->stats.wait,
		vmp->stats.misuse,
	};
}

/* What the counters of an operation should have become. */
struct expected {
	struct counts stats[ARENAS];
};

static struct expected expected;

static bool cached_world(const struct world *w)
{
	return w->config->qcache_max;
}

static unsigned long call(const struct world *w, unsigned int which,
			  const struct oracle_req *req)
{
	int vmflag = req->vmflag & VM_KILLABLE ? req->vmflag : req->vmflag | VM_NOSLEEP;

	if (!req->align && !req->nocross && !req->min && !req->max)
		return (unsigned long)vmem_alloc(w->vmp[which], req->size, vmflag);
	return (unsigned long)vmem_xalloc(w->vmp[which], req->size, req->align, req->phase,
					  req->nocross, (void *)req->min,
					  (void *)req->max, vmflag);
}

/* What the source is asked for on behalf of a request, by section 4.7. */
static struct oracle_req request_to_source(const struct world *w,
					   const struct oracle_req *req)
{
	unsigned long quantum = w->cells[ARENA].quantum;
	unsigned long unit = max(quantum, w->cells[SOURCE].quantum);
	unsigned long least = w->config->vmflag & VMC_NO_QCACHE ? 64 : 0;
	unsigned long align = max(unit, req->align), pad = req->phase;
	struct oracle_req sub = {};

	if (!w->config->keep) {
		/* A plain import: what it can of the alignment goes down. */
		sub.align = align;
		sub.phase = align > unit ? req->phase / unit * unit : 0;
		pad = req->phase - sub.phase;
	} else if (align > unit) {
		pad = align - (req->phase % unit ? quantum : unit);
	}
	sub.size = max(req->size + pad, least);
	sub.size = roundup(sub.size, unit);
	return sub;
}

struct search {
	unsigned long addr;
	unsigned long start;
	unsigned long size;
};

static void note_block(void *arg, void *start, size_t size)
{
	struct search *search = arg;

	if (search->addr - (unsigned long)start < size) {
		search->start = (unsigned long)start;
		search->size = size;
	}
}

/* The arena had no place for the request, and may ask its source. */
static bool judge_import(struct world *w, const struct oracle_req *req,
			 unsigned long addr)
{
	struct oracle_req sub = request_to_source(w, req);
	struct cells *c = &w->cells[ARENA], *src = &w->cells[SOURCE];
	struct search search = { .addr = addr };
	unsigned int first, nr, want;

	if (!cells_possible(src, &sub)) {
		expected.stats[ARENA].fail++;
		expected.stats[SOURCE].fail++;
		return !addr || complain("there was no place for it");
	}
	if (!addr)
		return complain("it failed, but the source has space");
	vmem_walk(w->vmp[SOURCE], VMEM_ALLOC, note_block, &search);
	if (search.size != sub.size)
		return complain("it asked the source for another size");
	why = cells_judge(src, &sub, search.start);
	if (why)
		return false;
	cells_take(src, &sub, search.start, true);

	first = cell_at(c, search.start);
	nr = search.size / c->quantum;
	cells_add(c, first, nr, CELL_IMPORTED);
	want = req->vmflag & VM_NEXTFIT ? cells_next(c, req, first, first + nr) :
					  cells_place(c, req, first, first + nr);
	if (want != cell_at(c, addr))
		return complain("it is not where it should be in the span");
	cells_take(c, req, addr, false);
	expected.stats[ARENA].alloc++;
	expected.stats[SOURCE].alloc++;
	return true;
}

/* Quantum caches give any place that nobody has, but fail only where there is none. */
static bool judge_cached(struct world *w, const struct oracle_req *req,
			 unsigned long addr)
{
	struct cells *c = &w->cells[ARENA];
	unsigned int i = cell_at(c, addr);

	if (!addr) {
		/* Who may not sleep is not promised that slabs make room for more. */
		if (!cells_possible(c, req) ||
		    (!(req->vmflag & VM_KILLABLE) && req->size > c->quantum))
			return true;
		return complain("it failed, but there is space that nobody holds");
	}
	if (i == CELLS || cell_addr(c, i) != addr || !cells_suit(c, req, i))
		return complain("that is somebody's already, or in no span");
	cells_take(c, req, addr, false);
	return true;
}

static bool request(struct world *w, unsigned int which, const struct oracle_req *req,
		    struct result *result)
{
	unsigned long addr = call(w, which, req);
	struct cells *c = &w->cells[which];
	bool possible;

	result->addr = addr;
	result->size = req->size;
	if (cached_world(w))
		return judge_cached(w, req, addr);
	possible = cells_possible(c, req);
	if (!possible && which == ARENA && w->nr > 1 && !req->nocross && !req->min &&
	    !req->max)
		return judge_import(w, req, addr);
	if (!possible)
		expected.stats[which].fail++;
	why = cells_judge(c, req, addr);
	if (why)
		return false;
	if (addr) {
		cells_take(c, req, addr, false);
		expected.stats[which].alloc++;
	}
	return true;
}

static void free_block(struct world *w, unsigned int which, unsigned int i,
		       struct result *result)
{
	struct cells *c = &w->cells[which];
	unsigned int span = cell_span_begin(c, i);

	result->addr = cell_addr(c, i);
	result->size = cell_block_size(c, i);
	vmem_free(w->vmp[which], (void *)result->addr, result->size);
	cells_give(c, i);
	expected.stats[which].free++;
	if (!cells_idle(c, span) || w->config->keep)
		return;
	/* It goes back at once. */
	cells_remove(c, span);
	cells_give(&w->cells[SOURCE], cell_at(&w->cells[SOURCE], cell_addr(c, span)));
	expected.stats[SOURCE].free++;
	result->returned = true;
}

static void misuse(struct world *w, const struct letter *letter)
{
	const struct cells *c = &w->cells[letter->arena];
	unsigned int i = block_of(w, letter);
	unsigned long addr, size = c->quantum;

	if (letter->what == FREE_TWICE) {
		addr = cell_addr(c, free_cell(c));
	} else {
		addr = cell_addr(c, i);
		size = cell_block_size(c, i);
		if (letter->what == FREE_INSIDE)
			addr += c->quantum;
		else
			size += c->quantum;
	}
	vmem_free(w->vmp[letter->arena], (void *)addr, size);
	expected.stats[letter->arena].misuse++;
}

static bool counted(const struct world *w)
{
	unsigned int i;

	if (cached_world(w))
		return true;
	for (i = 0; i < w->nr; i++) {
		const struct counts is = counts_of(w->vmp[i]);
		const struct counts *should = &expected.stats[i];

		if (is.alloc != should->alloc || is.free != should->free ||
		    is.fail != should->fail || is.misuse != should->misuse ||
		    is.wait)
			return complain("counters are wrong");
	}
	return true;
}

/* Do it, and judge what came of it. */
static bool operate(struct world *w, const struct letter *letter, struct result *result)
{
	struct oracle_req req;
	unsigned int i;
	bool good = true;

	operations++;
	for (i = 0; i < w->nr; i++)
		expected.stats[i] = counts_of(w->vmp[i]);
	memset(result, 0, sizeof(*result));
	switch (letter->what) {
	case REQUEST:
		req = req_of(w, letter);
		good = request(w, letter->arena, &req, result);
		break;
	case FREE:
		free_block(w, letter->arena, block_of(w, letter), result);
		break;
	case ADD:
		if (w->cells[letter->arena].cell[w->config->spans[letter->nth].first])
			expected.stats[letter->arena].misuse++;
		good = add_span(w, letter->arena, &w->config->spans[letter->nth]);
		break;
	case BUILD:
		build(w->vmp[letter->arena]);
		break;
	case REAP:
		vmem_qcache_reap(w->vmp[letter->arena]);
		break;
	default:
		misuse(w, letter);
	}
	return good && counted(w);
}

/* Do the opposite; the caller looks whether that has restored the state. */
static void undo(struct world *w, const struct letter *letter,
		 const struct result *result, const struct cells *before)
{
	vmem_t *vmp = w->vmp[letter->arena];
	unsigned long addr = result->addr;

	/* What is beyond restoring is left alone, so that cells tell the truth. */
	if (!addr || result->returned ||
	    (w->config->keep && memcmp(&before[SOURCE], &w->cells[SOURCE], sizeof(*before))))
		return;
	if (letter->what == REQUEST) {
		vmem_xfree(vmp, (void *)addr, result->size);
	} else if (letter->what == FREE) {
		if ((unsigned long)vmem_xalloc(vmp, result->size, 0, 0, 0, (void *)addr,
					       (void *)(addr + result->size),
					       VM_NOSLEEP) != addr)
			panic("a block cannot be put back");
	}
	/* As if it had been a bookmark. */
	vmp->cursor = before[letter->arena].cursor;
	memcpy(w->cells, before, sizeof(w->cells));
}

static void print_result(const struct letter *letter, const struct result *result)
{
	if (letter->what != REQUEST)
		printf("\n");
	else if (result->addr)
		printf(" -> 0x%lx\n", result->addr);
	else
		printf(" -> NULL\n");
}

#endif /* _VMEM_TEST_WORLD_H */
