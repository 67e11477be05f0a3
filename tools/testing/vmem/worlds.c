// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small worlds: every sequence of a few operations on a small arena.
 *
 * A world is an arena, with a source or without, and its model (cells.h). From its
 * beginning, all operations of an alphabet are tried, then all from each state that
 * they lead to, and so on, up to a number of operations. Each answer is judged by the
 * model; in each new state the arena is validated, walked, and asked what it contains.
 *
 * A state that has been met before is not gone on from again. That loses nothing: two
 * states are the same only if their models are, and all that the library could tell
 * them apart by, which is the order of each list and the shape of each tree, too, and
 * not just the layout (states.h). All that is left out are counters, and how many
 * spare tags there are.
 *
 * States are met in order of the number of operations that lead to them, so a failure
 * comes with a shortest sequence of operations. After an operation, the state before
 * is restored by an opposite one if that does restore it, which is looked at, and by
 * repeating what had led to it otherwise.
 *
 *	worlds [full] [NAME]
 *
 * "full" tries longer sequences, for some minutes. NAME is the only one to be tried.
 */
#include <signal.h>
#include <unistd.h>

#include "checks.h"
#include "states.h"

#define DEPTH		8
#define ORACLE_STATES	200	/* of each world, in which the model is judged itself */

/* === The search === */

static bool full;
static unsigned long transitions, all_states, all_transitions;

/* What is being tried, for the report of a failure. */
static struct {
	const struct config *config;
	u32 state;
	const struct letter *letter;	/* NULL: none beyond the state */
} now;

/* The operations that lead to a state. Returns how many there are. */
static unsigned int path_to(u32 number, const struct letter *path[DEPTH])
{
	const struct state *state = &states.state[number];
	unsigned int nr = state->depth, i;

	for (i = nr; i--; state = &states.state[state->before])
		path[i] = &letters[state->letter];
	return nr;
}

/* Do it all again, and tell what is done. */
static void print_failure(void)
{
	const char *reason = why;
	const struct letter *path[DEPTH + 1];
	unsigned int nr, i;
	struct result result;
	struct world w;

	fflush(stdout);
	print_world(now.config);
	nr = path_to(now.state, path);
	if (now.letter)
		path[nr++] = now.letter;
	begin(&w, now.config);
	for (i = 0; i < nr; i++) {
		print_letter(&w, path[i]);
		fflush(stdout);
		operate(&w, path[i], &result);
		print_result(path[i], &result);
	}
	printf("failed: %s\n", reason);
	printf("worlds: FAILED\n");
}

static void __noreturn failed(void)
{
	print_failure();
	exit(1);
}

/* From the beginning to a state. Caches have a worker that may come in between. */
static void go_to(struct world *w, u32 number)
{
	const struct letter *path[DEPTH];
	unsigned int nr = path_to(number, path), i, tries;
	struct result result;

	for (tries = 0; tries < 100; tries++) {
		begin(w, now.config);
		for (i = 0; i < nr; i++)
			if (!operate(w, path[i], &result))
				failed();
		if (!number || fingerprint(w) == states.state[number].key)
			return;
		if (!cached_world(w))
			break;
		end(w);
	}
	why = "the same operations lead to another state";
	failed();
}

/* Try one operation. Returns whether the world is in the same state as before. */
static bool try_letter(struct world *w, u32 number, unsigned int nr)
{
	const struct state *from = &states.state[number];
	const struct letter *letter = &letters[nr];
	struct cells before[ARENAS];
	struct result result;

	now.letter = letter;
	memcpy(before, w->cells, sizeof(before));
	if (!operate(w, letter, &result))
		failed();
	transitions++;
	if (enter_state(fingerprint(w), number, nr, from->depth + 1)) {
		if (!check_state(w))
			failed();
		if (cached_world(w)) {
			if (!check_nothing_lost(w))
				failed();
			return false;
		}
	}
	if (!cached_world(w))
		undo(w, letter, &result, before);
	return fingerprint(w) == from->key;
}

static void expand(u32 number)
{
	struct world w;
	unsigned int i;

	now.state = number;
	now.letter = NULL;
	go_to(&w, number);
	if (number < ORACLE_STATES && !cached_world(&w) && !check_model(&w))
		failed();
	for (i = 0; i < nr_letters; i++) {
		if (!available(&w, &letters[i]) || try_letter(&w, number, i))
			continue;
		end(&w);
		go_to(&w, number);
	}
	end(&w);
}

static void explore(const struct config *config)
{
	unsigned int depth = full ? config->full_depth : config->depth;
	struct timespec from, to;
	struct world w;
	u32 number;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	choose_letters(config);
	forget_states();
	transitions = 0;
	now.config = config;
	now.state = 0;
	now.letter = NULL;
	begin(&w, config);
	enter_state(fingerprint(&w), 0, 0, 0);
	if (!check_state(&w))
		failed();
	end(&w);
	for (number = 0; number < states.nr && states.state[number].depth < depth; number++)
		expand(number);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("%-28s %u operations deep, %2u letters: %8u states, %9lu transitions, %5.1f s\n",
	       config->name, depth, nr_letters, states.nr, transitions,
	       to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9);
	all_states += states.nr;
	all_transitions += transitions;
}

/* === Walks in lockstep with operations === */

/*
 * A reentrant walk cannot be undone, and its callback is where the operations of a
 * sequence are, up to the one that lets it go on. So each sequence is tried from the
 * beginning, from each layout that a few quanta can have.
 */
#define LIVE		48
#define WALKERS		2
#define ALL_SEGS	(VMEM_ALLOC | VMEM_FREE | VMEM_SPAN)

/* A segment or span that is there now. Bits are for walks, the outer one first. */
struct live {
	unsigned long start;
	unsigned long size;
	int type;
	unsigned int throughout;	/* it has been there since the walk began */
	unsigned int seen;
};

static struct lockstep {
	struct world w;
	struct letter layout[CELLS];	/* operations that make it */
	unsigned int nr_layout;
	const struct letter *script[DEPTH];
	unsigned int nr;		/* length of the script */
	unsigned int pos;		/* in it */
	bool stuck;			/* what is at @pos cannot be done */
	bool failed;
	bool loud;
	unsigned int walkers;
	struct live live[LIVE];
	unsigned int nr_live;
	unsigned long sequences;
	unsigned long layouts;
} lockstep;

static void add_live(struct lockstep *ls, const struct live *was, unsigned int nr_was,
		     const struct live *now)
{
	struct live *live = &ls->live[ls->nr_live++];
	unsigned int i;

	if (ls->nr_live == LIVE)
		panic("too many segments");
	*live = *now;
	for (i = 0; i < nr_was; i++) {
		if (was[i].start != live->start || was[i].size != live->size ||
		    was[i].type != live->type)
			continue;
		live->throughout = was[i].throughout;
		live->seen = was[i].seen;
	}
}

/* What is there after an operation. Whatever is as it was is the same as before. */
static void look_again(struct lockstep *ls)
{
	const struct cells *c = &ls->w.cells[ARENA];
	struct live was[LIVE];
	unsigned int i, nr_was = ls->nr_live;

	memcpy(was, ls->live, sizeof(was));
	ls->nr_live = 0;
	for (i = 0; i < c->nr; i++) {
		struct live live = { .start = cell_addr(c, i) };

		if (c->cell[i] & CELL_SPAN) {
			live.type = VMEM_SPAN;
			live.size = (cell_span_end(c, i) - i) * c->quantum;
			add_live(ls, was, nr_was, &live);
		}
		if (cell_begins(c, i)) {
			live.type = VMEM_ALLOC;
			live.size = cell_block_size(c, i);
			add_live(ls, was, nr_was, &live);
		} else if (cell_is(c, i) == CELL_FREE && cell_seg_begin(c, i) == i) {
			live.type = VMEM_FREE;
			live.size = (cell_seg_end(c, i) - i) * c->quantum;
			add_live(ls, was, nr_was, &live);
		}
	}
}

static bool fail_lockstep(struct lockstep *ls, const char *what)
{
	if (!ls->failed && what)
		why = what;
	ls->failed = true;
	return false;
}

static void run(struct lockstep *ls);

/* A walk has come to a segment, which must be there, and be new to it. */
static void step(void *arg, void *start, size_t size)
{
	struct lockstep *ls = arg;
	unsigned int i, me = BIT(ls->walkers - 1);

	if (ls->loud)
		printf("  %s walk visits 0x%lx, 0x%lx\n",
		       ls->walkers > 1 ? "the inner" : "the", (unsigned long)start, size);
	for (i = 0; i < ls->nr_live; i++)
		if (ls->live[i].start == (unsigned long)start &&
		    ls->live[i].size == size && !(ls->live[i].seen & me))
			break;
	if (i < ls->nr_live) {
		ls->live[i].seen |= me;
		run(ls);
	} else {
		fail_lockstep(ls, "a walk visits what is not there, or once more");
	}
}

static void walk_along(struct lockstep *ls)
{
	unsigned int i, me = BIT(ls->walkers++);

	for (i = 0; i < ls->nr_live; i++) {
		ls->live[i].throughout |= me;
		ls->live[i].seen &= ~me;
	}
	vmem_walk(ls->w.vmp[ARENA], ALL_SEGS | (int)VMEM_REENTRANT, step, ls);
	for (i = 0; i < ls->nr_live; i++) {
		if (ls->live[i].throughout & me && !(ls->live[i].seen & me))
			fail_lockstep(ls, "a walk does not visit what was there throughout");
		ls->live[i].throughout &= ~me;
	}
	ls->walkers--;
}

static bool possible_now(const struct lockstep *ls, const struct letter *letter)
{
	if (letter->what == WALK)
		return ls->walkers < WALKERS;
	if (letter->what == STEP)
		return ls->walkers;
	/* Without a walk, all this has been tried already. */
	return ls->walkers && available(&ls->w, letter);
}

static bool do_letter(struct lockstep *ls, const struct letter *letter)
{
	struct result result = {};

	if (ls->loud) {
		print_letter(&ls->w, letter);
		fflush(stdout);
	}
	if (letter->what == WALK || letter->what == STEP) {
		if (ls->loud)
			printf("\n");
		return true;
	}
	if (!operate(&ls->w, letter, &result) || !check_state(&ls->w))
		return fail_lockstep(ls, NULL);
	if (ls->loud)
		print_result(letter, &result);
	look_again(ls);
	return true;
}

/* Go on with the script until it lets the walk that we are in go on. */
static void run(struct lockstep *ls)
{
	while (ls->pos < ls->nr && !ls->failed && !ls->stuck) {
		const struct letter *letter = ls->script[ls->pos];

		if (!possible_now(ls, letter)) {
			ls->stuck = true;
			return;
		}
		ls->pos++;
		if (!do_letter(ls, letter) || letter->what == STEP)
			return;
		if (letter->what == WALK)
			walk_along(ls);
	}
}

static bool run_all(struct lockstep *ls)
{
	struct result result;
	unsigned int i;

	begin(&ls->w, now.config);
	ls->pos = 0;
	ls->stuck = false;
	ls->failed = false;
	ls->walkers = 0;
	for (i = 0; i < ls->nr_layout && !ls->failed; i++) {
		if (ls->loud)
			print_letter(&ls->w, &ls->layout[i]);
		if (!operate(&ls->w, &ls->layout[i], &result))
			ls->failed = true;
		if (ls->loud)
			print_result(&ls->layout[i], &result);
	}
	ls->nr_live = 0;
	look_again(ls);
	run(ls);
	if (!ls->failed || ls->loud)
		end(&ls->w);
	return !ls->failed;
}

static void print_lockstep(struct lockstep *ls)
{
	const char *reason = why;

	fflush(stdout);
	print_world(now.config);
	ls->loud = true;
	run_all(ls);
	printf("failed: %s\n", reason);
	printf("worlds: FAILED\n");
}

/* Each script of a length. One that gets stuck rules out all that begin like it. */
static void each_script(struct lockstep *ls, unsigned int length)
{
	unsigned int nr[DEPTH] = {}, i, at;

	ls->nr = length;
	for (;;) {
		for (i = 0; i < length; i++)
			ls->script[i] = &letters[nr[i]];
		if (!run_all(ls)) {
			print_lockstep(ls);
			exit(1);
		}
		if (!ls->stuck)
			ls->sequences++;
		at = ls->stuck ? ls->pos : length - 1;
		for (i = at + 1; i < length; i++)
			nr[i] = 0;
		while (++nr[at] == nr_letters) {
			nr[at] = 0;
			if (!at--)
				return;
		}
	}
}

/* Each layout: blocks of up to three quanta, and free space, from a cell on. */
static void each_layout(struct lockstep *ls, unsigned int cell, unsigned int length)
{
	const struct config *config = now.config;
	unsigned int quanta;

	if (cell >= config->spans[0].nr) {
		ls->layouts += length == 1;
		each_script(ls, length);
		return;
	}
	if (!config->import)
		each_layout(ls, cell + 1, length);
	for (quanta = 1; quanta <= 3 && cell + quanta <= config->spans[0].nr; quanta++) {
		struct letter *letter = &ls->layout[ls->nr_layout++];

		*letter = (struct letter){ .size = 2 * quanta, .vmflag = VM_FIRSTFIT };
		if (!config->import) {
			letter->min = 2 * (config->spans[0].first + cell);
			letter->max = letter->min + 2 * quanta;
		}
		each_layout(ls, cell + quanta, length);
		ls->nr_layout--;
	}
}

static void explore_walks(const struct config *config)
{
	unsigned int depth = full ? config->full_depth : config->depth, length;
	struct lockstep *ls = &lockstep;
	struct timespec from, to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	choose_letters(config);
	now.config = config;
	ls->sequences = 0;
	ls->layouts = 0;
	for (length = 1; length <= depth; length++)
		each_layout(ls, 0, length);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("%-28s %u operations deep, %2u letters: %8lu layouts, %8lu sequences, %5.1f s\n",
	       config->name, depth, nr_letters, ls->layouts, ls->sequences,
	       to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9);
	all_states += ls->layouts;
	all_transitions += ls->sequences;
}

/* === When the library does not come back === */

#define PATIENCE	20	/* seconds */

/* Locks that all arenas share, so that another one can be made. */
static void let_go(void)
{
	struct task_struct *task = current;

	kernel_memory_fails = NULL;
	if (vmem_arenas_lock.owner == task)
		spin_unlock(&vmem_arenas_lock);
	task->irqs_off = false;
	while (task->preempt_count > 0)
		preempt_enable();
}

/* Do it again to tell what it was. It will come here again, from the last operation. */
static void __noreturn give_up(const char *what)
{
	static const char *first;

	if (first) {
		printf("\nfailed: %s\nworlds: FAILED\n", first);
	} else {
		first = what;
		why = what;
		let_go();
		alarm(PATIENCE);
		if (now.config->walks)
			print_lockstep(&lockstep);
		else
			print_failure();
	}
	fflush(stdout);
	_exit(1);
}

static void crashed(int signal)
{
	give_up("it crashes");
}

/* Whatever it does takes some microseconds. */
static void slow(int signal)
{
	static unsigned long before;

	if (operations == before)
		give_up("it takes for ever");
	before = operations;
	alarm(PATIENCE);
}

static void watch(void)
{
	static const struct sigaction on_crash = {
		.sa_handler = crashed, .sa_flags = SA_NODEFER,
	};
	static const struct sigaction on_alarm = {
		.sa_handler = slow, .sa_flags = SA_NODEFER,
	};

	sigaction(SIGABRT, &on_crash, NULL);
	sigaction(SIGSEGV, &on_crash, NULL);
	sigaction(SIGALRM, &on_alarm, NULL);
	alarm(PATIENCE);
}

/* === The worlds there are === */

#define FIT(units, flags)	{ .size = 2 * (units), .vmflag = (flags) }

static const struct letter frees[] = {
	{ FREE, ARENA, 0 }, { FREE, ARENA, 1 }, { FREE, ARENA, 2 }, { FREE, ARENA, 3 },
	{ FREE, ARENA, 4 }, { FREE, ARENA, 5 }, { FREE, ARENA, 6 }, { FREE, ARENA, 7 },
	{}
};

static const struct letter policies[] = {
	FIT(1, 0), FIT(2, 0), FIT(3, 0),
	FIT(1, VM_BESTFIT), FIT(2, VM_BESTFIT), FIT(3, VM_BESTFIT),
	FIT(1, VM_FIRSTFIT), FIT(2, VM_FIRSTFIT), FIT(3, VM_FIRSTFIT),
	FIT(1, VM_NEXTFIT), FIT(2, VM_NEXTFIT), FIT(3, VM_NEXTFIT),
	FIT(1, VM_ENDALLOC), FIT(2, VM_BESTFIT | VM_ENDALLOC),
	FIT(1, VM_FIRSTFIT | VM_ENDALLOC),
	{}
};

static const struct letter few_policies[] = {
	FIT(1, 0), FIT(2, VM_BESTFIT), FIT(1, VM_FIRSTFIT), FIT(2, VM_NEXTFIT),
	FIT(1, VM_ENDALLOC),
	{}
};

static const struct letter constraints[] = {
	{ .size = 2, .align = 2 },
	{ .size = 2, .align = 2, .vmflag = VM_NEXTFIT },
	{ .size = 2, .align = 4, .phase = 2, .vmflag = VM_BESTFIT },
	{ .size = 4, .align = 2, .phase = 1, .nocross = 4, .vmflag = VM_ENDALLOC },
	{ .size = 6, .nocross = 4, .vmflag = VM_FIRSTFIT },
	{ .size = 4, .nocross = 2, .vmflag = VM_FIRSTFIT | VM_ENDALLOC },
	{ .size = 2, .min = 9 },
	{ .size = 3, .max = 11, .vmflag = VM_BESTFIT | VM_ENDALLOC },
	{ .size = 4, .min = 4, .max = 14, .vmflag = VM_FIRSTFIT | VM_ENDALLOC },
	{ .size = 2, .min = 6, .max = 11, .vmflag = VM_NEXTFIT },
	{ .size = 5, .min = 3, .vmflag = VM_BESTFIT },
	{}
};

static const struct letter mistakes[] = {
	{ FREE_INSIDE, ARENA, 0 }, { FREE_LONGER, ARENA, 0 }, { FREE_LONGER, ARENA, 1 },
	{ FREE_TWICE, ARENA }, {}
};

static const struct letter spans[] = {
	{ ADD, ARENA, 1 }, { ADD, ARENA, 2 }, {}
};

static const struct letter children[] = {
	{ .size = 2, .align = 2 },
	{ .size = 2, .align = 4, .phase = 1, .vmflag = VM_BESTFIT },
	{ .size = 1, .align = 4, .phase = 2, .vmflag = VM_NEXTFIT },
	{ .size = 4, .min = 4 },
	FIT(5, VM_ENDALLOC), FIT(7, 0), FIT(13, 0),
	{}
};

static const struct letter sources[] = {
	{ .arena = SOURCE, .size = 2 },
	{ .arena = SOURCE, .size = 3, .vmflag = VM_FIRSTFIT | VM_ENDALLOC },
	{ .arena = SOURCE, .size = 4, .vmflag = VM_NEXTFIT },
	{ FREE, SOURCE, 0 }, { FREE, SOURCE, 1 }, { FREE, SOURCE, 2 },
	{}
};

static const struct letter objects[] = {
	FIT(1, 0), FIT(2, 0), FIT(3, 0),
	FIT(1, VM_KILLABLE), FIT(2, VM_KILLABLE), FIT(5, VM_KILLABLE),
	{ REAP },
	{}
};

static const struct letter walkers[] = {
	{ STEP }, { WALK }, FIT(1, 0), FIT(2, VM_FIRSTFIT), FIT(1, VM_ENDALLOC),
	{}
};

static const struct letter building[] = { { BUILD, ARENA }, {} };

#define SQ	0x40ul		/* quantum of most worlds */
#define SIGN	BIT(BITS_PER_LONG - 1)

#define WORLD(text, quanta, how_deep, fully) \
	.name = text, .base = SQ, .quantum = SQ, \
	.spans = { { 0, quanta } }, .depth = how_deep, .full_depth = fully

static const struct config configs[] = {
	{ WORLD("1 quantum", 1, 6, 8), .letters = { policies, frees, mistakes } },
	{ WORLD("2 quanta", 2, 6, 8), .letters = { policies, frees, mistakes } },
	{
		.name = "3 quanta of 2 units", .base = 2 * 8, .quantum = 2,
		.spans = { { 0, 3 } }, .depth = 6, .full_depth = 8,
		.letters = { policies, constraints, frees, mistakes },
	},
	{ WORLD("4 quanta", 4, 6, 8), .letters = { policies, constraints, frees, mistakes } },
	{
		.name = "5 quanta of 2 units", .base = 2 * 8, .quantum = 2,
		.spans = { { 0, 5 } }, .depth = 6, .full_depth = 8,
		.letters = { policies, constraints, frees, mistakes },
	},
	{ WORLD("6 quanta", 6, 6, 8), .letters = { policies, constraints, frees, mistakes } },
	{
		.name = "7 quanta of 2 units", .base = 2 * 8, .quantum = 2,
		.spans = { { 0, 7 } }, .depth = 6, .full_depth = 8,
		.letters = { policies, constraints, frees, mistakes },
	},
	{ WORLD("8 quanta", 8, 6, 8), .letters = { policies, constraints, frees, mistakes } },
	{ WORLD("6 quanta, trees", 6, 6, 8), .order = TREES,
	  .letters = { policies, constraints, frees, mistakes } },
	{ WORLD("9 quanta, trees", 9, 5, 6), .order = TREES,
	  .letters = { policies, constraints, frees } },
	{ WORLD("12 quanta, trees", 12, 6, 7), .order = TREES,
	  .letters = { policies, frees } },
	{ WORLD("8 quanta, building trees", 8, 6, 8), .order = TREES_BUILT,
	  .letters = { policies, frees, building } },
	{
		.name = "three spans", .base = SQ, .quantum = SQ, .cells = 12,
		.spans = { { 4, 4 }, { 0, 4 }, { 8, 4 } },
		.letters = { policies, frees, spans }, .depth = 6, .full_depth = 8,
	}, {
		.name = "three spans, building trees", .base = SQ, .quantum = SQ,
		.cells = 9, .spans = { { 3, 3 }, { 0, 3 }, { 5, 4 } },
		.order = TREES_BUILT,
		.letters = { few_policies, frees, spans, building },
		.depth = 6, .full_depth = 8,
	}, {
		.name = "up to the top", .base = -10ul * SQ, .quantum = SQ, .cells = 10,
		.spans = { { 3, 7 }, { 0, 3 } },
		.letters = { policies, constraints, frees, spans },
		.depth = 5, .full_depth = 6,
	}, {
		.name = "up to the top, trees", .base = -8ul * SQ, .quantum = SQ, .cells = 8,
		.spans = { { 2, 6 }, { 0, 2 } }, .order = TREES,
		.letters = { policies, constraints, frees, spans },
		.depth = 4, .full_depth = 6,
	}, {
		.name = "around the sign", .base = SIGN - 4 * 16, .quantum = 16, .cells = 8,
		.spans = { { 0, 8 } }, .letters = { policies, constraints, frees },
		.depth = 5, .full_depth = 6,
	},

	{ WORLD("importing", 12, 5, 7), .import = true,
	  .letters = { few_policies, children, frees, sources } },
	{ WORLD("importing, with trees", 8, 5, 6), .import = true, .order = TREES,
	  .letters = { few_policies, children, frees, sources } },
	{ WORLD("keeping what is imported", 8, 5, 6), .import = true, .keep = true,
	  .letters = { few_policies, children, frees, sources } },
	{ WORLD("half the quantum of the source", 10, 5, 6), .import = true, .finer = 1,
	  .letters = { few_policies, children, frees, sources } },
	{
		.name = "twice the quantum of the source", .base = 2 * SQ, .quantum = SQ,
		.cells = 12, .spans = { { 0, 12 } }, .import = true, .coarser = 1,
		.letters = { few_policies, children, frees, sources },
		.depth = 5, .full_depth = 6,
	},
	{
		.name = "importing four at a time", .base = 16 * 8, .quantum = 16, .cells = 12,
		.spans = { { 0, 12 } }, .import = true, .vmflag = VMC_NO_QCACHE,
		.letters = { few_policies, children, frees, sources },
		.depth = 5, .full_depth = 6,
	},

	{ WORLD("walks", 5, 4, 6), .walks = true, .letters = { walkers, frees } },
	{ WORLD("walks with trees", 4, 5, 6), .walks = true, .order = TREES,
	  .letters = { walkers, frees, building } },
	{ WORLD("walks while building trees", 4, 5, 6), .walks = true, .order = TREES_BUILT,
	  .letters = { walkers, frees, building } },
	{ WORLD("walks while importing", 5, 5, 6), .walks = true, .import = true,
	  .letters = { walkers, frees } },

	{ WORLD("slabs of four objects", 12, 6, 7), .qcache_max = 1,
	  .letters = { objects, frees } },
	{ WORLD("slabs of eight and four", 12, 6, 7), .qcache_max = 2,
	  .letters = { objects, frees } },
	{ WORLD("magazines and slabs of four", 12, 6, 7), .qcache_max = 1, .filler = 1600,
	  .letters = { objects, frees } },
	{ WORLD("magazines, slabs of eight", 12, 6, 7), .qcache_max = 2, .filler = 800,
	  .letters = { objects, frees } },

	/* Those that take long. */
	{
		.name = "9 quanta of 2 units", .base = 2 * 8, .quantum = 2,
		.spans = { { 0, 9 } }, .depth = 6, .full_depth = 8,
		.letters = { policies, constraints, frees },
	},
	{ WORLD("10 quanta", 10, 6, 7), .letters = { policies, constraints, frees } },
	{ WORLD("11 quanta", 11, 6, 7), .letters = { policies, constraints, frees } },
	{ WORLD("12 quanta", 12, 6, 7), .letters = { policies, constraints, frees } },
};

int main(int argc, char **argv)
{
	const char *only = NULL;
	unsigned int i, nr = 0;

	for (i = 1; i < (unsigned int)argc; i++) {
		if (!strcmp(argv[i], "full"))
			full = true;
		else
			only = argv[i];
	}
	kernel_parse(2, (char *[]){ argv[0], "cpus=1" });
	kernel_begin();
	watch();
	get_states(full ? 1 << 24 : 1 << 20);
	send_sig(SIGKILL, current, 0);	/* so that nobody sleeps who is killable */
	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		if (only && strcmp(only, configs[i].name))
			continue;
		if (configs[i].walks)
			explore_walks(&configs[i]);
		else
			explore(&configs[i]);
		nr++;
	}
	kernel_end();
	printf("models: %lu answers judged alike\n", opinions);
	printf("worlds: %u configurations, %lu states, %lu transitions, 0 failures\n", nr,
	       all_states, all_transitions);
	return nr ? 0 : 2;
}
