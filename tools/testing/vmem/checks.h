/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is looked at in each new state of a world: the arena as its users see it, as
 * vmem_validate() does, and the model as kunit/oracle.c does.
 */
#ifndef _VMEM_TEST_CHECKS_H
#define _VMEM_TEST_CHECKS_H

#include "world.h"

/* === A new state === */

struct visits {
	const struct cells *c;
	int typemask;
	unsigned int cell;		/* where the next segment begins */
	bool in_span;			/* of which the span has been visited */
	bool wrong;
};

/* The next segment, or span, of the model that the walk should visit. */
static bool next_visit(struct visits *visits, unsigned long *start, unsigned long *size)
{
	const struct cells *c = visits->c;

	while (visits->cell < c->nr) {
		unsigned int i = visits->cell;

		if (!c->cell[i]) {
			visits->cell++;
			continue;
		}
		*start = cell_addr(c, i);
		if (c->cell[i] & CELL_SPAN && !visits->in_span) {
			visits->in_span = true;
			*size = (cell_span_end(c, i) - i) * c->quantum;
			if (visits->typemask & VMEM_SPAN)
				return true;
		}
		visits->in_span = false;
		visits->cell = cell_seg_end(c, i);
		if (cell_is(c, i) == CELL_FREE) {
			*size = (visits->cell - i) * c->quantum;
			if (visits->typemask & VMEM_FREE)
				return true;
		} else {
			*size = cell_block_size(c, i);
			if (visits->typemask & VMEM_ALLOC)
				return true;
		}
	}
	return false;
}

static void visit(void *arg, void *start, size_t size)
{
	unsigned long want_start, want_size;
	struct visits *visits = arg;

	if (!next_visit(visits, &want_start, &want_size) ||
	    want_start != (unsigned long)start || want_size != size)
		visits->wrong = true;
}

static bool check_walks(const struct world *w, unsigned int which)
{
	static const int masks[] = {
		VMEM_ALLOC | VMEM_FREE | VMEM_SPAN, VMEM_ALLOC, VMEM_FREE,
		VMEM_SPAN | (int)VMEM_REENTRANT,
		VMEM_ALLOC | VMEM_FREE | (int)VMEM_REENTRANT,
	};
	unsigned long start, size;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		struct visits visits = { .c = &w->cells[which], .typemask = masks[i] };

		vmem_walk(w->vmp[which], masks[i], visit, &visits);
		if (visits.wrong || next_visit(&visits, &start, &size))
			return complain("a walk visits something else");
	}
	return true;
}

/* It depends on the spans alone: have they been looked at? */
static bool known_spans(const struct cells *c)
{
	static struct cells known[64];
	static unsigned int last;
	struct cells these = *c;
	unsigned int i;

	these.cursor = 0;
	for (i = 0; i < CELLS; i++)
		these.cell[i] = c->cell[i] ? c->cell[i] & CELL_SPAN ?: 1 : 0;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!memcmp(&known[i], &these, sizeof(these)))
			return true;
	known[last++ % ARRAY_SIZE(known)] = these;
	return false;
}

/* In half quanta, from one before the world to one beyond, and of any length. */
static bool check_contains(const struct world *w, unsigned int which)
{
	const struct cells *c = &w->cells[which];
	unsigned long half = max(c->quantum / 2, 1ul);
	unsigned int i, j;

	if (known_spans(c))
		return true;

	for (i = 0; i <= 2 * c->nr + 2; i++) {
		unsigned long addr = c->base + i * half - c->quantum;

		for (j = 0; j <= 2 * c->nr + 3 - i; j += 1 + (j > 3)) {
			if (vmem_contains(w->vmp[which], (void *)addr, j * half) !=
			    cells_contain(c, addr, j * half))
				return complain("vmem_contains() is wrong");
		}
	}
	return true;
}

static bool check_sizes(const struct world *w, unsigned int which)
{
	const struct cells *c = &w->cells[which];
	unsigned long inuse = 0, total = 0, imported = 0;
	vmem_t *vmp = w->vmp[which];
	unsigned int i;

	for (i = 0; i < c->nr; i++) {
		if (c->cell[i])
			total += c->quantum;
		if (c->cell[i] & CELL_IMPORTED)
			imported += (cell_span_end(c, i) - i) * c->quantum;
		if (cell_begins(c, i))
			inuse += cell_block_size(c, i);
	}
	if (vmem_size(vmp, VMEM_ALLOC) != inuse ||
	    vmem_size(vmp, VMEM_FREE) != total - inuse ||
	    vmem_size(vmp, VMEM_ALLOC | VMEM_FREE) != total ||
	    vmem_stat(vmp, VMEM_STAT_MEM_IMPORT) != imported)
		return complain("vmem_size() is wrong");
	return true;
}

/*
 * What the cells do not show of an arena with caches: when all is freed and drained,
 * nothing is left. That ends the world.
 */
static bool check_nothing_lost(struct world *w)
{
	struct cells *c = &w->cells[ARENA];
	unsigned int i;

	free_all(w, ARENA, false);
	vmem_qcache_reap(w->vmp[ARENA]);
	for (i = 0; i < c->nr; i++)
		if (cell_begins(c, i))
			cells_give(c, i);
	if (w->vmp[ARENA]->inuse != w->config->filler * c->quantum)
		return complain("when all is freed, something is in use");
	if (!vmem_validate(w->vmp[ARENA]))
		return complain("when all is freed, the arena is not valid");
	return true;
}

static bool check_state(struct world *w)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		if (!vmem_validate(w->vmp[i]))
			return complain("the arena is not valid");
		if (!check_contains(w, i))
			return false;
		if (!cached_world(w) && (!check_walks(w, i) || !check_sizes(w, i)))
			return false;
	}
	return true;
}

/* === The model itself === */

static unsigned long opinions;

static struct oracle *oracle_of(const struct cells *c)
{
	struct oracle *o = oracle_create(c->quantum, CELLS);
	unsigned int i;

	for (i = 0; o && i < c->nr; i++)
		if (c->cell[i] & CELL_SPAN)
			oracle_add(o, cell_addr(c, i),
				   (cell_span_end(c, i) - i) * c->quantum, false);
	for (i = 0; o && i < c->nr; i++) {
		struct oracle_req req = { .size = c->quantum };

		if (!cell_begins(c, i))
			continue;
		req.size = cell_block_size(c, i);
		oracle_take(o, &req, cell_addr(c, i));
	}
	if (!o)
		panic("no oracle");
	o->cursor = c->cursor;
	return o;
}

/* Do both think the same of each answer to a request? */
static bool same_opinion(const struct cells *c, const struct oracle *o,
			 const struct oracle_req *req)
{
	unsigned long want;
	unsigned int i;

	for (i = 0; i <= 2 * c->nr; i++) {
		unsigned long addr = i ? c->base + (i - 1) * (c->quantum / 2) : 0;

		opinions++;
		if (!cells_judge(c, req, addr) != !oracle_judge(o, req, addr, &want))
			return complain("the two models differ");
	}
	return true;
}

static bool check_model(const struct world *w)
{
	unsigned int i, which;
	struct oracle *o;
	bool same = true;

	for (which = 0; which < w->nr; which++) {
		o = oracle_of(&w->cells[which]);
		for (i = 0; i < nr_letters && same; i++) {
			struct oracle_req req = req_of(w, &letters[i]);

			if (letters[i].what == REQUEST && letters[i].arena == which)
				same = same_opinion(&w->cells[which], o, &req);
		}
		oracle_destroy(o);
	}
	return same;
}

#endif /* _VMEM_TEST_CHECKS_H */
