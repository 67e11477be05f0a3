// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on one arena, each checked against a model.
 *
 * Every run prints its seed. To repeat it, pass it as vmem_kunit.seed; the
 * choices of a run depend on nothing else, so the failing operation has the same
 * number then.
 */
#include <linux/random.h>

#include "fixture.h"
#include "oracle.h"

#define SPANS		8
#define MISUSES		6	/* of a run: reports are rate-limited */
#define UNORDERED	5000	/* operations of a comb before any needs order */
#define SIGN		(1ul << (BITS_PER_LONG - 1))

/* === Layouts === */

struct layout {
	const char *name;
	unsigned long quantum;
	unsigned int ops;
	unsigned int coarse;		/* blocks are longer, and so fewer */
	unsigned int early;		/* spans from the beginning; others later */
	bool comb;			/* much free space in single quanta, and */
					/* order asked for after a while only */
	struct {
		unsigned long start;
		unsigned int quanta;
	} span[SPANS];
};

static const struct layout layouts[] = {
	{
		.name = "identifiers", .quantum = 1, .ops = 40000, .early = 1,
		.span = { { 1, 512 } },
	}, {
		.name = "few identifiers", .quantum = 1, .ops = 40000, .early = 1,
		.span = { { 7, 40 } },
	}, {
		.name = "pages", .quantum = PG, .ops = 40000, .early = 1,
		.span = { { 13 * PG, 500 } },
	}, {
		.name = "neighbours", .quantum = 64, .ops = 40000, .early = 3,
		.span = {
			{ 0x4000, 100 }, { 0x10000, 64 }, { 0x4000 - 64 * 64, 64 },
			{ 0x40, 17 }, { 0x11000, 64 }, { 0x12000, 1 },
			{ 0x5900, 60 }, { 0x12040, 80 },
		},
	}, {
		.name = "pages up to the top", .quantum = PG, .ops = 40000,
		.early = 1,
		.span = {
			{ TOP(200 * PG), 200 }, { TOP(300 * PG), 100 },
			{ PG, 30 }, { TOP(450 * PG), 140 },
		},
	}, {
		.name = "identifiers up to the top", .quantum = 1, .ops = 40000,
		.early = 2,
		.span = { { TOP(256), 256 }, { 1, 64 }, { TOP(320), 64 } },
	}, {
		.name = "around the sign", .quantum = 64, .ops = 30000, .early = 2,
		.span = {
			{ SIGN - 64 * 100, 200 }, { SIGN + 64 * 100, 50 },
			{ SIGN - 64 * 200, 100 },
		},
	}, {
		.name = "few and large", .quantum = 16, .ops = 20000, .early = 2,
		.coarse = 50,
		.span = { { 0x100, 2000 }, { 0x10000, 600 }, { 0x20000, 300 } },
	}, {
		.name = "comb of identifiers", .quantum = 1, .ops = 10000,
		.early = 1, .comb = true, .span = { { 1, 10000 } },
	}, {
		.name = "comb of pages", .quantum = PG, .ops = 10000, .early = 2,
		.comb = true,
		.span = { { 16 * PG, 5000 }, { TOP(4096 * PG), 4096 } },
	},
};

KUNIT_ARRAY_PARAM_DESC(layout, layouts, name);

/* === Runs === */

struct run {
	struct kunit *test;
	const struct layout *layout;
	vmem_t *vmp;
	struct oracle *o;
	struct rnd_state rnd;
	unsigned int seed;
	unsigned int ops;
	unsigned int op;		/* number of the current one */
	char what[200];			/* the current one */
	unsigned int spans;		/* in the arena by now */
	unsigned int target;		/* per cent of the arena to be in use */

	u64 allocs;			/* what the statistics should be */
	u64 frees;
	u64 fails;
	u64 misuses;
	u64 contains;
};

static void end_oracle(void *o)
{
	oracle_destroy(o);
}

static bool failed(struct run *run)
{
	return READ_ONCE(run->test->status) == KUNIT_FAILURE;
}

static void add_span(struct run *run)
{
	const struct layout *layout = run->layout;
	unsigned long start = layout->span[run->spans].start;
	unsigned long size = layout->span[run->spans].quanta * layout->quantum;

	snprintf(run->what, sizeof(run->what), "vmem_add(0x%lx, 0x%lx)", start,
		 size);
	EXPECT_ADDR(run->test, vmem_add(run->vmp, (void *)start, size, VM_SLEEP),
		    start);
	KUNIT_ASSERT_TRUE(run->test, oracle_add(run->o, start, size, false));
	run->spans++;
}

static void begin(struct kunit *test, struct run *run)
{
	unsigned int i, quanta = 0;

	run->test = test;
	run->layout = test->param_value;
	run->ops = vmem_kunit_ops ?: run->layout->ops;
	run->seed = vmem_kunit_seed ?: get_random_u32();
	prandom_seed_state(&run->rnd, run->seed);
	kunit_info(test, "vmem_kunit.seed=%u (%s)", run->seed, run->layout->name);

	for (i = 0; i < SPANS; i++)
		quanta += run->layout->span[i].quanta;
	run->o = oracle_create(run->layout->quantum, quanta);
	KUNIT_ASSERT_NOT_NULL(test, run->o);
	run->o->coarse = run->layout->coarse ?: 1;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_oracle, run->o),
			0);
	run->vmp = fixture_arena(test, 0, 0, run->layout->quantum);
	while (run->spans < run->layout->early)
		add_span(run);
}

/* === Operations === */

/* Allocate, with vmem_alloc() if the request allows and chance has it. */
static void request(struct run *run, const struct oracle_req *req)
{
	bool plain = !(req->align | req->phase | req->nocross | req->min | req->max);
	unsigned long addr, want;
	const char *why;

	plain = plain && below(&run->rnd, 2);
	snprintf(run->what, sizeof(run->what),
		 "vmem_%salloc(0x%lx, align 0x%lx, phase 0x%lx, nocross 0x%lx, min 0x%lx, max 0x%lx, 0x%x)",
		 plain ? "" : "x", req->size, req->align, req->phase, req->nocross,
		 req->min, req->max, req->vmflag);
	addr = plain ? take(run->vmp, req->size, req->vmflag) :
		       xtake(run->vmp, req->size, req->align, req->phase,
			     req->nocross, req->min, req->max, req->vmflag);
	why = oracle_judge(run->o, req, addr, &want);
	if (why) {
		KUNIT_FAIL(run->test, "%s: 0x%lx, want 0x%lx", why, addr, want);
	} else if (addr) {
		oracle_take(run->o, req, addr);
		run->allocs++;
	} else {
		run->fails++;
	}
}

static void do_alloc(struct run *run)
{
	struct oracle_req req = {};

	if (run->layout->comb && run->op < UNORDERED)
		oracle_random_size(run->o, &run->rnd, &req);
	else
		oracle_random_req(run->o, &run->rnd, &req);
	request(run, &req);
}

static void free_block(struct run *run, struct oracle_block *block)
{
	bool plain = below(&run->rnd, 2);

	snprintf(run->what, sizeof(run->what), "vmem_%sfree(0x%lx, 0x%lx)",
		 plain ? "" : "x", block->addr, block->size);
	if (plain)
		give(run->vmp, block->addr, block->size);
	else
		xgive(run->vmp, block->addr, block->size);
	oracle_give(run->o, block);
	run->frees++;
}

static struct oracle_block *any_block(struct run *run)
{
	return &run->o->block[below(&run->rnd, run->o->nr_blocks)];
}

static void do_contains(struct run *run)
{
	struct oracle_span *span = run->o->span[below(&run->rnd, run->o->nr_spans)];
	unsigned long addr = oracle_random_addr(run->o, &run->rnd);
	unsigned long end = span->start + span->nr * run->o->quantum;
	struct oracle_req req;

	oracle_random_size(run->o, &run->rnd, &req);
	switch (below(&run->rnd, 8)) {
	case 0:
		req.size = 0;
		break;
	case 1:
		req.size = 0;
		addr = end + below(&run->rnd, 3) - 1;
		break;
	case 2:
		req.size = end - addr + below(&run->rnd, 3) - 1;
		break;
	}
	snprintf(run->what, sizeof(run->what), "vmem_contains(0x%lx, 0x%lx)", addr,
		 req.size);
	KUNIT_EXPECT_EQ(run->test,
			vmem_contains(run->vmp, (void *)addr, req.size),
			oracle_contains(run->o, addr, req.size));
	run->contains++;
}

static void do_walk(struct run *run)
{
	static const int bits[] = { VMEM_ALLOC, VMEM_FREE, VMEM_SPAN };
	int typemask = below(&run->rnd, 2) ? VMEM_REENTRANT : 0;
	const char *why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++)
		if (below(&run->rnd, 3))
			typemask |= bits[i];
	snprintf(run->what, sizeof(run->what), "vmem_walk(0x%x)", typemask);
	why = oracle_compare(run->o, run->vmp, typemask);
	if (why)
		KUNIT_FAIL(run->test, "%s", why);
}

static void misuse_block(struct run *run, struct oracle_block *block)
{
	vmem_t *vmp = run->vmp;

	if (oracle_find(run->o, block->addr + 1) || below(&run->rnd, 2)) {
		EXPECT_REFUSED(run->test, vmp, "wrong size",
			       give(vmp, block->addr, block->size + 1));
	} else {
		EXPECT_REFUSED(run->test, vmp, "bad free",
			       xgive(vmp, block->addr + 1, block->size));
	}
}

/* Whatever the caller gets wrong leaves all as it was. */
static void do_misuse(struct run *run)
{
	const struct oracle_span *span = run->o->span[0];
	struct kunit *test = run->test;
	vmem_t *vmp = run->vmp;
	struct oracle_block block;

	strscpy(run->what, "misuse", sizeof(run->what));
	run->misuses++;
	if (below(&run->rnd, 4) == 0) {
		EXPECT_REFUSED(test, vmp, "zero size", take(vmp, 0, VM_NEXTFIT));
	} else if (below(&run->rnd, 4) == 0) {
		EXPECT_REFUSED(test, vmp, "overlap",
			       vmem_add(vmp, (void *)span->start,
					run->o->quantum, VM_NOSLEEP));
	} else if (!run->o->nr_blocks) {
		EXPECT_REFUSED(test, vmp, "bad free",
			       give(vmp, span->start, run->o->quantum));
	} else if (below(&run->rnd, 2)) {
		misuse_block(run, any_block(run));
	} else {
		block = *any_block(run);
		free_block(run, oracle_find(run->o, block.addr));
		EXPECT_REFUSED(test, vmp, "bad free",
			       give(vmp, block.addr, block.size));
	}
}

/* Keep near the target, which changes, so that the arena fills and drains. */
static void do_traffic(struct run *run)
{
	bool fuller = run->o->inuse * 100 < run->o->total * run->target;

	if (!run->o->nr_blocks || below(&run->rnd, 4) < (fuller ? 3 : 1))
		do_alloc(run);
	else
		free_block(run, any_block(run));
}

static void step(struct run *run)
{
	static const u8 targets[] = { 5, 30, 50, 70, 90, 100 };
	u32 dice = below(&run->rnd, 1000);

	if (run->op % 256 == 0)
		run->target = targets[below(&run->rnd, ARRAY_SIZE(targets))];

	if (dice < 40)
		do_contains(run);
	else if (dice < 70)
		do_walk(run);
	else if (dice < 75 && run->spans < SPANS &&
		 run->layout->span[run->spans].quanta)
		add_span(run);
	else if (dice < 76 && run->misuses < MISUSES)
		do_misuse(run);
	else
		do_traffic(run);
}

/* === What holds at all times === */

static void check(struct run *run)
{
	struct kunit *test = run->test;
	struct oracle *o = run->o;
	vmem_t *vmp = run->vmp;

	EXPECT_STAT(test, vmp, MEM_INUSE, o->inuse);
	EXPECT_STAT(test, vmp, MEM_TOTAL, o->total);
	EXPECT_STAT(test, vmp, ALLOC, run->allocs);
	EXPECT_STAT(test, vmp, FREE, run->frees);
	EXPECT_STAT(test, vmp, FAIL, run->fails);
	EXPECT_STAT(test, vmp, MISUSE, run->misuses);
	EXPECT_STAT(test, vmp, CONTAINS, run->contains);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_ALLOC), o->inuse);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_FREE), o->total - o->inuse);
	KUNIT_EXPECT_EQ(test, vmem_size(vmp, VMEM_ALLOC | VMEM_FREE), o->total);
	if (run->op % 64 == 0) {
		EXPECT_VALID(test, vmp);
		cond_resched();
	}
}

/* Single quanta everywhere, then about every second of them free. */
static void make_comb(struct run *run)
{
	struct oracle_req req = { .size = run->o->quantum };
	unsigned int i, full = run->o->total / run->o->quantum;

	while (run->o->nr_blocks < full && !failed(run))
		request(run, &req);
	for (i = full; i--; )
		if (below(&run->rnd, 2))
			free_block(run, &run->o->block[i]);
	check(run);
}

/* At the end there is one free segment in each span, and nothing else. */
static void drain(struct run *run)
{
	while (run->o->nr_blocks) {
		run->op++;
		free_block(run, any_block(run));
	}
	check(run);
	do_walk(run);
	KUNIT_EXPECT_NULL(run->test, oracle_compare(run->o, run->vmp, VMEM_FREE));
	EXPECT_STAT(run->test, run->vmp, MEM_INUSE, 0);
}

static void random_operations_match_the_model(struct kunit *test)
{
	struct run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, run);
	begin(test, run);
	if (run->layout->comb)
		make_comb(run);
	for (run->op = 0; run->op < run->ops && !failed(run); run->op++) {
		step(run);
		check(run);
	}
	if (!failed(run))
		drain(run);
	if (failed(run))
		kunit_err(test, "vmem_kunit.seed=%u (%s), operation %u: %s",
			  run->seed, run->layout->name, run->op, run->what);
}

/* === The model itself, against the manual's examples === */

/* On A(0x1000, 0x40000, 0x1000), one request, size 0x1000 unless given. */
static const struct {
	struct oracle_req req;
	unsigned long addr;		/* 0: none */
} examples[] = {
	{ { .align = 0x10000 }, 0x10000 },
	{ { .align = 0x10000, .phase = 0x3000 }, 0x3000 },
	{ { .min = 0x8000 }, 0x8000 },
	{ { .min = 0x8001 }, 0x9000 },
	{ { .min = 0x40000 }, 0x40000 },
	{ { .min = 0x40001 }, 0 },
	{ { .max = 0x2000 }, 0x1000 },
	{ { .max = 0x1fff }, 0 },
	{ { .size = 0x3000, .min = 0x5000, .max = 0x8000 }, 0x5000 },
	{ { .size = 0x3000, .min = 0x5000, .max = 0x7fff }, 0 },
	{ { .size = 0x3000, .nocross = 0x4000, .min = 0x2000 }, 0x4000 },
	{ { .size = 0x2000, .align = 0x2000, .phase = 0x1000, .nocross = 0x4000,
	    .min = 0x2000 }, 0x5000 },
	{ { .size = 0x2000, .nocross = 0x2000, .min = 0x3000 }, 0x4000 },
	{ { .align = 0x8000, .min = 0x5000, .max = 0x9000 }, 0x8000 },
	{ { .align = 0x8000, .min = 0x5000, .max = 0x8fff }, 0 },
	{ { .size = 0x40000 }, 0x1000 },
	{ { .size = 0x41000 }, 0 },
	{ { .size = 0x40000, .align = 0x40000 }, 0 },
	{ { .size = 0x1001, .nocross = 0x2000, .min = 0x2000 }, 0x2000 },
	{ { .size = 0x4000, .nocross = 0x4000 }, 0x4000 },
	{ { .min = 0x3000, .max = 0x3000 }, 0 },
	{ { .min = 0x1000, .max = 0x5000, .vmflag = VM_ENDALLOC }, 0x4000 },
	{ { .align = 0x10000, .vmflag = VM_ENDALLOC }, 0x40000 },
	{ { .align = 0x10000, .phase = 0x3000, .vmflag = VM_ENDALLOC }, 0x33000 },
	{ { .size = 100, .vmflag = VM_ENDALLOC }, 0x40000 },
};

static void oracle_knows_the_examples(struct kunit *test)
{
	struct oracle *o = oracle_create(PG, 64);
	unsigned long want, addr;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, o);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_oracle, o), 0);
	KUNIT_ASSERT_TRUE(test, oracle_add(o, PG, 64 * PG, false));

	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		struct oracle_req req = examples[i].req;

		req.size = req.size ?: PG;
		for (addr = 0; addr <= 66 * PG; addr += PG)
			KUNIT_EXPECT_EQ_MSG(test,
					    !oracle_judge(o, &req, addr, &want),
					    addr == examples[i].addr,
					    "example %u, 0x%lx", i, addr);
	}
}

static struct kunit_case random_cases[] = {
	KUNIT_CASE(oracle_knows_the_examples),
	KUNIT_CASE_PARAM_ATTR(random_operations_match_the_model, layout_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite random_suite = {
	.name = "vmem_random",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = random_cases,
};

kunit_test_suite(random_suite);
