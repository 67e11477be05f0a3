/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of a small arena: a row of cells, one for each quantum, and the cursor. It
 * says what the contract says, by trying every address. It is a few words long, so
 * that there can be millions of it; kunit/oracle.c, the model of large arenas, was
 * written apart from it, and worlds.c holds one against the other.
 */
#ifndef _VMEM_TEST_CELLS_H
#define _VMEM_TEST_CELLS_H

#include "oracle.h"		/* struct oracle_req */

#define CELLS	24

/* What is in a cell. A quantum that begins a span has a mark besides. */
enum {
	CELL_NONE,			/* in no span */
	CELL_FREE,
	CELL_REST,			/* a block goes on */
	CELL_BEGIN,			/* a block begins */
	CELL_BEGIN_ODD,			/* the same, and it is half a quantum shorter */
	CELL_BEGIN_LENT,		/* the same, and it is a span of another arena */
	CELL_WHAT	= 0x0f,
	CELL_SPAN	= 0x40,		/* a span begins */
	CELL_IMPORTED	= 0x80,		/* the same, and it was imported */
};

struct cells {
	unsigned long base;		/* address of the first cell */
	unsigned long quantum;
	unsigned long cursor;		/* of next fit */
	unsigned int nr;
	u8 cell[CELLS];
};

static inline unsigned int cell_is(const struct cells *c, unsigned int i)
{
	return c->cell[i] & CELL_WHAT;
}

static inline bool cell_begins(const struct cells *c, unsigned int i)
{
	return cell_is(c, i) >= CELL_BEGIN;
}

static inline unsigned long cell_addr(const struct cells *c, unsigned int i)
{
	return c->base + i * c->quantum;
}

/* CELLS if an address is in none. */
static inline unsigned int cell_at(const struct cells *c, unsigned long addr)
{
	unsigned long i = (addr - c->base) / c->quantum;

	return addr >= c->base && i < c->nr ? i : CELLS;
}

static inline unsigned int cells_for(const struct cells *c, unsigned long size)
{
	unsigned long quanta = (size - 1) / c->quantum + 1;

	return quanta > CELLS ? CELLS + 1 : quanta;
}

/* The cell behind a segment that begins at cell @i. */
static inline unsigned int cell_seg_end(const struct cells *c, unsigned int i)
{
	unsigned int more = cell_is(c, i) == CELL_FREE ? CELL_FREE : CELL_REST;

	/* A cell that begins a span has a mark, and so is no equal. */
	for (i++; i < c->nr && c->cell[i] == more; i++)
		;
	return i;
}

static inline unsigned int cell_seg_begin(const struct cells *c, unsigned int i)
{
	while (!(c->cell[i] & CELL_SPAN) && cell_is(c, i) == cell_is(c, i - 1))
		i--;
	return i;
}

static inline unsigned int cell_span_end(const struct cells *c, unsigned int i)
{
	for (i++; i < c->nr && c->cell[i] && !(c->cell[i] & CELL_SPAN); i++)
		;
	return i;
}

static inline unsigned int cell_span_begin(const struct cells *c, unsigned int i)
{
	while (!(c->cell[i] & CELL_SPAN))
		i--;
	return i;
}

static inline unsigned long cell_block_size(const struct cells *c, unsigned int i)
{
	unsigned long size = (cell_seg_end(c, i) - i) * c->quantum;

	return cell_is(c, i) == CELL_BEGIN_ODD ? size - c->quantum / 2 : size;
}

/* === What a request may get === */

/* Is the address of cell @i suitable? Rules 1 to 4 of the contract. */
static inline bool cells_suit(const struct cells *c, const struct oracle_req *req,
			      unsigned int i)
{
	unsigned int quanta = cells_for(c, req->size), j;
	unsigned long addr = cell_addr(c, i);

	if (cell_is(c, i) != CELL_FREE || quanta > c->nr - i)
		return false;
	for (j = i + 1; j < i + quanta; j++)
		if (c->cell[j] != CELL_FREE)
			return false;
	if (addr % (req->align ?: c->quantum) != req->phase)
		return false;
	if (addr < req->min)
		return false;
	if (req->max && (addr >= req->max || req->max - addr < req->size))
		return false;
	return !req->nocross ||
	       addr / req->nocross == (addr + (req->size - 1)) / req->nocross;
}

/* The lowest suitable cell of [from, to); CELLS if there is none. */
static inline unsigned int cells_lowest(const struct cells *c,
					const struct oracle_req *req,
					unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		if (cells_suit(c, req, from))
			return from;
	return CELLS;
}

static inline unsigned int cells_highest(const struct cells *c,
					 const struct oracle_req *req,
					 unsigned int from, unsigned int to)
{
	while (to-- > from)
		if (cells_suit(c, req, to))
			return to;
	return CELLS;
}

static inline bool cells_possible(const struct cells *c, const struct oracle_req *req)
{
	return cells_lowest(c, req, 0, c->nr) != CELLS;
}

/* Where next fit goes in [from, to): beyond the cursor, or else as low as possible. */
static inline unsigned int cells_next(const struct cells *c,
				      const struct oracle_req *req,
				      unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++)
		if (cell_addr(c, i) >= c->cursor && cells_suit(c, req, i))
			return i;
	return cells_lowest(c, req, from, to);
}

/* Where any policy but next fit goes in a segment, or an empty span, [from, to). */
static inline unsigned int cells_place(const struct cells *c,
				       const struct oracle_req *req,
				       unsigned int from, unsigned int to)
{
	return req->vmflag & VM_ENDALLOC ? cells_highest(c, req, from, to) :
					   cells_lowest(c, req, from, to);
}

/* The length of the shortest free segment with a suitable address. */
static inline unsigned int cells_shortest(const struct cells *c,
					  const struct oracle_req *req)
{
	unsigned int i, end, best = CELLS + 1;

	for (i = 0; i < c->nr; i = end) {
		end = i + 1;
		if (cell_is(c, i) != CELL_FREE)
			continue;
		end = cell_seg_end(c, i);
		if (end - i < best && cells_lowest(c, req, i, end) != CELLS)
			best = end - i;
	}
	return best;
}

/* The longest that instant fit may take: where its lowest class that is surely good ends. */
static inline unsigned int cells_instant_limit(const struct cells *c,
					       const struct oracle_req *req)
{
	unsigned int class = 1, quanta = cells_for(c, req->size), i, end, best = CELLS + 1;

	if (req->align > c->quantum || req->nocross || req->min || req->max)
		return CELLS;
	while (class < quanta)
		class *= 2;
	for (i = 0; i < c->nr; i = end) {
		end = i + 1;
		if (cell_is(c, i) != CELL_FREE)
			continue;
		end = cell_seg_end(c, i);
		if (end - i >= class && end - i < best)
			best = end - i;
	}
	if (best > CELLS)
		return CELLS;
	while (class <= best)
		class *= 2;
	return class - 1;
}

/* Is @addr, or 0 for NULL, a right answer to a request? NULL if so, else what is wrong. */
static inline const char *cells_judge(const struct cells *c, const struct oracle_req *req,
				      unsigned long addr)
{
	unsigned int at, begin, end, first;

	first = cells_lowest(c, req, 0, c->nr);
	if (!addr)
		return first == CELLS ? NULL : "it failed, but there is a suitable address";
	at = cell_at(c, addr);
	if (at == CELLS || cell_addr(c, at) != addr || !cells_suit(c, req, at))
		return "the address is not suitable";
	if (req->vmflag & VM_NEXTFIT)
		return at == cells_next(c, req, 0, c->nr) ? NULL :
		       "it is not the next suitable address from the cursor on";

	begin = cell_seg_begin(c, at);
	end = cell_seg_end(c, at);
	if (at != cells_place(c, req, begin, end))
		return "it is not at the end of the free segment where it should be";
	if (req->vmflag & VM_BESTFIT)
		return end - begin == cells_shortest(c, req) ? NULL :
		       "the free segment is not the shortest one";
	if (req->vmflag & VM_FIRSTFIT)
		return begin == cell_seg_begin(c, first) ? NULL :
		       "the free segment is not the first one";
	return end - begin <= cells_instant_limit(c, req) ? NULL :
	       "the free segment is of too high a class";
}

/* === Changes === */

static inline void cells_take(struct cells *c, const struct oracle_req *req,
			      unsigned long addr, bool lent)
{
	unsigned int i = cell_at(c, addr), quanta = cells_for(c, req->size), j;

	c->cell[i] &= ~CELL_WHAT;
	c->cell[i] |= lent ? CELL_BEGIN_LENT :
		      req->size % c->quantum ? CELL_BEGIN_ODD : CELL_BEGIN;
	for (j = 1; j < quanta; j++)
		c->cell[i + j] = CELL_REST;
	if (req->vmflag & VM_NEXTFIT)
		c->cursor = addr + quanta * c->quantum;
}

static inline void cells_give(struct cells *c, unsigned int i)
{
	unsigned int end = cell_seg_end(c, i);

	c->cell[i] &= ~CELL_WHAT;
	c->cell[i] |= CELL_FREE;
	while (++i < end)
		c->cell[i] = CELL_FREE;
}

static inline void cells_add(struct cells *c, unsigned int i, unsigned int nr,
			     unsigned int marks)
{
	memset(&c->cell[i], CELL_FREE, nr);
	c->cell[i] |= CELL_SPAN | marks;
}

/* Is a span, of which @i is the first cell, wholly free, and imported? */
static inline bool cells_idle(const struct cells *c, unsigned int i)
{
	return c->cell[i] & CELL_IMPORTED && cell_is(c, i) == CELL_FREE &&
	       cell_seg_end(c, i) == cell_span_end(c, i);
}

static inline void cells_remove(struct cells *c, unsigned int i)
{
	memset(&c->cell[i], CELL_NONE, cell_span_end(c, i) - i);
}

static inline bool cells_contain(const struct cells *c, unsigned long addr,
				 unsigned long size)
{
	unsigned long offset, length;
	unsigned int i;

	if (!addr)
		return false;
	for (i = 0; i < c->nr; i++) {
		if (!(c->cell[i] & CELL_SPAN))
			continue;
		length = (cell_span_end(c, i) - i) * c->quantum;
		offset = addr - cell_addr(c, i);
		if (size && offset < length && size <= length - offset)
			return true;
		if (!size && offset <= length)
			return true;
	}
	return false;
}

#endif /* _VMEM_TEST_CELLS_H */
