// SPDX-License-Identifier: GPL-2.0-only
/*
 * Import functions other than vmem_alloc(), as drivers write them: what they are
 * asked for, what becomes of what they return, and what if that is wrong.
 */
#include "fixture.h"

/*
 * What such a function saw and what it is to answer: the private pointer of its
 * source, an arena that it does not otherwise use.
 */
struct importer {
	vmem_t *source;
	unsigned long answer;		/* 0: nothing to be had */
	size_t grow;			/* if not 0, raise (or lower) the size */
	vmem_t *frees_into;		/* meanwhile, free a page at @frees */
	unsigned long frees;

	unsigned int imports;		/* number, and what the last one got */
	vmem_t *first;
	size_t size;
	size_t align;
	int vmflag;

	unsigned int releases;		/* the same */
	unsigned long addr;
	size_t length;
};

static void *import(vmem_t *source, size_t size, int vmflag)
{
	struct importer *imp = vmem_get_private(source);

	imp->imports++;
	imp->first = source;
	imp->size = size;
	imp->vmflag = vmflag;
	if (imp->frees_into)
		give(imp->frees_into, imp->frees, PG);
	imp->frees_into = NULL;
	return (void *)imp->answer;
}

static void *grow(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	struct importer *imp = vmem_get_private(source);
	void *addr = import(source, *sizep, vmflag);

	imp->align = align;
	if (imp->grow)
		*sizep = imp->grow;
	return addr;
}

static void release(vmem_t *source, void *addr, size_t size)
{
	struct importer *imp = vmem_get_private(source);

	imp->releases++;
	imp->addr = (unsigned long)addr;
	imp->length = size;
}

static struct importer *importer(struct kunit *test, size_t quantum)
{
	struct importer *imp = kunit_kzalloc(test, sizeof(*imp), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, imp);
	imp->source = fixture_arena(test, 0x10000, quantum, quantum);
	vmem_set_private(imp->source, imp);
	return imp;
}

static vmem_t *importing(struct kunit *test, struct importer *imp, size_t quantum)
{
	return fixture_create(test, "C", 0, 0, quantum, import, release,
			      imp->source, 0, VM_SLEEP);
}

static vmem_t *growing(struct kunit *test, struct importer *imp, size_t quantum,
		       int vmflag)
{
	return fixture_xcreate(test, "C", 0, 0, quantum, grow, release,
			       imp->source, 0, vmflag);
}

static void case_069_import_function_has_nothing(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	EXPECT_ADDR(test, take(c, PG, 0), 0);
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, c, MEM_TOTAL, 0);
	KUNIT_EXPECT_EQ(test, imp->imports, 1);
	KUNIT_EXPECT_EQ(test, imp->releases, 0);
}

static void case_072_what_import_functions_see(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	take(c, PG, VM_BESTFIT);
	KUNIT_EXPECT_EQ(test, imp->vmflag, 1);
	KUNIT_EXPECT_PTR_EQ(test, imp->first, imp->source);
	KUNIT_EXPECT_EQ(test, imp->size, PG);
}

static void import_function_sees_km_flags_only(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	take(c, PG, 0xffff & ~(VM_PANIC | VM_NOSLEEP));
	KUNIT_EXPECT_EQ(test, imp->vmflag, 0xff & ~VM_PANIC);
}

static void sleeping_request_stays_one_through_levels(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *mid = importing(test, imp, PG);
	vmem_t *leaf = fixture_child(test, mid, PG);

	imp->answer = 0x900000;
	EXPECT_ADDR(test, vmem_alloc(leaf, PG, VM_SLEEP | VM_KILLABLE), 0x900000);
	KUNIT_EXPECT_EQ(test, imp->vmflag, VM_KILLABLE);
}

static void release_function_gets_what_was_imported(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, 0x100);

	imp->answer = 0x900000;
	EXPECT_ADDR(test, take(c, 0x1100, 0), 0x900000);
	take(c, 0x100, 0);
	give(c, 0x900000, 0x1100);
	KUNIT_EXPECT_EQ(test, imp->releases, 0);
	give(c, 0x901100, 0x100);
	KUNIT_EXPECT_EQ(test, imp->releases, 1);
	EXPECT_ADDR(test, imp->addr, 0x900000);
	KUNIT_EXPECT_EQ(test, imp->length, 0x2000);
}

/* === A root that imports from the kernel === */

static unsigned int root_imports, root_releases;

static void *import_from_kernel(vmem_t *source, size_t size, int vmflag)
{
	root_imports += !source;
	return (void *)0x900000;
}

static void release_to_kernel(vmem_t *source, void *addr, size_t size)
{
	root_releases += !source;
}

static void import_without_a_source(struct kunit *test)
{
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, import_from_kernel,
				   release_to_kernel, NULL, 0, VM_SLEEP);

	root_imports = 0;
	root_releases = 0;
	EXPECT_ADDR(test, take(c, 100, 0), 0x900000);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
	EXPECT_STAT(test, c, SOURCE, 0);
	give(c, 0x900000, 100);
	KUNIT_EXPECT_EQ(test, root_imports, 1);
	KUNIT_EXPECT_EQ(test, root_releases, 1);
}

/* === How much is asked for === */

static const struct padding {
	const char *desc;
	size_t quantum, source_quantum;
	size_t size, align, phase;
	int vmcflag;
	size_t asked;
} paddings[] = {
	{ "no alignment", 0x100, PG, 0x100, 0, 0, 0, 0x1000 },
	{ "no alignment, size not a multiple of Q",
		0x100, PG, 0x1001, 0, 0, 0, 0x2000 },
	{ "Q is the child's quantum", 0x4000, PG, PG, 0, 0, 0, 0x4000 },
	{ "align below Q", 0x100, PG, 0x1000, 0x400, 0, 0, 0x1000 },
	{ "align below Q, with phase", 0x100, PG, 0xe00, 0x400, 0x200, 0, 0x1000 },
	{ "align below Q, phase reaches beyond Q",
		0x100, PG, 0xf00, 0x400, 0x200, 0, 0x2000 },
	{ "align is Q, with phase", 0x100, PG, 0x900, PG, 0x800, 0, 0x2000 },
	{ "align above Q", PG, PG, PG, 0x8000, 0, 0, 0x8000 },
	{ "align above Q, phase a multiple of Q",
		PG, PG, 0x2000, 0x8000, 0x3000, 0, 0x9000 },
	{ "align above Q, finer size", 0x100, PG, 0x200, 0x4000, 0, 0, 0x4000 },
	{ "align above Q, finer phase",
		0x100, PG, 0x200, 0x4000, 0x1200, 0, 0x5000 },
	{ "align above Q, function aligns",
		PG, PG, PG, 0x8000, 0, VMC_XALIGN, 0x1000 },
	{ "align above Q, with phase, function aligns",
		PG, PG, PG, 0x8000, 0x2000, VMC_XALIGN, 0x3000 },
	{ "at least 64", 1, 1, 1, 0, 0, VMC_NO_QCACHE, 64 },
	{ "more than 64", 1, 1, 65, 0, 0, VMC_NO_QCACHE, 65 },
	{ "size and padding more than 64", 1, 1, 50, 32, 3, VMC_NO_QCACHE, 81 },
};

KUNIT_ARRAY_PARAM_DESC(padding, paddings, desc);

static void import_asks_for(struct kunit *test)
{
	const struct padding *row = test->param_value;
	struct importer *imp = importer(test, row->source_quantum);
	vmem_t *c = growing(test, imp, row->quantum, row->vmcflag);

	xtake(c, row->size, row->align, row->phase, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, imp->imports, 1);
	KUNIT_EXPECT_EQ(test, imp->size, row->asked);
}

/* However the import lies, a padded one holds the block. */
static void padded_import_holds_the_block(struct kunit *test)
{
	const struct padding *row = test->param_value;
	size_t align = max(row->align, row->quantum);
	struct importer *imp = importer(test, row->source_quantum);
	vmem_t *c = growing(test, imp, row->quantum, row->vmcflag);
	size_t step = max(row->quantum, row->source_quantum);
	unsigned long addr;

	if (row->vmcflag & VMC_XALIGN)
		step = align;
	for (imp->answer = 0x900000; imp->answer <= 0x900000 + align;
	     imp->answer += step) {
		addr = xtake(c, row->size, row->align, row->phase, 0, 0, 0, 0);
		KUNIT_ASSERT_NE(test, addr, 0ul);
		EXPECT_ADDR(test, addr & (align - 1), row->phase);
		xgive(c, addr, row->size);
		EXPECT_STAT(test, c, MEM_TOTAL, 0);
	}
}

static const struct min_import {
	size_t quantum, qcache_max, asked;
} min_imports[] = {
	{ PG, 5 * PG, 0x10000 },
	{ PG, 6 * PG - 1, 0x10000 },
	{ PG, 8 * PG, 0x20000 },
	{ PG, 16 * PG, 0x40000 },
	{ PG, 100 * PG, 0x40000 },
	{ 1, 1, 64 },
	{ 1, 100, 64 },
	{ 0x10, 0x100, 0x400 },
};

static void no_qcache_imports_at_least_a_slab(struct kunit *test)
{
	const struct min_import *row;
	struct importer *imp;
	vmem_t *c;

	for (row = min_imports; row < min_imports + ARRAY_SIZE(min_imports); row++) {
		imp = importer(test, row->quantum);
		c = fixture_create(test, "C", 0, 0, row->quantum, import, release,
				   imp->source, row->qcache_max,
				   VM_SLEEP | VMC_NO_QCACHE);
		take(c, 1, 0);
		KUNIT_EXPECT_EQ(test, imp->size, row->asked);
		take(c, row->asked + 1, 0);
		KUNIT_EXPECT_EQ(test, imp->size, row->asked + row->quantum);
	}
}

static void import_that_would_wrap_is_not_made(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, 0x100);

	EXPECT_ADDR(test, take(c, TOP(0x200), 0), 0);
	EXPECT_STAT(test, c, FAIL, 1);
	KUNIT_EXPECT_EQ(test, imp->imports, 0);
}

static void padding_that_would_wrap_is_not_made(struct kunit *test)
{
	unsigned long half = BIT(BITS_PER_LONG - 1);
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, 0x100);

	EXPECT_ADDR(test, xtake(c, half - 0x100, half, 0x100, 0, 0, 0, 0), 0);
	EXPECT_STAT(test, c, FAIL, 1);
	KUNIT_EXPECT_EQ(test, imp->imports, 0);
}

static void largest_import_is_asked_for(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	EXPECT_ADDR(test, take(c, TOP(2 * PG), 0), 0);
	KUNIT_EXPECT_EQ(test, imp->size, TOP(2 * PG));
}

/* === Imports that grow === */

static void *grow_to_64k(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	*sizep = max(*sizep, 0x10000ul);
	return vmem_alloc(source, *sizep, vmflag);
}

static void case_065_import_grows(struct kunit *test)
{
	vmem_t *p = fixture_arena(test, 0x100000, 0x100000, PG);
	vmem_t *c = fixture_xcreate(test, "C", 0, 0, PG, grow_to_64k, vmem_free, p,
				    0, VM_SLEEP);

	EXPECT_ADDR(test, take(c, PG, 0), 0x100000);
	EXPECT_ADDR(test, take(c, PG, 0), 0x101000);
	EXPECT_STAT(test, p, ALLOC, 1);
	EXPECT_STAT(test, c, MEM_IMPORT, 0x10000);
	EXPECT_STAT(test, c, MEM_INUSE, 0x2000);

	give(c, 0x100000, PG);
	give(c, 0x101000, PG);
	EXPECT_STAT(test, c, MEM_IMPORT, 0);
	EXPECT_STAT(test, p, MEM_INUSE, 0);
}

static void grown_import_goes_back_whole(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = growing(test, imp, PG, VM_SLEEP);

	imp->answer = 0x900000;
	imp->grow = 0x10000;
	give(c, take(c, PG, 0), PG);
	KUNIT_EXPECT_EQ(test, imp->releases, 1);
	EXPECT_ADDR(test, imp->addr, 0x900000);
	KUNIT_EXPECT_EQ(test, imp->length, 0x10000);
}

static void growing_function_is_told_the_alignment(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = growing(test, imp, PG, VM_SLEEP | VMC_XALIGN);

	take(c, PG, 0);
	KUNIT_EXPECT_EQ(test, imp->align, PG);
	xtake(c, PG, 0x8000, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, imp->align, 0x8000);
}

static void aligning_function_serves_phase(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = growing(test, imp, PG, VM_SLEEP | VMC_XALIGN);

	imp->answer = 0x908000;
	EXPECT_ADDR(test, xtake(c, PG, 0x8000, 0x2000, 0, 0, 0, 0), 0x90a000);
	EXPECT_STAT(test, c, MEM_TOTAL, 0x3000);
}

static void xalign_is_dropped_by_vmem_create(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, import, release,
				   imp->source, 0, VM_SLEEP | VMC_XALIGN);

	xtake(c, PG, 0x8000, 0, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, imp->size, 0x8000);
}

static void xalloc_flag_is_dropped_by_vmem_create(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = fixture_create(test, "C", 0, 0, PG, import, release,
				   imp->source, 0, VM_SLEEP | VMC_XALLOC);

	imp->answer = 0x900000;
	EXPECT_ADDR(test, take(c, PG, 0), 0x900000);
	KUNIT_EXPECT_EQ(test, imp->size, PG);
}

/* === What happens during an import === */

static void space_freed_during_a_failing_import_is_used(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	vmem_add(c, (void *)0x1000, PG, VM_SLEEP);
	EXPECT_ADDR(test, take(c, PG, 0), 0x1000);

	imp->frees_into = c;
	imp->frees = 0x1000;
	EXPECT_ADDR(test, take(c, PG, 0), 0x1000);
	KUNIT_EXPECT_EQ(test, imp->imports, 1);
	EXPECT_STAT(test, c, FAIL, 0);
}

/* Whether the block comes from the import or not, nothing is kept in vain. */
/* Without a release function nobody takes it back: it becomes space of the arena. */
static void space_freed_during_an_import_that_is_kept(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = fixture_create(test, "kept", 0x1000, PG, PG, import, NULL,
				   imp->source, 0, VM_SLEEP);

	take(c, PG, 0);
	imp->answer = 0x900000;
	imp->frees_into = c;
	imp->frees = 0x1000;
	KUNIT_EXPECT_NE(test, take(c, PG, 0), 0);
	EXPECT_STAT(test, c, MEM_IMPORT, PG);
	EXPECT_STAT(test, c, MEM_TOTAL, 2 * PG);
	KUNIT_EXPECT_NE(test, take(c, PG, 0), 0);
	KUNIT_EXPECT_EQ(test, imp->imports, 1);
}

static void space_freed_during_an_import(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);
	unsigned long addr;

	vmem_add(c, (void *)0x1000, PG, VM_SLEEP);
	take(c, PG, 0);

	imp->answer = 0x900000;
	imp->frees_into = c;
	imp->frees = 0x1000;
	addr = take(c, PG, 0);
	KUNIT_EXPECT_EQ(test, imp->imports, 1);
	if (addr == 0x1000)
		KUNIT_EXPECT_EQ(test, imp->releases, 1);
	else
		EXPECT_ADDR(test, addr, 0x900000);
	EXPECT_VALID(test, c);

	give(c, addr, PG);
	EXPECT_STAT(test, c, MEM_IMPORT, 0);
	KUNIT_EXPECT_EQ(test, imp->releases, 1);
	EXPECT_ADDR(test, imp->addr, 0x900000);
	KUNIT_EXPECT_EQ(test, imp->length, PG);
}

/* === Broken import functions === */

/* C has [800000, 804000), all in use, and is asked for two pages. */
static const struct bad_import {
	const char *desc;
	unsigned long answer;
	size_t grow;
} bad_imports[] = {
	{ "misaligned", 0x900800 },
	{ "shrunk", 0x900000, 0x1000 },
	{ "length not a multiple of the quantum", 0x900000, 0x2800 },
	{ "wrapping", TOP(0x1000) },
	{ "wrapping by its growth", TOP(0x2000), 0x3000 },
	{ "overlapping the start", 0x7ff000 },
	{ "overlapping the end", 0x803000 },
	{ "overlapping the inside", 0x801000 },
	{ "overlapping exactly", 0x800000, 0x4000 },
	{ "overlapping all around", 0x700000, 0x200000 },
};

KUNIT_ARRAY_PARAM_DESC(bad_import, bad_imports, desc);

static vmem_t *make_bad_import(struct kunit *test, vmem_free_t *ffunc,
			       struct importer *imp)
{
	const struct bad_import *row = test->param_value;
	vmem_t *c = fixture_xcreate(test, "C", 0x800000, 0x4000, PG, grow, ffunc,
				    imp->source, 0, VM_SLEEP);

	EXPECT_ADDR(test, take(c, 0x4000, 0), 0x800000);
	imp->answer = row->answer;
	imp->grow = row->grow;
	EXPECT_REFUSED(test, c, "bad import",
		       EXPECT_ADDR(test, take(c, 0x2000, 0), 0));
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_STAT(test, c, MEM_IMPORT, 0);
	KUNIT_EXPECT_EQ(test, imp->imports, 1);
	EXPECT_LAYOUT(test, c, VMEM_SPAN | VMEM_FREE, "800000+4000");
	return c;
}

static void case_126_bad_import_is_given_back(struct kunit *test)
{
	const struct bad_import *row = test->param_value;
	struct importer *imp = importer(test, PG);

	make_bad_import(test, release, imp);
	KUNIT_EXPECT_EQ(test, imp->releases, 1);
	EXPECT_ADDR(test, imp->addr, row->answer);
	KUNIT_EXPECT_EQ(test, imp->length, row->grow ?: 0x2000);
}

static void bad_import_without_release_function(struct kunit *test)
{
	make_bad_import(test, NULL, importer(test, PG));
}

static void bad_import_of_a_function_that_cannot_grow(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	imp->answer = 0x900800;
	EXPECT_REFUSED(test, c, "bad import",
		       EXPECT_ADDR(test, take(c, PG, 0), 0));
	EXPECT_STAT(test, c, FAIL, 1);
	EXPECT_ADDR(test, imp->addr, 0x900800);
	KUNIT_EXPECT_EQ(test, imp->length, PG);
}

static void bad_import_not_a_multiple_of_the_sources_quantum(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = growing(test, imp, 0x100, VM_SLEEP);

	imp->answer = 0x900000;
	imp->grow = 0x1100;
	EXPECT_REFUSED(test, c, "bad import",
		       EXPECT_ADDR(test, take(c, 0x100, 0), 0));
	KUNIT_EXPECT_EQ(test, imp->length, 0x1100);
}

static void bad_import_of_a_function_that_should_align(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = growing(test, imp, PG, VM_SLEEP | VMC_XALIGN);

	imp->answer = 0x901000;
	EXPECT_REFUSED(test, c, "bad import",
		       EXPECT_ADDR(test, xtake(c, PG, 0x8000, 0, 0, 0, 0, 0), 0));
	EXPECT_ADDR(test, imp->addr, 0x901000);
	KUNIT_EXPECT_EQ(test, imp->length, PG);
}

static void bad_import_names_arena_and_place(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	imp->answer = 0x900800;
	take(c, PG, 0);
	EXPECT_REPORT(test, "vmem: bad import: arena \"C\" addr 0x900800 size 0x1000 caller ");
}

static void import_up_to_the_top_is_good(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	imp->answer = TOP(0x2000);
	EXPECT_ADDR(test, take(c, 0x2000, 0), TOP(0x2000));
	EXPECT_STAT(test, c, MISUSE, 0);
}

static void import_aligned_to_the_childs_quantum_is_good(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, 0x100);

	imp->answer = 0x900100;
	EXPECT_ADDR(test, take(c, 0x100, 0), 0x900100);
	EXPECT_STAT(test, c, MISUSE, 0);
}

static void import_beside_a_span_is_good(struct kunit *test)
{
	struct importer *imp = importer(test, PG);
	vmem_t *c = importing(test, imp, PG);

	imp->answer = 0x900000;
	take(c, PG, 0);
	imp->answer = 0x8ff000;
	EXPECT_ADDR(test, take(c, PG, 0), 0x8ff000);
	imp->answer = 0x901000;
	EXPECT_ADDR(test, take(c, PG, 0), 0x901000);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(case_065_import_grows),
	KUNIT_CASE(case_069_import_function_has_nothing),
	KUNIT_CASE(case_072_what_import_functions_see),
	KUNIT_CASE_PARAM(case_126_bad_import_is_given_back, bad_import_gen_params),
	KUNIT_CASE(import_function_sees_km_flags_only),
	KUNIT_CASE(sleeping_request_stays_one_through_levels),
	KUNIT_CASE(release_function_gets_what_was_imported),
	KUNIT_CASE(import_without_a_source),
	KUNIT_CASE_PARAM(import_asks_for, padding_gen_params),
	KUNIT_CASE_PARAM(padded_import_holds_the_block, padding_gen_params),
	KUNIT_CASE(no_qcache_imports_at_least_a_slab),
	KUNIT_CASE(import_that_would_wrap_is_not_made),
	KUNIT_CASE(padding_that_would_wrap_is_not_made),
	KUNIT_CASE(largest_import_is_asked_for),
	KUNIT_CASE(grown_import_goes_back_whole),
	KUNIT_CASE(growing_function_is_told_the_alignment),
	KUNIT_CASE(aligning_function_serves_phase),
	KUNIT_CASE(xalign_is_dropped_by_vmem_create),
	KUNIT_CASE(xalloc_flag_is_dropped_by_vmem_create),
	KUNIT_CASE(space_freed_during_a_failing_import_is_used),
	KUNIT_CASE(space_freed_during_an_import),
	KUNIT_CASE(space_freed_during_an_import_that_is_kept),
	KUNIT_CASE_PARAM(bad_import_without_release_function, bad_import_gen_params),
	KUNIT_CASE(bad_import_of_a_function_that_cannot_grow),
	KUNIT_CASE(bad_import_not_a_multiple_of_the_sources_quantum),
	KUNIT_CASE(bad_import_of_a_function_that_should_align),
	KUNIT_CASE(bad_import_names_arena_and_place),
	KUNIT_CASE(import_up_to_the_top_is_good),
	KUNIT_CASE(import_aligned_to_the_childs_quantum_is_good),
	KUNIT_CASE(import_beside_a_span_is_good),
	{}
};

static struct kunit_suite vmem_import_function_suite = {
	.name = "vmem_import_function",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = cases,
};

kunit_test_suite(vmem_import_function_suite);
