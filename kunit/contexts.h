/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where vmem may be called, proven by calling it there. A cell is a group of calls,
 * the column of a table, made in a context, its row: context_calls.c and contexts.c.
 * All this uses the public interface only, and no KUnit: stock kernels have none.
 */
#ifndef _VMEM_CONTEXTS_H
#define _VMEM_CONTEXTS_H

#include <linux/types.h>
#include <linux/vmem.h>

#define CONTEXTS_ROWS		14
#define CONTEXTS_COLUMNS	14
#define CONTEXTS_CELLS		(CONTEXTS_ROWS * CONTEXTS_COLUMNS)

struct contexts_cell;

/* What whoever runs the cells has for them. */
struct contexts_means {
	struct device *dev;		/* with a DMA mask; or NULL */
	bool (*valid)(vmem_t *vmp);	/* are an arena's records; or NULL */
};

enum contexts_result {
	CONTEXTS_OK,
	CONTEXTS_FAILED,
	CONTEXTS_SKIPPED,
};

struct contexts_verdict {
	enum contexts_result result;
	const char *why;		/* what did not hold; or why skipped */
	const char *file;		/* and where, if it failed */
	unsigned int line;
	bool starved;			/* for memory: worth another attempt */
};

/* "row: column" of cell @nr, which counts from 0, row by row; reclaim comes last. */
void contexts_name(unsigned int nr, char *name, size_t size);
bool contexts_in_reclaim(unsigned int nr);

/* The whole cell, a few times if memory is short. Context: sleep. */
struct contexts_verdict contexts_run(unsigned int nr,
				     const struct contexts_means *means);

/*
 * The same in three steps, for callers that are called in the context themselves:
 * only contexts_call() is to be called there. contexts_begin() has a verdict already
 * if it returns NULL.
 */
struct contexts_cell *contexts_begin(unsigned int nr,
				     const struct contexts_means *means,
				     struct contexts_verdict *verdict);
void contexts_call(struct contexts_cell *cell);
struct contexts_verdict contexts_end(struct contexts_cell *cell);

#endif /* _VMEM_CONTEXTS_H */
