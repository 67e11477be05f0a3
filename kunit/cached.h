/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites of quantum caches share: arenas that have them, a place to keep
 * what was allocated, and the way to make caches give back what they hold.
 *
 * Most promises about caches are made for one CPU. cached_init() keeps a test on
 * the first one; others are used on purpose, with on_each_cpu_of().
 */
#ifndef _VMEM_CACHED_H
#define _VMEM_CACHED_H

#include "fixture.h"

#define CACHED_BASE	0x1000000ul

/*
 * An arena of the test's own. When the test ends it is validated and destroyed,
 * after what bags hold of it was freed: what a test takes otherwise it must free,
 * or it fails by the leak report.
 */
vmem_t *cached_create(struct kunit *test, const char *name, unsigned long base,
		      size_t size, size_t quantum, vmem_alloc_t *afunc,
		      vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
		      int vmflag);
vmem_t *cached_xcreate(struct kunit *test, vmem_ximport_t *afunc, vmem_free_t *ffunc,
		       vmem_t *source, size_t quantum, size_t qcache_max);

/* Destroy such an arena before the test ends. */
void cached_destroy(struct kunit *test, vmem_t *vmp);

/* [CACHED_BASE, CACHED_BASE + size); the numbers 1 .. nr; an importing child. */
vmem_t *cached_arena(struct kunit *test, size_t size, size_t quantum,
		     size_t qcache_max);
vmem_t *cached_ids(struct kunit *test, size_t nr, size_t qcache_max);
vmem_t *cached_child(struct kunit *test, vmem_t *source, size_t quantum,
		     size_t qcache_max);

/*
 * Have all CPUs flush what they hold, until the arena has @inuse units in use,
 * or until it has counted @misuse mistakes. There is a limit of time.
 */
void cached_reap(struct kunit *test, vmem_t *vmp, size_t inuse);
void cached_reap_misuse(struct kunit *test, vmem_t *vmp, u64 misuse);

/* Nothing in use, as many frees as allocations, no mistake, one free segment. */
void cached_expect_whole(struct kunit *test, vmem_t *vmp, unsigned long base,
			 size_t size);

/*
 * Blocks held, and a bit for each quanta of [base, base + quanta * quantum) that
 * is: a block that is misaligned, outside or not free fails the test.
 */
struct bag {
	struct kunit *test;
	vmem_t *vmp;
	unsigned long base;
	size_t quantum;
	unsigned long quanta;
	unsigned long nr;		/* entries of held[] */
	unsigned long *taken;
	struct {
		unsigned long addr;	/* 0: given back */
		size_t size;
	} *held;
};

/* Freed with the test, and everything in it. */
struct bag *bag_new(struct kunit *test, vmem_t *vmp, unsigned long base,
		    size_t size, size_t quantum);
struct bag *bag_of_ids(struct kunit *test, vmem_t *ids, size_t nr);

/* Put a block in, got elsewhere; take one; take up to @nr, and tell how many. */
void bag_put(struct bag *bag, unsigned long addr, size_t size);
unsigned long bag_take(struct bag *bag, size_t size, int vmflag);
unsigned long bag_fill(struct bag *bag, size_t size, unsigned long nr);

/* Free the block at an address; entries first, first + step ...; all of them. */
void bag_give(struct bag *bag, unsigned long addr);
void bag_give_some(struct bag *bag, unsigned long first, unsigned long step);
void bag_give_all(struct bag *bag);

/* Empty it without a free, which is the caller's. */
void bag_forget(struct bag *bag);

/* Call @func on each online CPU, one after the other, in a thread. */
void on_each_cpu_of(struct kunit *test, void (*func)(void *arg), void *arg);

/* A sleeper that a signal can end, so that a test that fails leaves no thread. */
struct sleeper sleep_for(struct kunit *test, vmem_t *vmp, size_t size);
struct sleeper sleep_for_window(struct kunit *test, vmem_t *vmp, size_t size,
				unsigned long minaddr, unsigned long maxaddr);

/* Init of these suites, instead of fixture_init(). */
int cached_init(struct kunit *test);

#endif /* _VMEM_CACHED_H */
