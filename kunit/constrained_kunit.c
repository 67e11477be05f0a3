// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_xalloc(): alignment, phase, boundary and window.
 */
#include "fixture.h"

#define FAILS	0ul		/* an ordinary failure, counted */
#define REFUSED	1ul		/* misuse, reported */

static vmem_t *sixty_four_pages(struct kunit *test)
{
	return fixture_arena(test, 0x1000, 0x40000, PG);
}

/* One request in a fresh A(0x1000, 0x40000, pg), and the address that is right. */
struct constrained_case {
	const char *desc;
	size_t size, align, phase, nocross;
	unsigned long minaddr, maxaddr;
	unsigned long want;
	int vmflag;
};

static const struct constrained_case instant_table[] = {
	/*                             size     align    phase   nocross min      max     want */
	{ "case_032 align",            PG,      0x10000, 0,      0,      0,       0,      0x10000 },
	{ "case_033 align and phase",  PG,      0x10000, 0x3000, 0,      0,       0,      0x3000 },
	{ "case_034 min",              PG,      0,       0,      0,      0x8000,  0,      0x8000 },
	{ "case_035 odd min",          PG,      0,       0,      0,      0x8001,  0,      0x9000 },
	{ "case_036 min, last page",   PG,      0,       0,      0,      0x40000, 0,      0x40000 },
	{ "case_037 min too high",     PG,      0,       0,      0,      0x40001, 0,      FAILS },
	{ "case_038 max exclusive",    PG,      0,       0,      0,      0,       0x2000, 0x1000 },
	{ "case_039 max too low",      PG,      0,       0,      0,      0,       0x1fff, FAILS },
	{ "case_040 exact window",     0x3000,  0,       0,      0,      0x5000,  0x8000, 0x5000 },
	{ "case_041 short window",     0x3000,  0,       0,      0,      0x5000,  0x7fff, FAILS },
	{ "case_042 nocross moves up", 0x3000,  0,       0,      0x4000, 0x2000,  0,      0x4000 },
	{ "case_043 nocross, phase",   0x2000,  0x2000,  0x1000, 0x4000, 0x2000,  0,      0x5000 },
	{ "case_044 nocross is size",  0x2000,  0,       0,      0x2000, 0x3000,  0,      0x4000 },
	{ "case_045 align in window",  PG,      0x8000,  0,      0,      0x5000,  0x9000, 0x8000 },
	{ "case_045 short window",     PG,      0x8000,  0,      0,      0x5000,  0x8fff, FAILS },
	{ "case_046 whole arena",      0x40000, 0,       0,      0,      0,       0,      0x1000 },
	{ "case_046 larger",           0x41000, 0,       0,      0,      0,       0,      FAILS },
	{ "case_046 whole, aligned",   0x40000, 0x40000, 0,      0,      0,       0,      FAILS },
	{ "case_046 align too high",   PG,      0x80000, 0,      0,      0,       0,      FAILS },
	{ "case_047 odd size",         0x1001,  0,       0,      0x2000, 0x2000,  0,      0x2000 },
	{ "case_047 size > nocross",   0x1001,  0,       0,      0x1000, 0,       0,      REFUSED },
	{ "case_048 size > nocross",   0x5000,  0,       0,      0x4000, 0,       0,      REFUSED },
	{ "case_048 align > nocross",  PG,      0x4000,  0,      0x2000, 0,       0,      REFUSED },
	{ "case_048 align no power",   PG,      0x3000,  0,      0,      0,       0,      REFUSED },
	{ "case_048 phase is align",   PG,      0x2000,  0x2000, 0,      0,       0,      REFUSED },
	{ "case_048 align < quantum",  PG,      0x800,   0,      0,      0,       0,      REFUSED },
	{ "case_048 phase < quantum",  PG,      0x2000,  0x800,  0,      0,       0,      REFUSED },
	{ "case_048 odd phase alone",  PG,      0,       0x800,  0,      0,       0,      REFUSED },
	{ "case_048 phase, no align",  PG,      0,       0x1000, 0,      0,       0,      REFUSED },
	{ "case_048 nocross no power", PG,      0,       0,      0x3000, 0,       0,      REFUSED },
	{ "case_048 phase + size",     0x4000,  0x2000,  0x1000, 0x4000, 0,       0,      REFUSED },
	{ "case_049 size is nocross",  0x4000,  0x1000,  0,      0x4000, 0,       0,      0x4000 },
	{ "case_050 min > max",        PG,      0,       0,      0,      0x3000,  0x2000, REFUSED },
	{ "case_051 empty window",     PG,      0,       0,      0,      0x3000,  0x3000, FAILS },
	{ "tail beyond max",           100,     0,       0,      0,      0,       0x1064, 0x1000 },
	{ "size beyond max",           100,     0,       0,      0,      0,       0x1063, FAILS },
};

KUNIT_ARRAY_PARAM_DESC(instant, instant_table, desc);

static const struct constrained_case policy_table[] = {
	/*                  size    align    phase   nocross min     max     want     vmflag */
	{ "case_052 range", PG,     0,       0,      0,      0x1000, 0x5000, 0x4000,  VM_ENDALLOC },
	{ "case_053 align", PG,     0x10000, 0,      0,      0,      0,      0x40000, VM_ENDALLOC },
	{ "case_053 phase", PG,     0x10000, 0x3000, 0,      0,      0,      0x33000, VM_ENDALLOC },
	{ "nocross at end", 0x3000, 0,       0,      0x4000, 0,      0xe000, 0x9000,  VM_ENDALLOC },
	{ "tail past max",  100,    0,       0,      0,      0,      0x3064, 0x3000,  VM_ENDALLOC },
	{ "size past max",  100,    0,       0,      0,      0,      0x3063, 0x2000,  VM_ENDALLOC },
	{ "best in window", PG,     0,       0,      0,      0x5000, 0x9000, 0x5000,  VM_BESTFIT },
	{ "first, nocross", 0x3000, 0,       0,      0x4000, 0x2000, 0,      0x4000,  VM_FIRSTFIT },
	{ "next, align",    PG,     0x10000, 0,      0,      0,      0,      0x10000, VM_NEXTFIT },
	{ "next, min",      PG,     0,       0,      0,      0x8000, 0,      0x8000,  VM_NEXTFIT },
};

KUNIT_ARRAY_PARAM_DESC(policy, policy_table, desc);

static unsigned long request(vmem_t *vmp, const struct constrained_case *c)
{
	return xtake(vmp, c->size, c->align, c->phase, c->nocross, c->minaddr,
		     c->maxaddr, c->vmflag);
}

static void expect_address(struct kunit *test, const struct constrained_case *c,
			   vmem_t *vmp)
{
	switch (c->want) {
	case FAILS:
		EXPECT_ADDR(test, request(vmp, c), 0);
		EXPECT_STAT(test, vmp, FAIL, 1);
		EXPECT_STAT(test, vmp, MISUSE, 0);
		EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+40000");
		break;
	case REFUSED:
		EXPECT_REFUSED(test, vmp, "bad constraint",
			       EXPECT_ADDR(test, request(vmp, c), 0));
		EXPECT_STAT(test, vmp, FAIL, 0);
		EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+40000");
		break;
	default:
		EXPECT_ADDR(test, request(vmp, c), c->want);
		EXPECT_STAT(test, vmp, MEM_INUSE, c->size);
		xgive(vmp, c->want, c->size);
		EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+40000");
	}
}

static void constrained_address(struct kunit *test)
{
	expect_address(test, test->param_value, sixty_four_pages(test));
}

static void constrained_address_in_order(struct kunit *test)
{
	vmem_t *vmp = sixty_four_pages(test);

	fixture_order(test, vmp);
	expect_address(test, test->param_value, vmp);
}

static void case_040_both_sides_stay_free(struct kunit *test)
{
	vmem_t *vmp = sixty_four_pages(test);

	EXPECT_ADDR(test, xtake(vmp, 0x3000, 0, 0, 0, 0x5000, 0x8000, 0), 0x5000);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+4000 8000+39000");
}

/* No wait can help: what would sleep for ever is refused. */
static void case_051_empty_window_never_sleeps(struct kunit *test)
{
	vmem_t *vmp = sixty_four_pages(test);

	EXPECT_REFUSED(test, vmp, "impossible request",
		       KUNIT_EXPECT_NULL(test, vmem_xalloc(vmp, PG, 0, 0, 0,
							   (void *)0x3000,
							   (void *)0x3000,
							   VM_SLEEP)));
	EXPECT_STAT(test, vmp, WAIT, 0);
	EXPECT_STAT(test, vmp, FAIL, 0);
}

/* The only segment that can serve is in a class where not every one could. */
static void case_054_no_feasible_request_fails(struct kunit *test)
{
	static const int policy[] = { 0, VM_FIRSTFIT, VM_BESTFIT, VM_NEXTFIT };
	vmem_t *vmp;
	int i;

	for (i = 0; i < ARRAY_SIZE(policy); i++) {
		vmp = fixture_arena(test, 0x1000, 1000, 1);
		EXPECT_ADDR(test, vmem_add(vmp, (void *)0x10000, 1024, VM_NOSLEEP),
			    0x10000);
		EXPECT_ADDR(test, xtake(vmp, 1000, 0, 0, 0, 0x1000, 0x2000,
					policy[i]), 0x1000);
	}
}

static void case_055_example_of_the_paper(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 100, 400, 1);

	EXPECT_ADDR(test, xtake(vmp, 20, 64, 8, 0, 200, 300, 0), 200);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "64+64 dc+118");
}

static void case_123_nextfit_under_constraints(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 0x1000, 0x10000, PG);
	int i;

	for (i = 1; i <= 4; i++)
		EXPECT_ADDR(test, take(vmp, PG, VM_NEXTFIT), i * PG);
	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, 0x2000, 0x8000, VM_NEXTFIT),
		    0x5000);
	EXPECT_ADDR(test, xtake(vmp, PG, 0x4000, 0, 0, 0, 0, VM_NEXTFIT), 0x8000);
	EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, 0x1000, 0x9000, VM_NEXTFIT),
		    0x6000);
}

/* Every policy finds the one place that is left, wherever the cursor is. */
static void each_policy_finds_the_last_place(struct kunit *test)
{
	static const int policy[] = {
		0, VM_FIRSTFIT, VM_BESTFIT, VM_NEXTFIT, VM_ENDALLOC,
		VM_FIRSTFIT | VM_ENDALLOC, VM_BESTFIT | VM_ENDALLOC,
	};
	vmem_t *vmp = sixty_four_pages(test);
	unsigned long addr;
	int i;

	/* Free are the odd pages, and of the even ones 0x8000 alone. */
	while ((addr = take(vmp, PG, VM_NEXTFIT)))
		;
	for (addr = 0x1000; addr <= 0x40000; addr += 2 * PG)
		give(vmp, addr, PG);
	give(vmp, 0x8000, PG);

	for (i = 0; i < ARRAY_SIZE(policy); i++) {
		EXPECT_ADDR(test, xtake(vmp, PG, 0x2000, 0, 0, 0, 0, policy[i]),
			    0x8000);
		xgive(vmp, 0x8000, PG);
		EXPECT_ADDR(test, xtake(vmp, 0x3000, 0, 0, 0, 0, 0, policy[i]),
			    0x7000);
		xgive(vmp, 0x7000, 0x3000);
		EXPECT_ADDR(test, xtake(vmp, PG, 0, 0, 0, 0x8f00, 0xa100, policy[i]),
			    0x9000);
		xgive(vmp, 0x9000, PG);
		EXPECT_VALID(test, vmp);
	}
}

/* Many segments are long enough, and all but one of them lie across a boundary. */
static void boundaries_are_not_searched_for(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 200 * PG, PG);
	unsigned long addr;
	u64 before;

	while ((addr = take(vmp, PG, VM_NEXTFIT)))
		;
	for (addr = 3 * PG; addr < 190 * PG; addr += 4 * PG) {
		give(vmp, addr, PG);
		give(vmp, addr + PG, PG);
	}
	for (addr = 195 * PG; addr < 199 * PG; addr += PG)
		give(vmp, addr, PG);
	before = vmem_stat(vmp, VMEM_STAT_SEARCH);
	EXPECT_ADDR(test, xtake(vmp, 2 * PG, 0, 0, 2 * PG, 0, 0, 0), 196 * PG);
	KUNIT_EXPECT_LE(test, vmem_stat(vmp, VMEM_STAT_SEARCH) - before, 1ull);
}

static struct kunit_case constrained_cases[] = {
	KUNIT_CASE_PARAM(constrained_address, instant_gen_params),
	KUNIT_CASE_PARAM(constrained_address, policy_gen_params),
	KUNIT_CASE_PARAM(constrained_address_in_order, instant_gen_params),
	KUNIT_CASE_PARAM(constrained_address_in_order, policy_gen_params),
	KUNIT_CASE(case_040_both_sides_stay_free),
	KUNIT_CASE(case_051_empty_window_never_sleeps),
	KUNIT_CASE(case_054_no_feasible_request_fails),
	KUNIT_CASE(case_055_example_of_the_paper),
	KUNIT_CASE(case_123_nextfit_under_constraints),
	KUNIT_CASE(each_policy_finds_the_last_place),
	KUNIT_CASE(boundaries_are_not_searched_for),
	{}
};

static struct kunit_suite constrained_suite = {
	.name = "vmem_constrained",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = constrained_cases,
};

kunit_test_suite(constrained_suite);
