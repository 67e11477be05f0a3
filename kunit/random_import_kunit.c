// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on three arenas that import from each other, each checked
 * against a model of every one of them.
 *
 * From where in its source a span is imported is for the library to choose; so
 * the models learn it from a walk, and then judge whether it may be so: that an
 * import was needed, that it has the right size, and that the source was allowed
 * to answer as it did. All else follows from the models.
 */
#include <linux/random.h>

#include "fixture.h"
#include "oracle.h"

#define LEVELS		3	/* root, middle, leaf */
#define OPS		20000

struct hierarchy {
	const char *name;
	unsigned long quantum[LEVELS];
	unsigned long root_start;
	unsigned int root_quanta;
	unsigned long middle_start;	/* a static span of the middle, if any */
	unsigned int middle_quanta;
};

static const struct hierarchy hierarchies[] = {
	{
		.name = "finer and finer", .quantum = { 0x4000, PG, 0x100 },
		.root_start = 0x40000, .root_quanta = 24,
	}, {
		.name = "coarser and coarser", .quantum = { 0x100, PG, 0x4000 },
		.root_start = 0x12300, .root_quanta = 1500,
	}, {
		.name = "coarse in the middle", .quantum = { PG, 0x4000, 0x800 },
		.root_start = TOP(130 * PG), .root_quanta = 130,
	}, {
		.name = "identifiers, with a reserve", .quantum = { 1, 1, 1 },
		.root_start = 1, .root_quanta = 180,
		.middle_start = 1000, .middle_quanta = 40,
	},
};

KUNIT_ARRAY_PARAM_DESC(hierarchy, hierarchies, name);

struct level {
	vmem_t *vmp;
	struct oracle *o;
	u64 fails;			/* of requests made here */
};

struct run {
	struct kunit *test;
	struct rnd_state rnd;
	unsigned int seed;
	unsigned int op;
	char what[200];
	struct level level[LEVELS];
	unsigned int target;		/* per cent of the root to be in use */

	unsigned int nr_spans;		/* found by the last walk */
	unsigned long span_start[ORACLE_SPANS + 1];
	unsigned long span_size[ORACLE_SPANS + 1];
};

static bool failed(struct run *run)
{
	return READ_ONCE(run->test->status) == KUNIT_FAILURE;
}

static void end_oracle(void *o)
{
	oracle_destroy(o);
}

static void add_level(struct run *run, unsigned int n, unsigned long start,
		      unsigned int quanta)
{
	const struct hierarchy *h = run->test->param_value;
	struct level *level = &run->level[n];
	unsigned long q = h->quantum[n];
	struct kunit *test = run->test;

	level->o = oracle_create(q, 4096);
	KUNIT_ASSERT_NOT_NULL(test, level->o);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_oracle, level->o),
			0);
	if (n)
		level->vmp = fixture_create(test, n == 1 ? "middle" : "leaf", start,
					    quanta * q, q, vmem_alloc, vmem_free,
					    run->level[n - 1].vmp, 0, VM_SLEEP);
	else
		level->vmp = fixture_arena(test, start, quanta * q, q);
	if (quanta)
		KUNIT_ASSERT_TRUE(test, oracle_add(level->o, start, quanta * q,
						   false));
}

static void begin(struct kunit *test, struct run *run)
{
	const struct hierarchy *h = test->param_value;

	run->test = test;
	run->seed = vmem_kunit_seed ?: get_random_u32();
	prandom_seed_state(&run->rnd, run->seed);
	kunit_info(test, "vmem_kunit.seed=%u (%s)", run->seed, h->name);
	add_level(run, 0, h->root_start, h->root_quanta);
	add_level(run, 1, h->middle_start, h->middle_quanta);
	add_level(run, 2, 0, 0);
}

/* === What an import should be === */

/*
 * What level @n would ask of its source for a request: false if nothing. The
 * phase is only passed on with an alignment, and how much of it is not said: this
 * is the most that may be asked for.
 */
static bool import_of(struct run *run, unsigned int n, const struct oracle_req *req,
		      struct oracle_req *ask)
{
	unsigned long q;

	if (!n || req->nocross || req->min || req->max)
		return false;
	q = max(run->level[n].o->quantum, run->level[n - 1].o->quantum);
	*ask = (struct oracle_req){ .align = max(req->align, q) };
	ask->size = ALIGN(req->size + req->phase, q);
	return ask->size >= req->size;
}

/* Could level @n serve the request, by imports if need be? */
static bool possible(struct run *run, unsigned int n, const struct oracle_req *req)
{
	struct oracle_req req_here = *req, ask;

	while (!oracle_possible(run->level[n].o, &req_here)) {
		if (!import_of(run, n, &req_here, &ask))
			return false;
		req_here = ask;
		n--;
	}
	return true;
}

/* === What the library imported === */

static void collect_span(void *arg, void *start, size_t size)
{
	struct run *run = arg;

	if (run->nr_spans <= ORACLE_SPANS) {
		run->span_start[run->nr_spans] = (unsigned long)start;
		run->span_size[run->nr_spans++] = size;
	}
}

/* Has level @n one more span than its model? Its index, or the number of spans. */
static unsigned int new_span(struct run *run, unsigned int n)
{
	struct oracle *o = run->level[n].o;
	unsigned int i;

	run->nr_spans = 0;
	vmem_walk(run->level[n].vmp, VMEM_SPAN, collect_span, run);
	if (run->nr_spans != o->nr_spans + 1)
		return run->nr_spans;
	for (i = 0; i < o->nr_spans; i++)
		if (o->span[i]->start != run->span_start[i])
			break;
	return i;
}

/*
 * Level @n was asked for @req: if it imported for it, teach the models of it and
 * of its sources, which may have imported as well, what they have to know.
 */
static void learn(struct run *run, unsigned int n, const struct oracle_req *req)
{
	unsigned int i = new_span(run, n);
	struct kunit *test = run->test;
	unsigned long start, size, q, want;
	struct oracle_req ask;
	struct oracle *source;
	const char *why;

	if (i == run->nr_spans)
		return;
	start = run->span_start[i];
	size = run->span_size[i];
	KUNIT_EXPECT_FALSE_MSG(test, oracle_possible(run->level[n].o, req),
			       "level %u imported without need", n);
	if (!import_of(run, n, req, &ask)) {
		KUNIT_FAIL(test, "level %u imported what it must not", n);
		return;
	}
	source = run->level[n - 1].o;
	q = max(source->quantum, run->level[n].o->quantum);
	KUNIT_EXPECT_LE(test, size, ask.size);
	KUNIT_EXPECT_GE(test, size, req->size);
	KUNIT_EXPECT_EQ(test, (start | size) % q, 0ul);

	/* What the source was asked for can be seen in its answer. */
	ask.size = size;
	ask.phase = start % ask.align;
	KUNIT_EXPECT_LE(test, ask.phase, req->phase);
	learn(run, n - 1, &ask);
	why = oracle_judge(source, &ask, start, &want);
	if (why) {
		KUNIT_FAIL(test, "level %u got 0x%lx for its 0x%lx, align 0x%lx, want 0x%lx: %s",
			   n, start, size, ask.align, want, why);
		return;
	}
	oracle_take(source, &ask, start)->span = true;
	KUNIT_ASSERT_TRUE(test, oracle_add(run->level[n].o, start, size, true));
}

/* === Operations === */

static void do_alloc(struct run *run, unsigned int n)
{
	struct level *level = &run->level[n];
	unsigned long addr, want;
	struct oracle_req req;
	const char *why;

	oracle_random_req(level->o, &run->rnd, &req);
	snprintf(run->what, sizeof(run->what),
		 "level %u: vmem_xalloc(0x%lx, align 0x%lx, phase 0x%lx, nocross 0x%lx, min 0x%lx, max 0x%lx, 0x%x)",
		 n, req.size, req.align, req.phase, req.nocross, req.min, req.max,
		 req.vmflag);
	addr = xtake(level->vmp, req.size, req.align, req.phase, req.nocross,
		     req.min, req.max, req.vmflag);
	if (!addr) {
		KUNIT_EXPECT_FALSE_MSG(run->test, possible(run, n, &req),
				       "a request failed that had a place");
		level->fails++;
		return;
	}
	learn(run, n, &req);
	if (failed(run))
		return;
	why = oracle_judge(level->o, &req, addr, &want);
	if (why)
		KUNIT_FAIL(run->test, "%s: 0x%lx, want 0x%lx", why, addr, want);
	else
		oracle_take(level->o, &req, addr);
}

/* A span leaves its arena at the moment when it is wholly free. */
static void give_back(struct run *run, unsigned int n, struct oracle_block *block)
{
	const struct oracle_span *span = oracle_give(run->level[n].o, block);
	unsigned long start = span->start;

	if (!span->imported || !oracle_idle(span))
		return;
	oracle_remove(run->level[n].o, span);
	give_back(run, n - 1, oracle_find(run->level[n - 1].o, start));
}

static void free_block(struct run *run, unsigned int n, struct oracle_block *block)
{
	snprintf(run->what, sizeof(run->what), "level %u: vmem_xfree(0x%lx, 0x%lx)",
		 n, block->addr, block->size);
	xgive(run->level[n].vmp, block->addr, block->size);
	give_back(run, n, block);
}

/* One of the blocks of level @n that are no spans of the next; NULL by chance. */
static struct oracle_block *any_block(struct run *run, unsigned int n)
{
	struct oracle *o = run->level[n].o;
	struct oracle_block *block;

	if (!o->nr_blocks)
		return NULL;
	block = &o->block[below(&run->rnd, o->nr_blocks)];
	return block->span ? NULL : block;
}

static void step(struct run *run)
{
	static const u8 targets[] = { 10, 40, 80, 100 };
	static const u8 levels[] = { 0, 1, 1, 1, 2, 2, 2, 2, 2, 2 };
	unsigned int n = levels[below(&run->rnd, ARRAY_SIZE(levels))];
	struct oracle *root = run->level[0].o;
	struct oracle_block *block;
	bool fuller;

	if (run->op % 256 == 0)
		run->target = targets[below(&run->rnd, ARRAY_SIZE(targets))];
	fuller = root->inuse * 100 < root->total * run->target;
	block = any_block(run, n);
	if (block && below(&run->rnd, 4) >= (fuller ? 3 : 1))
		free_block(run, n, block);
	else
		do_alloc(run, n);
}

/* === What holds at all times === */

static void check_level(struct run *run, unsigned int n)
{
	struct oracle *o = run->level[n].o;
	vmem_t *vmp = run->level[n].vmp;
	struct kunit *test = run->test;
	const char *why;

	EXPECT_STAT(test, vmp, MEM_INUSE, o->inuse);
	EXPECT_STAT(test, vmp, MEM_TOTAL, o->total);
	EXPECT_STAT(test, vmp, MEM_IMPORT, o->imported);
	KUNIT_EXPECT_EQ(test, vmem_stat(vmp, VMEM_STAT_ALLOC) -
			      vmem_stat(vmp, VMEM_STAT_FREE), (u64)o->nr_blocks);
	KUNIT_EXPECT_GE(test, vmem_stat(vmp, VMEM_STAT_FAIL), run->level[n].fails);

	/* Spans always, as arenas that change unasked would go unnoticed. */
	why = oracle_compare(o, vmp, run->op % 16 ? VMEM_SPAN :
			     VMEM_SPAN | VMEM_ALLOC | VMEM_FREE);
	if (why)
		KUNIT_FAIL(test, "level %u: %s", n, why);
	if (run->op % 64 == 0)
		EXPECT_VALID(test, vmp);
}

static void check(struct run *run)
{
	struct kunit *test = run->test;
	unsigned int n;

	for (n = 0; n < LEVELS && !failed(run); n++)
		check_level(run, n);

	/* Nobody imports from the leaf, so all its failures are our own. */
	EXPECT_STAT(test, run->level[LEVELS - 1].vmp, FAIL,
		    run->level[LEVELS - 1].fails);
	if (run->op % 64 == 0)
		cond_resched();
}

static void drain(struct run *run)
{
	struct oracle_block *block;
	unsigned int n;

	for (n = LEVELS; n-- && !failed(run); )
		while (run->level[n].o->nr_blocks && !failed(run)) {
			block = any_block(run, n);
			KUNIT_ASSERT_NOT_NULL(run->test, block);
			run->op++;
			free_block(run, n, block);
			check(run);
		}
	run->op = 0;
	check(run);
	for (n = 0; n < LEVELS; n++) {
		EXPECT_STAT(run->test, run->level[n].vmp, MEM_INUSE, 0);
		EXPECT_STAT(run->test, run->level[n].vmp, MEM_IMPORT, 0);
	}
}

static void random_imports_match_the_model(struct kunit *test)
{
	struct run *run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	unsigned int ops = vmem_kunit_ops ?: OPS;

	KUNIT_ASSERT_NOT_NULL(test, run);
	begin(test, run);
	for (run->op = 0; run->op < ops && !failed(run); run->op++) {
		step(run);
		check(run);
	}
	if (!failed(run))
		drain(run);
	if (failed(run))
		kunit_err(test, "vmem_kunit.seed=%u, operation %u: %s", run->seed,
			  run->op, run->what);
}

static struct kunit_case random_import_cases[] = {
	KUNIT_CASE_PARAM_ATTR(random_imports_match_the_model, hierarchy_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite random_import_suite = {
	.name = "vmem_random_import",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = random_import_cases,
};

kunit_test_suite(random_import_suite);
