// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes of a driver: each gets one report, one count, and no effect.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "../vmem/report.h"
#include "fixture.h"

#define EVERYTHING	(VMEM_ALLOC | VMEM_FREE | VMEM_SPAN)
#define ORDINARY	0x10000000ul	/* below it is no address of the kernel's */

/* [0x1000, 0x11000), of which two pages at 0x1000 and 100 at 0x3000 are taken. */
static vmem_t *arena_in_use(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "misused", 0x1000, 0x10000, PG, NULL, NULL,
				     NULL, 0, VM_SLEEP);

	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0x1000);
	EXPECT_ADDR(test, take(vmp, 100, 0), 0x3000);
	return vmp;
}

/* === What a refused call may leave behind: a report and a count === */

struct record {
	const char *layout;
	u64 stat[VMEM_NR_STATS];
};

static void record(struct kunit *test, vmem_t *vmp, struct record *before)
{
	int i;

	before->layout = fixture_layout(test, vmp, EVERYTHING);
	for (i = 0; i < VMEM_NR_STATS; i++)
		before->stat[i] = vmem_stat(vmp, i);
}

/* What may be an address of the kernel's shows as its hash: see "Addresses" below. */
static const char *shown(unsigned long number, char *text, size_t len)
{
	if (number < ORDINARY)
		snprintf(text, len, "0x%lx", number);
	else
		snprintf(text, len, "0x%p", (void *)number);
	return text;
}

static void expect_line(struct kunit *test, const char *label, const char *name,
			unsigned long addr, unsigned long size, const char *caller)
{
	const char *line = fixture_next_report(test);
	char addr_text[32], size_text[32], want[160];

	snprintf(want, sizeof(want),
		 "vmem: %s: arena \"%s\" addr %s size %s caller %s+0x",
		 label, name, shown(addr, addr_text, sizeof(addr_text)),
		 shown(size, size_text, sizeof(size_text)), caller);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(line, want), "\"%s\" is not \"%s...\"",
			      line, want);
}

/* Frees look for their block, which the lookup statistic may count. */
static void expect_unchanged(struct kunit *test, vmem_t *vmp,
			     const struct record *before)
{
	int i;

	EXPECT_LAYOUT(test, vmp, EVERYTHING, before->layout);
	EXPECT_STAT(test, vmp, MISUSE, before->stat[VMEM_STAT_MISUSE] + 1);
	for (i = 0; i < VMEM_NR_STATS; i++)
		if (i != VMEM_STAT_MISUSE && i != VMEM_STAT_LOOKUP)
			KUNIT_EXPECT_EQ_MSG(test, vmem_stat(vmp, i), before->stat[i],
					    "statistic %d", i);
	EXPECT_VALID(test, vmp);
}

/* The calling test is the caller that the report must name. */
#define EXPECT_MISUSE(test, vmp, label, addr, size, call)			\
do {										\
	struct kunit *__test = (test);						\
	struct record __before;							\
	vmem_t *__vmp = (vmp);							\
										\
	record(__test, __vmp, &__before);					\
	call;									\
	expect_line(__test, label, "misused", addr, size, __func__);		\
	expect_unchanged(__test, __vmp, &__before);				\
} while (0)

#define EXPECT_NULL_MISUSE(test, vmp, label, addr, size, call)			\
	EXPECT_MISUSE(test, vmp, label, addr, size,				\
		      KUNIT_EXPECT_NULL(__test, call))

/* A creation has no arena to count it, and leaves none. */
#define EXPECT_NO_CREATION(test, label, addr, size, call)			\
do {										\
	struct kunit *__test = (test);						\
										\
	KUNIT_EXPECT_NULL(__test, call);					\
	expect_line(__test, label, "misused", addr, size, __func__);		\
} while (0)

/* === Requests === */

static void zero_size(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_NULL_MISUSE(test, vmp, "zero size", 0, 0,
			   vmem_alloc(vmp, 0, VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "zero size", 0, 0,
			   vmem_alloc(vmp, 0, VM_SLEEP | VM_BESTFIT));
	EXPECT_NULL_MISUSE(test, vmp, "zero size", 0, 0,
			   vmem_alloc(vmp, 0, VM_NOSLEEP | VM_FIRSTFIT));
	EXPECT_NULL_MISUSE(test, vmp, "zero size", 0, 0,
			   vmem_alloc(vmp, 0, VM_NOSLEEP | VM_NEXTFIT));
	EXPECT_NULL_MISUSE(test, vmp, "zero size", 0, 0,
			   vmem_xalloc(vmp, 0, 0, 0, 0, NULL, NULL, VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "zero size", 0, 0,
			   vmem_xalloc(vmp, 0, PG, 0, 0, NULL, NULL, VM_SLEEP));
}

/* The table of constraints is in constrained_kunit.c; this is their report. */
static void bad_constraint(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_NULL_MISUSE(test, vmp, "bad constraint", 0, PG,
			   vmem_xalloc(vmp, PG, 0x3000, 0, 0, NULL, NULL, VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "bad constraint", 0, PG,
			   vmem_xalloc(vmp, PG, 0, 0x1000, 0, NULL, NULL, VM_SLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "bad constraint", 0, 0x2001,
			   vmem_xalloc(vmp, 0x2001, 0, 0, 0x2000, NULL, NULL,
				       VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "bad constraint", 0, PG,
			   vmem_xalloc(vmp, PG, 0, 0, 0, (void *)0x3000,
				       (void *)0x2fff, VM_NOSLEEP));
}

/* Sums of constraints that are 0 again beyond the largest number. */
static void bad_constraint_wraps(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_NULL_MISUSE(test, vmp, "bad constraint", 0, SIZE_MAX,
			   vmem_xalloc(vmp, SIZE_MAX, 0, 0, PG, NULL, NULL,
				       VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "bad constraint", 0, TOP(0x1000),
			   vmem_xalloc(vmp, TOP(0x1000), 0x2000, 0x1000, 0x4000, NULL,
				       NULL, VM_NOSLEEP));
}

static void impossible_request(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_NULL_MISUSE(test, vmp, "impossible request", 0, SIZE_MAX,
			   vmem_alloc(vmp, SIZE_MAX, VM_SLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "impossible request", 0, SIZE_MAX,
			   vmem_alloc(vmp, SIZE_MAX, VM_SLEEP | VM_NEXTFIT));
	/* No page ends below this limit, and none is at 0. */
	EXPECT_NULL_MISUSE(test, vmp, "impossible request", 0, PG,
			   vmem_xalloc(vmp, PG, 0, 0, 0, NULL, (void *)0x1fff,
				       VM_SLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "impossible request", 0, 2 * PG,
			   vmem_xalloc(vmp, 2 * PG, BIT(BITS_PER_LONG - 1), 0, 0, NULL,
				       (void *)TOP(BIT(BITS_PER_LONG - 1)), VM_SLEEP));
}

/* What nobody waits for is no mistake: it just cannot be had. */
static void impossible_without_sleep_fails(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, SIZE_MAX, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, SIZE_MAX, VM_SLEEP | VM_ABORT));
	KUNIT_EXPECT_NULL(test, vmem_xalloc(vmp, PG, 0, 0, 0, NULL, (void *)0x1fff,
					    VM_NOSLEEP));
	EXPECT_STAT(test, vmp, FAIL, 3);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

/* === Frees === */

static void bad_free(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	/* Never allocated: free, beyond the spans, nowhere. */
	EXPECT_MISUSE(test, vmp, "bad free", 0x8000, PG,
		      vmem_free(vmp, (void *)0x8000, PG));
	EXPECT_MISUSE(test, vmp, "bad free", 0x900000, PG,
		      vmem_free(vmp, (void *)0x900000, PG));
	EXPECT_MISUSE(test, vmp, "bad free", 0, PG, vmem_free(vmp, NULL, PG));
	/* Within a block: at a page, and between two. */
	EXPECT_MISUSE(test, vmp, "bad free", 0x2000, PG,
		      vmem_free(vmp, (void *)0x2000, PG));
	EXPECT_MISUSE(test, vmp, "bad free", 0x1001, 2 * PG,
		      vmem_free(vmp, (void *)0x1001, 2 * PG));
}

static void bad_free_twice(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	vmem_free(vmp, (void *)0x3000, 100);
	EXPECT_MISUSE(test, vmp, "bad free", 0x3000, 100,
		      vmem_free(vmp, (void *)0x3000, 100));
	vmem_free(vmp, (void *)0x1000, 2 * PG);
	EXPECT_MISUSE(test, vmp, "bad free", 0x1000, 2 * PG,
		      vmem_free(vmp, (void *)0x1000, 2 * PG));
}

static void bad_xfree(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_MISUSE(test, vmp, "bad free", 0x8000, PG,
		      vmem_xfree(vmp, (void *)0x8000, PG));
	EXPECT_MISUSE(test, vmp, "bad free", 0x2000, PG,
		      vmem_xfree(vmp, (void *)0x2000, PG));
	EXPECT_MISUSE(test, vmp, "bad free", 0, 0, vmem_xfree(vmp, NULL, 0));
}

static void wrong_size(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_MISUSE(test, vmp, "wrong size", 0x3000, PG,
		      vmem_free(vmp, (void *)0x3000, PG));
	EXPECT_MISUSE(test, vmp, "wrong size", 0x3000, 99,
		      vmem_free(vmp, (void *)0x3000, 99));
	EXPECT_MISUSE(test, vmp, "wrong size", 0x1000, PG,
		      vmem_free(vmp, (void *)0x1000, PG));
	EXPECT_MISUSE(test, vmp, "wrong size", 0x1000, 0,
		      vmem_free(vmp, (void *)0x1000, 0));
	EXPECT_MISUSE(test, vmp, "wrong size", 0x1000, 2 * PG + 100,
		      vmem_xfree(vmp, (void *)0x1000, 2 * PG + 100));
}

/* === Creations and spans === */

static void bad_quantum(struct kunit *test)
{
	EXPECT_NO_CREATION(test, "bad quantum", 0x3000, 0x6000,
			   vmem_create("misused", (void *)0x3000, 0x6000, 3, NULL,
				       NULL, NULL, 0, VM_SLEEP));
	EXPECT_NO_CREATION(test, "bad quantum", 0, 0,
			   vmem_create("misused", NULL, 0, 0, NULL, NULL, NULL, 0,
				       VM_NOSLEEP));
	EXPECT_NO_CREATION(test, "bad quantum", 0, 0,
			   vmem_xcreate("misused", NULL, 0, 24, NULL, NULL, NULL, 0,
					VM_NOSLEEP));
}

/* Starts and lengths that are no span of pages. */
static const struct bad_span {
	const char *desc;
	unsigned long addr;
	size_t size;
} bad_span_table[] = {
	{ "no start", 0, PG },
	{ "no length", 0x40000, 0 },
	{ "start off the quantum", 0x40800, PG },
	{ "length off the quantum", 0x40000, 0x1800 },
	{ "beyond the top", TOP(0x1000), 0x2000 },
	{ "far beyond the top", 0x40000, TOP(0x1000) },
};

KUNIT_ARRAY_PARAM_DESC(bad_span, bad_span_table, desc);

static void bad_span_added(struct kunit *test)
{
	const struct bad_span *bad = test->param_value;
	vmem_t *vmp = arena_in_use(test);

	EXPECT_NULL_MISUSE(test, vmp, "bad span", bad->addr, bad->size,
			   vmem_add(vmp, (void *)bad->addr, bad->size, VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "bad span", bad->addr, bad->size,
			   vmem_add(vmp, (void *)bad->addr, bad->size, VM_SLEEP));
}

static void bad_span_created(struct kunit *test)
{
	const struct bad_span *bad = test->param_value;

	EXPECT_NO_CREATION(test, "bad span", bad->addr, bad->size,
			   vmem_create("misused", (void *)bad->addr, bad->size, PG,
				       NULL, NULL, NULL, 0, VM_SLEEP));
	EXPECT_NO_CREATION(test, "bad span", bad->addr, bad->size,
			   vmem_xcreate("misused", (void *)bad->addr, bad->size, PG,
					NULL, NULL, NULL, 0, VM_NOSLEEP));
}

static void overlap(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	EXPECT_NULL_MISUSE(test, vmp, "overlap", 0x10000, 0x2000,
			   vmem_add(vmp, (void *)0x10000, 0x2000, VM_NOSLEEP));
	EXPECT_NULL_MISUSE(test, vmp, "overlap", 0x1000, 0x10000,
			   vmem_add(vmp, (void *)0x1000, 0x10000, VM_SLEEP));
}

static void identifier_mismatch(struct kunit *test)
{
	vmem_t *memory = fixture_arena(test, 0x1000, 0x10000, PG);
	vmem_t *ids = fixture_create(test, "ids", 1, 10, 1, NULL, NULL, NULL, 0,
				     VM_SLEEP | VMC_IDENTIFIER);

	EXPECT_NO_CREATION(test, "identifier mismatch", 0, 0,
			   vmem_create("misused", NULL, 0, PG, vmem_alloc, vmem_free,
				       memory, 0, VM_SLEEP | VMC_IDENTIFIER));
	EXPECT_NO_CREATION(test, "identifier mismatch", 0x20, 0x10,
			   vmem_create("misused", (void *)0x20, 0x10, 1, vmem_alloc,
				       vmem_free, ids, 0, VM_SLEEP));
	KUNIT_EXPECT_TRUE(test, list_empty(&memory->children));
	KUNIT_EXPECT_TRUE(test, list_empty(&ids->children));
}

static void bad_flags(struct kunit *test)
{
	EXPECT_NO_CREATION(test, "bad flags", 0x1000, PG,
			   vmem_create("misused", (void *)0x1000, PG, PG, NULL, NULL,
				       NULL, 0,
				       VM_SLEEP | VMC_KMEMLEAK | VMC_IDENTIFIER));
	EXPECT_NO_CREATION(test, "bad flags", 0, 0,
			   vmem_xcreate("misused", NULL, 0, 1, NULL, NULL, NULL, 0,
					VM_SLEEP | VMC_KMEMLEAK | VMC_IDENTIFIER));
}

/* === Bits that are dropped in silence === */

static size_t asked;

static void *noting_alloc(vmem_t *source, size_t size, int vmflag)
{
	asked = size;
	return vmem_alloc(source, size, vmflag);
}

static void *noting_ximport(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	asked = *sizep;
	return vmem_alloc(source, *sizep, vmflag);
}

/* Taken for VMC_XALLOC, the import function would be given a pointer as size. */
static void create_drops_xalloc(struct kunit *test)
{
	vmem_t *source = fixture_arena(test, 0x100000, 0x100000, PG);
	vmem_t *vmp = fixture_create(test, "C", 0, 0, PG, noting_alloc, vmem_free,
				     source, 0, VM_SLEEP | VMC_XALLOC);

	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0x100000);
	KUNIT_EXPECT_EQ(test, asked, 2 * PG);
}

/* Taken for VMC_XALIGN, the import would not be padded. */
static void create_drops_xalign(struct kunit *test)
{
	vmem_t *source = fixture_arena(test, 0x101000, 0x100000, PG);
	vmem_t *vmp = fixture_create(test, "C", 0, 0, PG, noting_alloc, vmem_free,
				     source, 0, VM_SLEEP | VMC_XALIGN);

	EXPECT_ADDR(test, xtake(vmp, PG, 0x4000, 0, 0, 0, 0, 0), 0x104000);
	KUNIT_EXPECT_EQ(test, asked, 0x4000);
}

static void xcreate_drops_xalloc_and_populator(struct kunit *test)
{
	vmem_t *source = fixture_arena(test, 0x100000, 0x100000, PG);
	vmem_t *vmp = fixture_xcreate(test, "C", 0, 0, PG, noting_ximport, vmem_free,
				      source, 0,
				      VM_SLEEP | VMC_XALLOC | VMC_POPULATOR);

	EXPECT_ADDR(test, take(vmp, 2 * PG, 0), 0x100000);
	KUNIT_EXPECT_EQ(test, asked, 2 * PG);
}

/* Flags that mean nothing here, and bits that mean nothing anywhere. */
static void allocation_ignores_unknown_bits(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, 0x10000, PG);

	EXPECT_ADDR(test, take(vmp, PG, VM_MEMLOAD | VM_NORELOC), 0x1000);
	EXPECT_ADDR(test, take(vmp, PG, 0x8070), 0x2000);
	EXPECT_ADDR(test, take(vmp, PG, VMC_FLAGS), 0x3000);
}

/* === Imports and destruction === */

static unsigned long released_addr;
static size_t released_size;

static void *misaligned_import(vmem_t *source, size_t size, int vmflag)
{
	return (void *)0x12340;
}

static void noting_release(vmem_t *source, void *addr, size_t size)
{
	released_addr = (unsigned long)addr;
	released_size = size;
}

static void bad_import(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "misused", 0, 0, PG, misaligned_import,
				     noting_release, NULL, 0, VM_SLEEP);

	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, 2 * PG, VM_NOSLEEP));
	expect_line(test, "bad import", "misused", 0x12340, 2 * PG, __func__);
	EXPECT_ADDR(test, released_addr, 0x12340);
	KUNIT_EXPECT_EQ(test, released_size, 2 * PG);
	EXPECT_STAT(test, vmp, MISUSE, 1);
	EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_LAYOUT(test, vmp, EVERYTHING, "");
}

static void arena_in_use_as_source(struct kunit *test)
{
	vmem_t *source = arena_in_use(test);
	vmem_t *child = fixture_child(test, source, PG);

	EXPECT_MISUSE(test, source, "arena in use", 0, 0, vmem_destroy(source));
	EXPECT_ADDR(test, take(source, PG, VM_FIRSTFIT), 0x4000);
	fixture_destroy(test, child);
}

static void arena_in_use_by_sleeper(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);
	struct sleeper sleeper = { .vmp = vmp, .size = 0xe000, .vmflag = VM_SLEEP };

	sleeper_start(test, &sleeper);
	EXPECT_MISUSE(test, vmp, "arena in use", 0, 0, vmem_destroy(vmp));
	KUNIT_EXPECT_FALSE(test, sleeper_done(&sleeper));
	give(vmp, 0x3000, 100);
	EXPECT_ADDR(test, sleeper_result(test, &sleeper), 0x3000);
}

static void destroy_without_arena_is_silent(struct kunit *test)
{
	vmem_destroy(NULL);
	KUNIT_EXPECT_STREQ(test, fixture_next_report(test), "");
}

/* === No arena at all === */

static void never_called(void *arg, void *start, size_t size)
{
	struct kunit *test = arg;

	KUNIT_FAIL(test, "called for %p", start);
}

static void expect_no_arena(struct kunit *test, const char *caller)
{
	const char *line = fixture_next_report(test);

	KUNIT_EXPECT_TRUE_MSG(test, strstarts(line, "vmem: no arena: arena \"\" addr 0x"),
			      "%s", line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, caller), "%s", line);
}

#define EXPECT_NO_ARENA(test, call)						\
do {										\
	call;									\
	expect_no_arena(test, __func__);					\
} while (0)

static void no_arena_to_allocate_from(struct kunit *test)
{
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_NULL(test, vmem_alloc(NULL, PG, VM_SLEEP)));
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_NULL(test, vmem_alloc(NULL, 0, VM_NOSLEEP)));
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_NULL(test, vmem_xalloc(NULL, PG, 0, 0, 0, NULL,
								  NULL, VM_NOSLEEP)));
	EXPECT_NO_ARENA(test, vmem_free(NULL, (void *)0x1000, PG));
	EXPECT_NO_ARENA(test, vmem_xfree(NULL, (void *)0x1000, PG));
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_NULL(test, vmem_add(NULL, (void *)0x1000, PG,
							       VM_NOSLEEP)));
}

static void no_arena_to_look_into(struct kunit *test)
{
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_EQ(test, vmem_contains(NULL, (void *)0x1000,
								  PG), 0));
	EXPECT_NO_ARENA(test, vmem_walk(NULL, EVERYTHING, never_called, test));
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_EQ(test, vmem_size(NULL, VMEM_ALLOC), 0));
	EXPECT_NO_ARENA(test, vmem_qcache_reap(NULL));
	EXPECT_NO_ARENA(test, vmem_set_private(NULL, test));
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_NULL(test, vmem_get_private(NULL)));
}

static void no_arena_to_have_dma_memory(struct kunit *test)
{
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_NULL(test, vmem_dma_alloc(NULL, PAGE_SIZE,
								     VM_NOSLEEP)));
	EXPECT_NO_ARENA(test, vmem_dma_free(NULL, test, PAGE_SIZE));
	EXPECT_NO_ARENA(test, KUNIT_EXPECT_EQ(test, (u64)vmem_dma_addr(NULL, test),
					      (u64)DMA_MAPPING_ERROR));
}

/* === VM_PANIC: who never wants to see NULL does not see it when refused === */

#define EXPECT_PANIC(test, label, call)						\
do {										\
	struct kunit *__test = (test);						\
	int __panics = fixture_panics(__test);					\
										\
	KUNIT_EXPECT_NULL(__test, call);					\
	KUNIT_EXPECT_EQ(__test, fixture_panics(__test), __panics + 1);		\
	EXPECT_REPORT(__test, "vmem: " label ": arena ");			\
} while (0)

static void refused_request_panics(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	fixture_catch_panic(test);
	EXPECT_PANIC(test, "zero size", vmem_alloc(vmp, 0, VM_NOSLEEP | VM_PANIC));
	EXPECT_PANIC(test, "zero size",
		     vmem_xalloc(vmp, 0, 0, 0, 0, NULL, NULL, VM_SLEEP | VM_PANIC));
	EXPECT_PANIC(test, "bad constraint",
		     vmem_xalloc(vmp, PG, 0x3000, 0, 0, NULL, NULL,
				 VM_NOSLEEP | VM_PANIC));
	EXPECT_PANIC(test, "impossible request",
		     vmem_alloc(vmp, SIZE_MAX, VM_SLEEP | VM_PANIC));
	EXPECT_PANIC(test, "no arena", vmem_alloc(NULL, PG, VM_NOSLEEP | VM_PANIC));
	EXPECT_STAT(test, vmp, MISUSE, 4);
	EXPECT_STAT(test, vmp, FAIL, 0);
}

static void refused_span_panics(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);

	fixture_catch_panic(test);
	EXPECT_PANIC(test, "bad span", vmem_add(vmp, NULL, PG, VM_NOSLEEP | VM_PANIC));
	EXPECT_PANIC(test, "overlap",
		     vmem_add(vmp, (void *)0x1000, PG, VM_NOSLEEP | VM_PANIC));
	EXPECT_PANIC(test, "bad quantum",
		     vmem_create("misused", NULL, 0, 3, NULL, NULL, NULL, 0,
				 VM_NOSLEEP | VM_PANIC));
	EXPECT_STAT(test, vmp, MISUSE, 2);
}

/* === Addresses: who may read the log must not learn where the kernel's memory is === */

/* The line has the hash of a pointer, and not the pointer. */
static void expect_hidden(struct kunit *test, const char *line, const void *pointer)
{
	char hash[32], raw[32];

	snprintf(hash, sizeof(hash), " 0x%p ", pointer);
	snprintf(raw, sizeof(raw), "%lx", (unsigned long)pointer);
	if (strstr(hash, raw))
		kunit_skip(test, "addresses are shown with no_hash_pointers");
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, hash), "no%sin \"%s\"", hash, line);
	KUNIT_EXPECT_NULL_MSG(test, strstr(line, raw), "%s in \"%s\"", raw, line);
}

static void double_free_of_memory_shows_no_address(struct kunit *test)
{
	static const struct {
		vmem_alloc_t *import;
		vmem_free_t *release;
	} kinds[] = {
		{ vmem_pages_alloc, vmem_pages_free },
		{ vmem_kvmalloc_alloc, vmem_kvmalloc_free },
		{ vmem_vmalloc_alloc, vmem_vmalloc_free },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		vmem_t *vmp = fixture_create(test, "memory", 0, 0, 64, kinds[i].import,
					     kinds[i].release, NULL, 0, VM_SLEEP);
		void *kept = vmem_alloc(vmp, 64, VM_SLEEP);
		void *block = vmem_alloc(vmp, 192, VM_SLEEP);

		KUNIT_ASSERT_NOT_NULL(test, block);
		vmem_free(vmp, block, 192);
		vmem_free(vmp, block, 192);
		expect_hidden(test, fixture_next_report(test), block);
		vmem_free(vmp, kept, 64);
	}
}

/* An arena does not know that the numbers it was given are addresses. */
static void free_of_given_memory_shows_no_address(struct kunit *test)
{
	char *memory = kunit_kzalloc(test, 1024, GFP_KERNEL);
	vmem_t *vmp;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	vmp = fixture_create(test, "given", (unsigned long)memory, 1024, 1, NULL, NULL,
			     NULL, 0, VM_SLEEP);
	vmem_free(vmp, memory + 100, 10);
	expect_hidden(test, fixture_next_report(test), memory + 100);
	KUNIT_EXPECT_NULL(test, vmem_add(vmp, memory + 512, 1024, VM_SLEEP));
	expect_hidden(test, fixture_next_report(test), memory + 512);
}

/* A pointer in the wrong place: to an arena of other numbers, as a size, on the way in. */
static void misplaced_pointer_is_not_shown(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);
	vmem_t *ids = fixture_create(test, "ids", 1, 10, 1, NULL, NULL, NULL, 0,
				     VM_SLEEP | VMC_IDENTIFIER);
	char here;

	vmem_free(vmp, test, PG);
	expect_hidden(test, fixture_next_report(test), test);
	vmem_free(vmp, (void *)0x1000, (size_t)&here);
	expect_hidden(test, fixture_next_report(test), &here);
	vmem_free(ids, vmp, 1);
	expect_hidden(test, fixture_next_report(test), vmp);
	KUNIT_EXPECT_NULL(test, vmem_create("misused", test, 3, 3, NULL, NULL, NULL, 0,
					    VM_SLEEP));
	expect_hidden(test, fixture_next_report(test), test);
}

/* The kernel's addresses are as large on most machines, but these are none. */
static void identifiers_are_shown_up_to_the_top(struct kunit *test)
{
	vmem_t *ids = fixture_create(test, "ids", TOP(0x20000), 0x10000, 1, NULL, NULL,
				     NULL, 0, VM_SLEEP | VMC_IDENTIFIER);
	char want[64];

	give(ids, TOP(0x18000), 1);
	snprintf(want, sizeof(want), " addr 0x%lx size 0x1 ", TOP(0x18000));
	EXPECT_REPORT(test, want);
	give(ids, TOP(0x28000), 1);
	expect_hidden(test, fixture_next_report(test), (void *)TOP(0x28000));
}

static void leaked_memory_shows_no_address(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "memory", 0, 0, 64, vmem_pages_alloc,
				     vmem_pages_free, NULL, 0, VM_SLEEP);
	void *block = vmem_alloc(vmp, 192, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, block);
	fixture_destroy(test, vmp);
	EXPECT_REPORT(test, "vmem: leak: arena \"memory\" 192 bytes in 1 segments caller ");
	if (!IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "who has leaked what is told by CONFIG_VMEM_AUDIT");
	expect_hidden(test, fixture_next_leaked(test), block);
}

/* As when the module of a caller is gone. */
static void caller_without_a_symbol_is_not_shown(struct kunit *test)
{
	unsigned long caller = (unsigned long)fixture_create + 1;

	if (!IS_ENABLED(CONFIG_KALLSYMS))
		kunit_skip(test, "no caller has a symbol without CONFIG_KALLSYMS");
	KUNIT_EXPECT_PTR_EQ(test, vmem_show_caller(caller), (void *)caller);
	KUNIT_EXPECT_NULL(test, vmem_show_caller((unsigned long)test));
	KUNIT_EXPECT_NULL(test, vmem_show_caller(0));
}

/* === Reports are rate-limited, the counter is not === */

/* As many lines as one interval allows, or a few, on a machine that is so slow. */
static void expect_a_handful_of_reports(struct kunit *test, unsigned long since)
{
	unsigned long intervals = 1 + (jiffies - since) / DEFAULT_RATELIMIT_INTERVAL;
	unsigned long lines = 0;

	while (*fixture_next_report(test))
		lines++;
	KUNIT_EXPECT_GE(test, lines, (unsigned long)DEFAULT_RATELIMIT_BURST);
	KUNIT_EXPECT_LE(test, lines, DEFAULT_RATELIMIT_BURST * intervals);
}

static void double_frees_without_end(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test), *other = arena_in_use(test);
	unsigned long since = jiffies;
	int i;

	give(vmp, 0x3000, 100);
	for (i = 0; i < 1000; i++)
		give(vmp, 0x3000, 100);
	expect_a_handful_of_reports(test, since);
	EXPECT_STAT(test, vmp, MISUSE, 1000);
	/* It is no other arena's limit. */
	EXPECT_REFUSED(test, other, "bad free", give(other, 0x9000, PG));
}

static void calls_without_arena_without_end(struct kunit *test)
{
	unsigned long since = jiffies;
	int i;

	for (i = 0; i < 1000; i++)
		give(NULL, 0x3000, 100);
	expect_a_handful_of_reports(test, since);
}

static void refused_creations_without_end(struct kunit *test)
{
	unsigned long since = jiffies;
	int i;

	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_NULL(test, vmem_create("misused", NULL, 0, 3, NULL, NULL,
						    NULL, 0, VM_NOSLEEP));
	expect_a_handful_of_reports(test, since);
}

/* When the interval is over, there is something to be read again. */
static void reports_come_again(struct kunit *test)
{
	vmem_t *vmp = arena_in_use(test);
	unsigned long since = jiffies;
	int i;

	for (i = 0; i < 100; i++)
		give(vmp, 0x9000, PG);
	expect_a_handful_of_reports(test, since);
	vmp->reports.interval = 1;
	while (!time_after(jiffies, since + 2))
		cond_resched();
	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, 0x9000, PG));
}

static struct kunit_case misuse_cases[] = {
	KUNIT_CASE(zero_size),
	KUNIT_CASE(bad_constraint),
	KUNIT_CASE(bad_constraint_wraps),
	KUNIT_CASE(impossible_request),
	KUNIT_CASE(impossible_without_sleep_fails),
	KUNIT_CASE(bad_free),
	KUNIT_CASE(bad_free_twice),
	KUNIT_CASE(bad_xfree),
	KUNIT_CASE(wrong_size),
	KUNIT_CASE(bad_quantum),
	KUNIT_CASE_PARAM(bad_span_added, bad_span_gen_params),
	KUNIT_CASE_PARAM(bad_span_created, bad_span_gen_params),
	KUNIT_CASE(overlap),
	KUNIT_CASE(identifier_mismatch),
	KUNIT_CASE(bad_flags),
	KUNIT_CASE(create_drops_xalloc),
	KUNIT_CASE(create_drops_xalign),
	KUNIT_CASE(xcreate_drops_xalloc_and_populator),
	KUNIT_CASE(allocation_ignores_unknown_bits),
	KUNIT_CASE(bad_import),
	KUNIT_CASE(arena_in_use_as_source),
	KUNIT_CASE(arena_in_use_by_sleeper),
	KUNIT_CASE(destroy_without_arena_is_silent),
	KUNIT_CASE(no_arena_to_allocate_from),
	KUNIT_CASE(no_arena_to_look_into),
	KUNIT_CASE(no_arena_to_have_dma_memory),
	KUNIT_CASE(refused_request_panics),
	KUNIT_CASE(refused_span_panics),
	KUNIT_CASE(double_free_of_memory_shows_no_address),
	KUNIT_CASE(free_of_given_memory_shows_no_address),
	KUNIT_CASE(misplaced_pointer_is_not_shown),
	KUNIT_CASE(identifiers_are_shown_up_to_the_top),
	KUNIT_CASE(leaked_memory_shows_no_address),
	KUNIT_CASE(caller_without_a_symbol_is_not_shown),
	KUNIT_CASE(double_frees_without_end),
	KUNIT_CASE(calls_without_arena_without_end),
	KUNIT_CASE(refused_creations_without_end),
	KUNIT_CASE(reports_come_again),
	{}
};

static struct kunit_suite misuse_suite = {
	.name = "vmem_misuse",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = misuse_cases,
};

kunit_test_suite(misuse_suite);
