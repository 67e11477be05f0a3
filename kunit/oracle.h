/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of an arena that is slow and plainly right: one cell for each quantum,
 * every question answered by trying every address. It shares no code and no
 * trick with the library, so that a mistake in one of them shows.
 */
#ifndef _VMEM_ORACLE_H
#define _VMEM_ORACLE_H

#include <linux/prandom.h>
#include <linux/vmem.h>

#define ORACLE_SPANS	256		/* that an arena may have at a time */

/* The arguments of vmem_xalloc(), in its order and with its meaning of 0. */
struct oracle_req {
	unsigned long size;
	unsigned long align;
	unsigned long phase;
	unsigned long nocross;
	unsigned long min;
	unsigned long max;
	int vmflag;
};

struct oracle_span {
	unsigned long start;
	unsigned int nr;		/* quanta, so cells */
	bool imported;
	u32 cell[];			/* 0: free; else see oracle.c */
};

struct oracle_block {
	unsigned long addr;
	unsigned long size;		/* as asked for */
	bool span;			/* it is a span of an importing arena */
};

struct oracle {
	unsigned long quantum;
	unsigned long cursor;		/* of next fit */
	unsigned long inuse;		/* sum of the sizes asked for */
	unsigned long total;		/* sum of the spans */
	unsigned long imported;		/* sum of the imported ones */
	unsigned int coarse;		/* random sizes are this many times longer */
	unsigned int nr_spans;
	unsigned int nr_blocks;
	unsigned int max_blocks;
	struct oracle_span *span[ORACLE_SPANS];	/* by address */
	struct oracle_block *block;
};

/* A segment: quanta of one block, or as many adjacent free ones as there are. */
struct oracle_seg {
	unsigned int index;		/* of the span */
	unsigned int cell;		/* where it begins in the span */
	unsigned int nr;		/* quanta */
	const struct oracle_span *span;
	const struct oracle_block *block;	/* NULL: free */
};

struct oracle *oracle_create(unsigned long quantum, unsigned int max_blocks);
void oracle_destroy(struct oracle *o);
bool oracle_add(struct oracle *o, unsigned long start, unsigned long size,
		bool imported);
void oracle_remove(struct oracle *o, const struct oracle_span *span);

/* The first segment, if @seg is all 0; then, in address order, the others. */
bool oracle_next(const struct oracle *o, struct oracle_seg *seg);

/* Is there a suitable address at all? */
bool oracle_possible(const struct oracle *o, const struct oracle_req *req);

/*
 * Is @addr, or 0 for NULL, an answer that the policy of @req allows? If so, NULL;
 * if not, what is wrong with it, and in @want an answer that would be right.
 */
const char *oracle_judge(const struct oracle *o, const struct oracle_req *req,
			 unsigned long addr, unsigned long *want);

/* Note what the arena did. oracle_give() tells in which span the block was. */
struct oracle_block *oracle_take(struct oracle *o, const struct oracle_req *req,
				 unsigned long addr);
const struct oracle_span *oracle_give(struct oracle *o, struct oracle_block *block);

/* The block that begins at an address; NULL if there is none. */
struct oracle_block *oracle_find(const struct oracle *o, unsigned long addr);
bool oracle_idle(const struct oracle_span *span);
bool oracle_contains(const struct oracle *o, unsigned long addr,
		     unsigned long size);

/* Does vmem_walk() visit what it should? NULL if so, else what is wrong. */
const char *oracle_compare(const struct oracle *o, vmem_t *vmp, int typemask);

/* === Random choices, the same ones for the same seed === */

/* Module parameters: 0 means a random seed, the suite's own number. */
extern unsigned int vmem_kunit_seed;
extern unsigned int vmem_kunit_ops;

static inline u32 below(struct rnd_state *rnd, u32 limit)
{
	return prandom_u32_state(rnd) % limit;
}

/* A well-formed request; one time in three, without constraints. */
void oracle_random_req(const struct oracle *o, struct rnd_state *rnd,
		       struct oracle_req *req);
void oracle_random_size(const struct oracle *o, struct rnd_state *rnd,
			struct oracle_req *req);
unsigned long oracle_random_addr(const struct oracle *o, struct rnd_state *rnd);

#endif /* _VMEM_ORACLE_H */
