// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile calls: every exported function, with whatever a driver can pass to it.
 *
 * What a call deserves is worked out here, from the manual: it is refused, which
 * is counted, or it is a request like any other. Beside the attacker, every arena
 * has victims, blocks that somebody else holds: none of them may be lost.
 *
 * Each run prints its seed. To repeat it, pass it as vmem_kunit.seed.
 *
 * Some things are not passed, as nobody could notice: a handle of what is no arena;
 * a function that is none, or import and release functions that do not belong
 * together; a pointer to less than was said; to vmem_pages_free() and its like,
 * anything but what the import function returned, or NULL; and exactly what
 * somebody else has allocated, to be freed.
 */
#include <kunit/device.h>
#include <linux/dma-mapping.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "cached.h"
#include "oracle.h"

#define VICTIMS		24
#define HELD		64	/* by the attacker, of each kind */
#define SPANS		48	/* of an arena; others are not added */
#define IMPORTS		16	/* of the foreign source, at a time */
#define BULK		6
#define ENOUGH		20000	/* for each call to have a turn */
#define BURST		128	/* calls between two looks at everything */
#define LINES		8	/* of reports, of an arena, in a run */

/* === Arenas under attack === */

struct block {
	unsigned long addr;
	unsigned long size;
};

struct target {
	vmem_t *vmp;
	unsigned long quantum;
	unsigned long cached;		/* largest size of a quantum cache */
	bool exact;			/* nobody but us makes it fail or count */
	struct block victim[VICTIMS];
	unsigned int nr_victims;
	u32 victims_hash;
	struct block plain[HELD];	/* the attacker's */
	unsigned int nr_plain;
	struct block object[HELD];	/* the same of quantum caches: some are bogus */
	unsigned int nr_objects;
	u64 misuse;			/* what the statistics should be */
	u64 fail;
	unsigned int lines;		/* of reports */
};

enum { IDS, PAGES, CACHED, CHILD, FOREIGN, DMA, NR_TARGETS };

/* Each name tries to forge a line, or to end early. */
static const char * const names[NR_TARGETS] = {
	[IDS]		= "ids\nvmem: leak: arena \"x\"",
	[PAGES]		= "%s%n%p pages",
	[CACHED]	= "cached\" addr 0x1 size 0x1 c",
	[CHILD]		= "\r\x1b[2Jchild\x9b",
	[FOREIGN]	= "\xff\xfe foreign \t",
	[DMA]		= "\n\n\n\n",
};

struct attack {
	struct kunit *test;
	struct rnd_state rnd;
	unsigned int seed;
	unsigned int ops;
	unsigned int op;
	const char *call;		/* the current one */
	struct target target[NR_TARGETS];
	struct device *dev;
	void *area;			/* of vmalloc() */
	unsigned long freed[16];	/* once the attacker's */
	int panics;			/* that there should have been */
	struct block import[IMPORTS];
	unsigned int nr_imports;
	unsigned int *turns;		/* of each call */
};

static struct attack *attack;		/* for functions that arenas call */

static bool failed(const struct attack *a)
{
	return READ_ONCE(a->test->status) == KUNIT_FAILURE;
}

/* === Nasty numbers === */

static bool chance(struct attack *a, unsigned int of)
{
	return !below(&a->rnd, of);
}

static unsigned long any_long(struct attack *a)
{
	u64 high = prandom_u32_state(&a->rnd);

	return (unsigned long)(high << 32 | prandom_u32_state(&a->rnd));
}

static int any_flags(struct attack *a)
{
	return prandom_u32_state(&a->rnd);
}

static struct target *any_target(struct attack *a)
{
	return &a->target[below(&a->rnd, NR_TARGETS)];
}

/* NULL now and then: there is no arena. */
static struct target *maybe_target(struct attack *a)
{
	return chance(a, 16) ? NULL : any_target(a);
}

static vmem_t *arena_of(const struct target *t)
{
	return t ? t->vmp : NULL;
}

static unsigned long quantum_of(struct attack *a, const struct target *t)
{
	return t ? t->quantum : any_target(a)->quantum;
}

/* One off a number that means something. */
static unsigned long about(struct attack *a, unsigned long number, unsigned long q)
{
	switch (below(&a->rnd, 6)) {
	case 0:
		return number - 1;
	case 1:
		return number + 1;
	case 2:
		return number - q;
	case 3:
		return number + q;
	default:
		return number;
	}
}

static unsigned long nasty_size(struct attack *a, unsigned long q)
{
	switch (below(&a->rnd, 12)) {
	case 0:
		return 0;
	case 1:
		return about(a, 0, q);			/* about 2^64 */
	case 2:
		return about(a, 1ul << (BITS_PER_LONG - 1), q);
	case 3:
		return about(a, 1ul << below(&a->rnd, BITS_PER_LONG), q);
	case 4:
		return about(a, INT_MAX, q);
	case 5:
		return about(a, UINT_MAX, q);
	case 6:
		return any_long(a);
	case 7:
		return any_long(a) >> below(&a->rnd, BITS_PER_LONG);
	default:
		return about(a, q * below(&a->rnd, 10), q);
	}
}

/* A multiple, or a power of two, more often than not: the rest is refused at once. */
static unsigned long nasty_align(struct attack *a, unsigned long q)
{
	switch (below(&a->rnd, 4)) {
	case 0:
		return 0;
	case 1:
		return q << below(&a->rnd, BITS_PER_LONG);
	case 2:
		return q << below(&a->rnd, 5);
	default:
		return nasty_size(a, q);
	}
}

static struct block any_victim(struct attack *a)
{
	struct target *t = any_target(a);
	struct block none = {};

	return t->nr_victims ? t->victim[below(&a->rnd, t->nr_victims)] : none;
}

static unsigned long kernel_address(struct attack *a)
{
	switch (below(&a->rnd, 4)) {
	case 0:
		return (unsigned long)a;
	case 1:
		return (unsigned long)a->area;
	case 2:
		return (unsigned long)any_target(a)->vmp;
	default:
		return (unsigned long)vmem_alloc;
	}
}

static unsigned long nasty_addr(struct attack *a, const struct target *t)
{
	unsigned long q = quantum_of(a, t);
	struct block block;

	switch (below(&a->rnd, 10)) {
	case 0:
		return 0;
	case 1:
		return kernel_address(a);
	case 2:
		return a->freed[below(&a->rnd, ARRAY_SIZE(a->freed))];
	case 3:
		block = any_victim(a);
		return block.addr + block.size / 2;
	case 4:
		return about(a, any_victim(a).addr, q);
	case 5:
		if (t && t->nr_plain)
			return about(a, t->plain[below(&a->rnd, t->nr_plain)].addr, q);
		fallthrough;
	case 6:
		if (t && t->nr_objects)
			return about(a, t->object[below(&a->rnd, t->nr_objects)].addr, q);
		fallthrough;
	case 7:
		return about(a, 0x10000, q);
	default:
		return nasty_size(a, q);
	}
}

static const char *nasty_name(struct attack *a)
{
	static const char * const nasty[] = {
		NULL, "", "%s%s%s%n", "\n", "x\nvmem: zero size: arena \"a\"", "\"",
		"a name that is much longer than there is room for", "\x7f\x80\xff",
	};

	return nasty[below(&a->rnd, ARRAY_SIZE(nasty))];
}

/* === What a call deserves === */

/* No arena at all is reported, but there is none to count it. */
static void refused(struct target *t)
{
	if (t)
		t->misuse++;
}

/* NULL has been returned, or what stands for it. */
static void returned_null(struct attack *a, int vmflag)
{
	a->panics += !!(vmflag & VM_PANIC);
}

static unsigned long round_to(unsigned long size, unsigned long q)
{
	return (size + (q - 1)) & ~(q - 1);
}

/* Is vmem_xalloc() to refuse it, whatever the flags? */
static bool malformed(unsigned long q, struct oracle_req *req)
{
	unsigned long end;

	req->align = req->align ?: q;
	if (!req->size)
		return true;
	if ((req->align | req->phase | req->nocross) & (q - 1))
		return true;
	if (req->align & (req->align - 1) || req->nocross & (req->nocross - 1))
		return true;
	if (req->phase >= req->align || (req->max && req->min > req->max))
		return true;
	if (!req->nocross)
		return false;
	if (req->align > req->nocross || req->size > req->nocross)
		return true;
	/* Neither is more than 2^63, so this is exact, or 0. */
	end = req->phase + req->size;
	return !end || end > req->nocross || round_to(end, req->align) > req->nocross ||
	       !round_to(end, req->align);
}

/* Is there no address that would do in any arena of that quantum? */
static bool hopeless(unsigned long q, const struct oracle_req *req)
{
	unsigned long len = round_to(req->size, q);
	unsigned long addr = req->min ?: 1, before;

	if (len < req->size)
		return true;
	before = addr;
	addr += (req->phase - addr) & (req->align - 1);
	if (addr < before)
		return true;
	if (req->nocross && (addr ^ (addr + (req->size - 1))) & ~(req->nocross - 1)) {
		before = addr;
		addr = (addr | (req->nocross - 1)) + 1 + req->phase;
		if (addr < before)
			return true;
	}
	if (addr + (len - 1) < addr)
		return true;
	return req->max && addr + (req->size - 1) > req->max - 1;
}

/* Is a segment of that length free now? Then no policy may overlook it. */
struct longest {
	unsigned long size;
};

static void note_longest(void *arg, void *start, size_t size)
{
	struct longest *longest = arg;

	longest->size = max_t(unsigned long, longest->size, size);
}

static bool can_serve(const struct target *t, unsigned long size)
{
	struct longest longest = {};

	vmem_walk(t->vmp, VMEM_FREE, note_longest, &longest);
	return longest.size >= round_to(size, t->quantum);
}

/*
 * Any flags, but such that nobody waits for ever. @hopeless requests are refused
 * by themselves if they would sleep, and @plain ones find what is free.
 */
static int alloc_flags(struct attack *a, const struct target *t, unsigned long size,
		       bool hopeless, bool plain)
{
	int vmflag = any_flags(a);

	if (vmflag & (VM_NOSLEEP | VM_ABORT) || hopeless)
		return vmflag;
	if (plain && t && size > t->cached && can_serve(t, size))
		return vmflag;
	return vmflag | (chance(a, 3) ? VM_ABORT : VM_NOSLEEP);
}

static bool sleeps(int vmflag)
{
	return !(vmflag & (VM_NOSLEEP | VM_ABORT));
}

/* === What the attacker has === */

static bool remove_block(struct block *block, unsigned int *nr, unsigned int i)
{
	block[i] = block[--*nr];
	return true;
}

static bool remove_plain(struct target *t, unsigned long addr, unsigned long size)
{
	unsigned int i;

	for (i = 0; i < t->nr_plain; i++)
		if (t->plain[i].addr == addr && t->plain[i].size == size)
			return remove_block(t->plain, &t->nr_plain, i);
	return false;
}

static bool is_cached(const struct target *t, unsigned long size)
{
	return size && size <= t->cached;
}

static bool same_class(const struct target *t, unsigned long a, unsigned long b)
{
	return is_cached(t, a) && is_cached(t, b) &&
	       round_to(a, t->quantum) == round_to(b, t->quantum);
}

static bool remove_object(struct target *t, unsigned long addr, unsigned long size)
{
	unsigned int i;

	for (i = 0; i < t->nr_objects; i++)
		if (t->object[i].addr == addr && same_class(t, t->object[i].size, size))
			return remove_block(t->object, &t->nr_objects, i);
	return false;
}

static bool overlaps_victim(const struct target *t, unsigned long addr,
			    unsigned long size)
{
	unsigned int i;

	for (i = 0; i < t->nr_victims; i++) {
		const struct block *v = &t->victim[i];

		if (addr <= v->addr + (v->size - 1) && v->addr <= addr + (size - 1))
			return true;
	}
	return false;
}

/* A block was got. More than there is room for goes back. */
static void got(struct attack *a, struct target *t, unsigned long addr,
		unsigned long size, bool object)
{
	struct block block = { addr, size };

	if (object) {
		if (t->nr_objects < HELD)
			t->object[t->nr_objects++] = block;
		else
			vmem_free(t->vmp, (void *)addr, size);
		return;
	}
	KUNIT_EXPECT_FALSE_MSG(a->test, overlaps_victim(t, addr, size),
			       "0x%lx has an owner", addr);
	KUNIT_EXPECT_EQ(a->test, vmem_contains(t->vmp, (void *)addr, size), 1);
	if (t->nr_plain < HELD)
		t->plain[t->nr_plain++] = block;
	else
		vmem_xfree(t->vmp, (void *)addr, size);
}

/* === vmem_alloc() and its like === */

/* Judge what a call has returned that is refused if @bad. */
static void judge(struct attack *a, struct target *t, unsigned long addr,
		  unsigned long size, int vmflag, bool bad, bool object)
{
	if (!t || bad) {
		refused(t);
		KUNIT_EXPECT_EQ(a->test, addr, 0ul);
	} else if (addr) {
		got(a, t, addr, size, object);
	} else {
		t->fail++;
		KUNIT_EXPECT_FALSE(a->test, sleeps(vmflag));
	}
	if (!addr)
		returned_null(a, vmflag);
}

static void try_alloc(struct attack *a)
{
	struct target *t = maybe_target(a);
	unsigned long q = quantum_of(a, t), size = nasty_size(a, q), addr;
	bool hopeless = size && round_to(size, q) < size;
	int vmflag = alloc_flags(a, t, size, hopeless || !size, true);
	bool bad = !size || (hopeless && sleeps(vmflag));

	addr = (unsigned long)vmem_alloc(arena_of(t), size, vmflag);
	judge(a, t, addr, size, vmflag, bad, t && is_cached(t, size));
}

static void try_xalloc(struct attack *a)
{
	struct target *t = maybe_target(a);
	unsigned long q = quantum_of(a, t), addr;
	struct oracle_req req = {
		.size = nasty_size(a, q),
		.align = nasty_align(a, q),
		.phase = chance(a, 3) ? nasty_align(a, q) : 0,
		.nocross = chance(a, 3) ? nasty_align(a, q) : 0,
		.min = chance(a, 2) ? nasty_addr(a, t) : 0,
		.max = chance(a, 2) ? nasty_addr(a, t) : 0,
	};
	struct oracle_req whole = req;
	bool bad = malformed(q, &whole);
	bool never = !bad && hopeless(q, &whole);

	req.vmflag = alloc_flags(a, t, req.size, bad || never, false);
	bad |= never && sleeps(req.vmflag);
	addr = (unsigned long)vmem_xalloc(arena_of(t), req.size, req.align, req.phase,
					  req.nocross, (void *)req.min,
					  (void *)req.max, req.vmflag);
	judge(a, t, addr, req.size, req.vmflag, bad, false);
	if (addr)
		KUNIT_EXPECT_EQ(a->test, addr & (whole.align - 1), whole.phase);
	if (addr && req.nocross)
		KUNIT_EXPECT_EQ(a->test, (addr ^ (addr + (req.size - 1))) &
				~(req.nocross - 1), 0ul);
	if (addr)
		KUNIT_EXPECT_GE(a->test, addr, req.min);
	if (addr && req.max)
		KUNIT_EXPECT_LE(a->test, addr + (req.size - 1), req.max - 1);
}

static void try_alloc_bulk(struct attack *a)
{
	struct target *t = maybe_target(a);
	unsigned long q = quantum_of(a, t), size = nasty_size(a, q);
	bool hopeless = size && round_to(size, q) < size;
	int vmflag = alloc_flags(a, t, size, hopeless || !size, false);
	bool bad = !size || (hopeless && sleeps(vmflag));
	size_t nr = below(&a->rnd, BULK + 1), i, n;
	void *addrs[BULK];

	if (chance(a, 8)) {
		KUNIT_EXPECT_EQ(a->test, vmem_alloc_bulk(arena_of(t), size, nr, NULL,
							 vmflag), (size_t)0);
		if (nr) {
			refused(t);
			returned_null(a, vmflag);
		}
		return;
	}
	n = vmem_alloc_bulk(arena_of(t), size, nr, addrs, vmflag);
	KUNIT_ASSERT_LE(a->test, n, nr);
	for (i = 0; i < n; i++)
		judge(a, t, (unsigned long)addrs[i], size, vmflag, bad,
		      is_cached(t, size));
	if (n < nr)
		judge(a, t, 0, size, vmflag, bad, false);
}

/* === vmem_free() and its like === */

enum verdict {
	ACCEPTED,
	REFUSED,		/* perhaps not at once */
	NOT_OURS,		/* it would be accepted: do not try */
};

static bool is_victim(const struct target *t, unsigned long addr, unsigned long size,
		      bool object)
{
	unsigned int i;

	for (i = 0; i < t->nr_victims; i++)
		if (t->victim[i].addr == addr &&
		    (object ? same_class(t, t->victim[i].size, size) :
			      t->victim[i].size == size))
			return true;
	return false;
}

/* A span that a child has imported. */
static void note_exact(void *arg, void *start, size_t size)
{
	struct block *block = arg;

	if (block->addr == (unsigned long)start && block->size == size)
		block->addr = 0;
}

static bool is_allocated(const struct target *t, unsigned long addr,
			 unsigned long size)
{
	struct block block = { addr, size };

	if (!addr)
		return false;
	vmem_walk(t->vmp, VMEM_ALLOC, note_exact, &block);
	return !block.addr;
}

/*
 * What becomes of a free. Quantum caches know objects of their class, and give a
 * wrong one out again at worst. So each wrong free is refused in the end, or the
 * right one of whoever got its object.
 */
static enum verdict verdict_of(struct target *t, unsigned long addr,
			       unsigned long size, bool xfree)
{
	if (!xfree && addr && is_cached(t, size)) {
		if (remove_object(t, addr, size))
			return ACCEPTED;
		return is_victim(t, addr, size, true) ? NOT_OURS : REFUSED;
	}
	if (remove_plain(t, addr, size))
		return ACCEPTED;
	if (is_victim(t, addr, size, false) ||
	    (!t->cached && is_allocated(t, addr, size)))
		return NOT_OURS;
	return REFUSED;
}

static struct block nasty_block(struct attack *a, const struct target *t)
{
	unsigned long q = quantum_of(a, t);
	struct block block = { nasty_addr(a, t), nasty_size(a, q) };

	switch (t ? below(&a->rnd, 4) : 3) {
	case 0:
		if (t->nr_plain)
			block = t->plain[below(&a->rnd, t->nr_plain)];
		break;
	case 1:
		if (t->nr_objects)
			block = t->object[below(&a->rnd, t->nr_objects)];
		break;
	case 2:
		block = any_victim(a);
		break;
	}
	if (chance(a, 4))
		block.size = about(a, block.size, q);
	return block;
}

static void note_freed(struct attack *a, unsigned long addr)
{
	a->freed[below(&a->rnd, ARRAY_SIZE(a->freed))] = addr;
}

static void try_to_free(struct attack *a, void (*free)(vmem_t *, void *, size_t),
			bool xfree)
{
	struct target *t = maybe_target(a);
	struct block block = nasty_block(a, t);

	if (t) {
		switch (verdict_of(t, block.addr, block.size, xfree)) {
		case ACCEPTED:
			note_freed(a, block.addr);
			break;
		case REFUSED:
			refused(t);
			break;
		case NOT_OURS:
			return;
		}
	}
	free(arena_of(t), (void *)block.addr, block.size);
}

static void try_free(struct attack *a)
{
	try_to_free(a, vmem_free, false);
}

static void try_xfree(struct attack *a)
{
	try_to_free(a, vmem_xfree, true);
}

static void try_free_bulk(struct attack *a)
{
	size_t nr = below(&a->rnd, BULK + 1), n = 0, accepted = 0, done;
	struct target *t = maybe_target(a);
	unsigned long size = nasty_block(a, t).size;
	void *addrs[BULK];

	if (chance(a, 8)) {
		KUNIT_EXPECT_EQ(a->test, vmem_free_bulk(arena_of(t), size, nr, NULL),
				(size_t)0);
		if (nr)
			refused(t);
		return;
	}
	for (; nr--; n++) {
		unsigned long addr = nasty_block(a, t).addr;

		addrs[n] = (void *)addr;
		if (!t)
			continue;
		switch (verdict_of(t, addr, size, false)) {
		case ACCEPTED:
			accepted++;
			break;
		case REFUSED:
			refused(t);
			break;
		case NOT_OURS:
			n--;
			break;
		}
	}
	done = vmem_free_bulk(arena_of(t), size, n, addrs);
	if (!t || !is_cached(t, size))
		KUNIT_EXPECT_EQ(a->test, done, accepted);
	KUNIT_EXPECT_LE(a->test, done, n);
}

/* === Spans, and a look inside === */

struct probe {
	unsigned long addr;
	unsigned long size;
	unsigned int spans;
	bool overlaps;
	bool contains;
};

static void note_span(void *arg, void *start, size_t size)
{
	unsigned long first = (unsigned long)start, last = first + (size - 1);
	struct probe *probe = arg;
	unsigned long end = probe->addr + (probe->size - 1);

	probe->spans++;
	if (!probe->size) {
		probe->contains |= probe->addr &&
				   ((probe->addr >= first && probe->addr <= last) ||
				    probe->addr - 1 == last);
		return;
	}
	if (end < probe->addr)
		return;
	probe->overlaps |= probe->addr <= last && first <= end;
	probe->contains |= probe->addr >= first && end <= last;
}

static struct probe probe(vmem_t *vmp, unsigned long addr, unsigned long size)
{
	struct probe probe = { addr, size };

	vmem_walk(vmp, VMEM_SPAN, note_span, &probe);
	return probe;
}

static bool span_valid(unsigned long q, unsigned long addr, unsigned long size)
{
	return addr && size && !((addr | size) & (q - 1)) && addr + (size - 1) >= addr;
}

/*
 * Is a span added that could be? Not to a child, whose source may have it, too; and
 * seldom a large one, as nothing is scarce any more then.
 */
static bool may_add(struct attack *a, const struct target *t, unsigned long size,
		    unsigned int spans)
{
	if (spans >= SPANS || t == &a->target[CHILD])
		return false;
	return size / t->quantum < 64 || (t != &a->target[FOREIGN] && chance(a, 64));
}

static void try_add(struct attack *a)
{
	struct target *t = maybe_target(a);
	unsigned long q = quantum_of(a, t);
	unsigned long addr = nasty_addr(a, t), size = nasty_size(a, q);
	int vmflag = any_flags(a);
	void *ret;

	if (chance(a, 2))
		addr = round_to(addr, q);
	if (chance(a, 2))
		size = round_to(size, q);
	if (t && span_valid(q, addr, size)) {
		struct probe what = probe(t->vmp, addr, size);

		if (!what.overlaps && !may_add(a, t, size, what.spans))
			return;
		ret = vmem_add(t->vmp, (void *)addr, size, vmflag);
		EXPECT_ADDR(a->test, ret, what.overlaps ? 0 : addr);
		if (what.overlaps)
			refused(t);
	} else {
		ret = vmem_add(arena_of(t), (void *)addr, size, vmflag);
		EXPECT_ADDR(a->test, ret, 0);
		refused(t);
	}
	if (!ret)
		returned_null(a, vmflag);
}

static void try_contains(struct attack *a)
{
	struct target *t = maybe_target(a);
	unsigned long addr = nasty_addr(a, t);
	unsigned long size = nasty_size(a, quantum_of(a, t));
	int want = t ? probe(t->vmp, addr, size).contains : 0;

	KUNIT_EXPECT_EQ_MSG(a->test, vmem_contains(arena_of(t), (void *)addr, size), want,
			    "0x%lx+0x%lx", addr, size);
}

static void count_visit(void *arg, void *start, size_t size)
{
	++*(unsigned int *)arg;
}

static void try_walk(struct attack *a)
{
	struct target *t = maybe_target(a);
	int typemask = any_flags(a);
	unsigned int visits = 0;

	if (chance(a, 8)) {
		vmem_walk(arena_of(t), typemask, NULL, NULL);
		if (!(typemask & VMEM_WALKER))
			refused(t);
		return;
	}
	vmem_walk(arena_of(t), typemask, count_visit, &visits);
	if (!t || typemask & VMEM_WALKER ||
	    !(typemask & (VMEM_ALLOC | VMEM_FREE | VMEM_SPAN)))
		KUNIT_EXPECT_EQ(a->test, visits, 0u);
	else if (typemask & VMEM_SPAN)
		KUNIT_EXPECT_GE(a->test, visits, probe(t->vmp, 0, 0).spans);
}

static void try_size(struct attack *a)
{
	struct target *t = maybe_target(a);
	int typemask = any_flags(a);
	u64 inuse = t ? vmem_stat(t->vmp, VMEM_STAT_MEM_INUSE) : 0;
	u64 total = t ? vmem_stat(t->vmp, VMEM_STAT_MEM_TOTAL) : 0;
	u64 want = 0;

	if (typemask & VMEM_ALLOC)
		want += inuse;
	if (typemask & VMEM_FREE)
		want += total - inuse;
	/* Those of quantum caches may change under our eyes. */
	if (!t || !t->cached)
		KUNIT_EXPECT_EQ(a->test, (u64)vmem_size(arena_of(t), typemask), want);
}

static void try_reap(struct attack *a)
{
	vmem_qcache_reap(arena_of(maybe_target(a)));
}

static void try_private(struct attack *a)
{
	struct target *t = maybe_target(a);
	void *private = (void *)nasty_addr(a, t);

	vmem_set_private(arena_of(t), private);
	KUNIT_EXPECT_PTR_EQ(a->test, vmem_get_private(arena_of(t)), t ? private : NULL);
}

static void try_gfp(struct attack *a)
{
	int vmflag = any_flags(a);
	gfp_t want = GFP_KERNEL;

	if (vmflag & VM_NOSLEEP)
		want = (vmflag & VM_PUSHPAGE ? GFP_ATOMIC : GFP_NOWAIT) | __GFP_NOWARN;
	if (vmflag & VM_NORMALPRI)
		want |= __GFP_NORETRY;
	KUNIT_EXPECT_EQ(a->test, (__force u32)vmem_gfp(vmflag), (__force u32)want);
}

/* === Import functions that return what they like === */

static struct target *foreign(void)
{
	return &attack->target[FOREIGN];
}

/* Is that what was asked for, and nobody's in the arena? */
static bool sound_import(unsigned long addr, unsigned long size, unsigned long asked)
{
	unsigned long q = foreign()->quantum;

	return span_valid(q, addr, size) && size >= asked &&
	       !probe(foreign()->vmp, addr, size).overlaps;
}

static void *foreign_import(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	struct attack *a = attack;
	struct target *t = foreign();
	struct block *block;

	KUNIT_EXPECT_EQ(a->test, vmflag & ~VM_KMFLAGS, 0);
	if (a->nr_imports == IMPORTS || chance(a, 4))
		return NULL;
	block = &a->import[a->nr_imports];
	block->addr = nasty_addr(a, t);
	block->size = *sizep;
	if (chance(a, 2))
		block->addr = round_to(any_long(a) >> 2, t->quantum);
	if (chance(a, 3))
		block->size = about(a, *sizep, t->quantum);
	if (!block->addr)
		return NULL;
	if (!sound_import(block->addr, block->size, *sizep))
		refused(t);
	*sizep = block->size;
	a->nr_imports++;
	return (void *)block->addr;
}

static void foreign_release(vmem_t *source, void *addr, size_t size)
{
	struct attack *a = attack;
	unsigned int i;

	for (i = 0; i < a->nr_imports; i++)
		if (a->import[i].addr == (unsigned long)addr && a->import[i].size == size)
			break;
	KUNIT_EXPECT_LT_MSG(a->test, i, a->nr_imports, "%p+0x%zx never came", addr, size);
	if (i < a->nr_imports)
		remove_block(a->import, &a->nr_imports, i);
}

/* === Creation, and the end === */

static void *no_import(vmem_t *source, size_t size, int vmflag)
{
	return NULL;
}

static void *no_ximport(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	return NULL;
}

static void no_release(vmem_t *source, void *addr, size_t size)
{
}

/* The arguments of a creation, and whether it is to be refused. */
struct creation {
	const char *name;
	unsigned long base;
	unsigned long size;
	unsigned long quantum;
	vmem_alloc_t *afunc;
	vmem_free_t *ffunc;
	struct target *source;
	unsigned long qcache_max;
	int vmflag;
	bool bad;
};

static unsigned long nasty_quantum(struct attack *a)
{
	return chance(a, 3) ? nasty_size(a, PG) : 1ul << below(&a->rnd, BITS_PER_LONG);
}

static bool bad_creation(const struct creation *c)
{
	vmem_t *src = arena_of(c->source);

	if (!c->quantum || c->quantum & (c->quantum - 1))
		return true;
	if (c->vmflag & VMC_KMEMLEAK && c->vmflag & VMC_IDENTIFIER)
		return true;
	if (src && (src->cflags ^ c->vmflag) & VMC_IDENTIFIER)
		return true;
	if (c->afunc == vmem_dma_alloc && !(src && src->dma))
		return true;
	return (c->base || c->size) && !span_valid(c->quantum, c->base, c->size);
}

static struct creation any_creation(struct attack *a)
{
	static vmem_alloc_t * const afuncs[] = {
		NULL, vmem_alloc, no_import, vmem_dma_alloc,
	};
	static vmem_free_t * const ffuncs[] = { NULL, vmem_free, no_release };
	struct creation c = {
		.name = nasty_name(a),
		.quantum = nasty_quantum(a),
		.afunc = afuncs[below(&a->rnd, ARRAY_SIZE(afuncs))],
		.ffunc = ffuncs[below(&a->rnd, ARRAY_SIZE(ffuncs))],
		.source = chance(a, 2) ? any_target(a) : NULL,
		.vmflag = any_flags(a),
	};

	c.qcache_max = nasty_size(a, c.quantum);
	if (chance(a, 2)) {
		c.base = nasty_addr(a, NULL);
		c.size = nasty_size(a, c.quantum);
	}
	/* kmemleak would be told about what is none of its objects, and stop. */
	if (c.base && !(c.vmflag & VMC_IDENTIFIER))
		c.vmflag &= ~VMC_KMEMLEAK;
	c.bad = bad_creation(&c);
	return c;
}

/* What was created against expectation, or not, and panics. True: end it. */
static bool created(struct attack *a, vmem_t *vmp, bool bad, int vmflag)
{
	if (!vmp)
		returned_null(a, vmflag);
	if (bad)
		KUNIT_EXPECT_NULL(a->test, vmp);
	else if (!(vmflag & VM_NOSLEEP))
		KUNIT_EXPECT_NOT_NULL(a->test, vmp);
	if (vmp)
		EXPECT_VALID(a->test, vmp);
	return vmp;
}

static void try_create(struct attack *a)
{
	struct creation c = any_creation(a);
	vmem_t *vmp = vmem_create(c.name, (void *)c.base, c.size, c.quantum, c.afunc,
				  c.ffunc, arena_of(c.source), c.qcache_max, c.vmflag);

	if (created(a, vmp, c.bad, c.vmflag))
		vmem_destroy(vmp);
}

static void try_xcreate(struct attack *a)
{
	struct creation c = any_creation(a);
	vmem_ximport_t *afunc = c.afunc ? no_ximport : NULL;
	vmem_t *vmp;

	c.afunc = NULL;
	c.bad = bad_creation(&c);
	vmp = vmem_xcreate(c.name, (void *)c.base, c.size, c.quantum, afunc, c.ffunc,
			   arena_of(c.source), c.qcache_max, c.vmflag);
	if (created(a, vmp, c.bad, c.vmflag))
		vmem_destroy(vmp);
}

/* A resource, and whether there is no quantum in it. */
static struct resource any_resource(struct attack *a, unsigned long q, bool *bad)
{
	struct resource res = {
		.name = nasty_name(a),
		.start = nasty_addr(a, NULL),
		.end = nasty_addr(a, NULL),
		.flags = chance(a, 3) ? any_long(a) : IORESOURCE_MEM,
	};
	unsigned long first = res.start ?: 1, beyond = res.end + 1;

	first = round_to(first, q);
	*bad = !res.flags || res.flags & IORESOURCE_UNSET || !first ||
	       (beyond && (beyond & ~(q - 1)) <= first) || first > res.end;
	return res;
}

static struct creation any_resource_creation(struct attack *a, struct resource *res)
{
	struct creation c = {
		.name = nasty_name(a),
		.quantum = nasty_quantum(a),
		.qcache_max = nasty_size(a, PG),
		.vmflag = any_flags(a),
	};
	bool empty;

	if (chance(a, 2))
		c.vmflag &= ~VMC_KMEMLEAK;
	*res = any_resource(a, c.quantum, &empty);
	c.bad = empty || bad_creation(&c) || c.vmflag & VMC_KMEMLEAK;
	return c;
}

static void try_create_resource(struct attack *a)
{
	struct resource res;
	struct creation c = any_resource_creation(a, &res);
	bool none = chance(a, 16);
	vmem_t *vmp = vmem_create_resource(c.name, none ? NULL : &res, c.quantum,
					   c.qcache_max, c.vmflag);

	if (created(a, vmp, c.bad || none, c.vmflag))
		vmem_destroy(vmp);
}

static void try_create_dma(struct attack *a)
{
	struct creation c = any_creation(a);
	bool none = chance(a, 2);
	bool bad = none || (c.vmflag & VMC_KMEMLEAK && c.vmflag & VMC_IDENTIFIER);
	vmem_t *vmp = vmem_create_dma(c.name, none ? NULL : a->dev, c.vmflag);

	if (created(a, vmp, bad, c.vmflag))
		vmem_destroy(vmp);
}

static void try_id_space_create(struct attack *a)
{
	id_t low = any_long(a), high = any_long(a), id;
	id_space_t *isp = id_space_create(nasty_name(a), low, high);

	if (!isp) {
		KUNIT_EXPECT_FALSE(a->test, low >= 0 && low < high);
		return;
	}
	KUNIT_EXPECT_TRUE(a->test, low >= 0 && low < high);
	id = id_alloc_specific_nosleep(isp, any_long(a));
	KUNIT_EXPECT_TRUE(a->test, id == -1 || (id >= low && id < high));
	if (id >= 0)
		id_free(isp, id);
	EXPECT_VALID(a->test, (vmem_t *)isp);
	id_space_destroy(isp);
}

/* What is managed ends with what a probe that failed has begun. */
static void begin_managed(struct attack *a)
{
	KUNIT_ASSERT_NOT_NULL(a->test, devres_open_group(a->dev, a, GFP_KERNEL));
}

static void end_managed(struct attack *a)
{
	devres_release_group(a->dev, a);
}

static void try_devm_create(struct attack *a)
{
	struct creation c = any_creation(a);
	bool none = chance(a, 4);
	vmem_t *vmp;

	begin_managed(a);
	vmp = devm_vmem_create(none ? NULL : a->dev, c.name, (void *)c.base, c.size,
			       c.quantum, c.afunc, c.ffunc, arena_of(c.source),
			       c.qcache_max, c.vmflag);
	created(a, vmp, c.bad || none, c.vmflag);
	end_managed(a);
}

static void try_devm_xcreate(struct attack *a)
{
	struct creation c = any_creation(a);
	vmem_ximport_t *afunc = c.afunc ? no_ximport : NULL;
	bool none = chance(a, 4);
	vmem_t *vmp;

	begin_managed(a);
	c.afunc = NULL;
	c.bad = bad_creation(&c);
	vmp = devm_vmem_xcreate(none ? NULL : a->dev, c.name, (void *)c.base, c.size,
				c.quantum, afunc, c.ffunc, arena_of(c.source),
				c.qcache_max, c.vmflag);
	created(a, vmp, c.bad || none, c.vmflag);
	end_managed(a);
}

static void try_devm_create_resource(struct attack *a)
{
	struct resource res;
	struct creation c = any_resource_creation(a, &res);
	bool none = chance(a, 8), no_dev = chance(a, 4);
	vmem_t *vmp;

	begin_managed(a);
	vmp = devm_vmem_create_resource(no_dev ? NULL : a->dev, c.name,
					none ? NULL : &res, c.quantum, c.qcache_max,
					c.vmflag);
	created(a, vmp, c.bad || none || no_dev, c.vmflag);
	end_managed(a);
}

static void try_devm_create_dma(struct attack *a)
{
	struct creation c = any_creation(a);
	bool none = chance(a, 2);
	bool bad = none || (c.vmflag & VMC_KMEMLEAK && c.vmflag & VMC_IDENTIFIER);

	begin_managed(a);
	created(a, devm_vmem_create_dma(none ? NULL : a->dev, c.name, c.vmflag), bad,
		c.vmflag);
	end_managed(a);
}

/* None, or a source: others would end, and nobody may call them then. */
static void try_destroy(struct attack *a)
{
	struct target *source = chance(a, 2) ? &a->target[PAGES] : NULL;

	vmem_destroy(arena_of(source));
	refused(source);
}

/* === Memory === */

/* Sizes of which there never is that much, so that nobody waits for it. */
static bool beyond_memory(unsigned long size)
{
	return !size || (size - 1) >> PAGE_SHIFT >= totalram_pages();
}

static void try_memory(struct attack *a, vmem_alloc_t *import, vmem_free_t *release)
{
	vmem_t *source = arena_of(maybe_target(a));
	size_t size = nasty_size(a, PAGE_SIZE);
	int vmflag = any_flags(a);
	void *addr;

	if (chance(a, 2)) {
		release(source, NULL, size);
		return;
	}
	if (!beyond_memory(size))
		vmflag |= VM_NOSLEEP;
	addr = import(source, size, vmflag);
	if (beyond_memory(size))
		KUNIT_EXPECT_NULL(a->test, addr);
	if (addr)
		release(source, addr, size);
}

static void try_pages(struct attack *a)
{
	try_memory(a, vmem_pages_alloc, vmem_pages_free);
}

static void try_kvmalloc(struct attack *a)
{
	try_memory(a, vmem_kvmalloc_alloc, vmem_kvmalloc_free);
}

static void try_vmalloc(struct attack *a)
{
	try_memory(a, vmem_vmalloc_alloc, vmem_vmalloc_free);
}

/* The device has no DMA mask, and so no memory of that kind. */
static void try_dma_alloc(struct attack *a)
{
	struct target *t = maybe_target(a);

	KUNIT_EXPECT_NULL(a->test, vmem_dma_alloc(arena_of(t), nasty_size(a, PAGE_SIZE),
						  any_flags(a)));
	if (t != &a->target[DMA])
		refused(t);
}

static void try_dma_free(struct attack *a)
{
	struct target *t = maybe_target(a);

	vmem_dma_free(arena_of(t), (void *)nasty_addr(a, t), nasty_size(a, PAGE_SIZE));
	refused(t);
}

static void try_dma_addr(struct attack *a)
{
	struct target *t = maybe_target(a);

	KUNIT_EXPECT_EQ(a->test, (u64)vmem_dma_addr(arena_of(t), (void *)nasty_addr(a, t)),
			(u64)DMA_MAPPING_ERROR);
	refused(t);
}

/* === All of them === */

/*
 * Every exported function, what calls it, and how often it does. tools/vm/static.sh
 * compares the first column with EXPORT_SYMBOL_GPL() in vmem/.
 */
#define CALL(function, how, often) \
	{ .name = #function, .address = (function), .try = (how), .weight = (often) }

static const struct call {
	const char *name;
	const void *address;
	void (*try)(struct attack *a);
	unsigned int weight;
} calls[] = {
	CALL(vmem_alloc, try_alloc, 40),
	CALL(vmem_free, try_free, 50),
	CALL(vmem_xalloc, try_xalloc, 40),
	CALL(vmem_xfree, try_xfree, 30),
	CALL(vmem_alloc_bulk, try_alloc_bulk, 10),
	CALL(vmem_free_bulk, try_free_bulk, 10),
	CALL(vmem_add, try_add, 20),
	CALL(vmem_contains, try_contains, 20),
	CALL(vmem_walk, try_walk, 10),
	CALL(vmem_size, try_size, 10),
	CALL(vmem_qcache_reap, try_reap, 2),
	CALL(vmem_set_private, try_private, 2),
	CALL(vmem_get_private, try_private, 2),
	CALL(vmem_gfp, try_gfp, 4),
	CALL(vmem_create, try_create, 10),
	CALL(vmem_xcreate, try_xcreate, 10),
	CALL(vmem_create_resource, try_create_resource, 10),
	CALL(vmem_create_dma, try_create_dma, 4),
	CALL(id_space_create, try_id_space_create, 4),
	CALL(devm_vmem_create, try_devm_create, 4),
	CALL(devm_vmem_xcreate, try_devm_xcreate, 4),
	CALL(devm_vmem_create_resource, try_devm_create_resource, 4),
	CALL(devm_vmem_create_dma, try_devm_create_dma, 4),
	CALL(vmem_destroy, try_destroy, 4),
	CALL(vmem_pages_alloc, try_pages, 2),
	CALL(vmem_pages_free, try_pages, 2),
	CALL(vmem_kvmalloc_alloc, try_kvmalloc, 2),
	CALL(vmem_kvmalloc_free, try_kvmalloc, 2),
	CALL(vmem_vmalloc_alloc, try_vmalloc, 2),
	CALL(vmem_vmalloc_free, try_vmalloc, 2),
	CALL(vmem_dma_alloc, try_dma_alloc, 4),
	CALL(vmem_dma_free, try_dma_free, 4),
	CALL(vmem_dma_addr, try_dma_addr, 4),
};

static unsigned int any_call(struct attack *a)
{
	unsigned int sum = 0, dice, i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		sum += calls[i].weight;
	dice = below(&a->rnd, sum);
	for (i = 0; dice >= calls[i].weight; i++)
		dice -= calls[i].weight;
	return i;
}

/* === Reports === */

/* A hostile span may make an identifier of it, and those are shown as they are. */
static void expect_no_address(struct attack *a, const char *line, const void *address)
{
	char raw[24], hash[24];

	if (vmem_contains(a->target[IDS].vmp, (void *)address, 1))
		return;
	snprintf(raw, sizeof(raw), "%lx", (unsigned long)address);
	snprintf(hash, sizeof(hash), "%p", address);
	if (!strstr(hash, raw))		/* as it would be with no_hash_pointers */
		KUNIT_EXPECT_NULL_MSG(a->test, strstr(line, raw), "%s", line);
}

/* One line, of a label that there is, and with nothing in it that begins another. */
static void check_report(struct attack *a, const char *line)
{
	static const char * const labels[] = {
		"zero size", "bad free", "wrong size", "bad constraint",
		"impossible request", "bad quantum", "bad span", "overlap",
		"identifier mismatch", "bad flags", "no device", "no DMA memory",
		"bad import", "arena in use", "no arena", "no callback", "no array",
		"bad id space",
	};
	char begin[64];
	const char *c;
	unsigned int i;

	for (c = line; *c && strcmp(c, "\n"); c++)
		KUNIT_EXPECT_TRUE_MSG(a->test, *c >= ' ' && *c < 0x7f, "0x%02x in %s",
				      (u8)*c, line);
	for (i = 0; i < ARRAY_SIZE(labels); i++) {
		snprintf(begin, sizeof(begin), "vmem: %s: arena \"", labels[i]);
		if (strstarts(line, begin))
			break;
	}
	KUNIT_EXPECT_LT_MSG(a->test, i, (unsigned int)ARRAY_SIZE(labels), "%s", line);
	c = strstr(line, "\" addr 0x");
	KUNIT_EXPECT_NOT_NULL_MSG(a->test, c, "%s", line);
	if (c)
		KUNIT_EXPECT_NOT_NULL_MSG(a->test, strstr(c, " size 0x"), "%s", line);
	expect_no_address(a, line, a);
	expect_no_address(a, line, a->area);
	expect_no_address(a, line, vmem_alloc);
	for (i = 0; i < NR_TARGETS; i++)
		expect_no_address(a, line, a->target[i].vmp);
}

static void check_reports(struct attack *a)
{
	const char *line, *name;
	unsigned int i;

	while (*(line = fixture_next_report(a->test))) {
		check_report(a, line);
		name = strstr(line, "arena \"");
		for (i = 0; name && i < NR_TARGETS; i++)
			if (strstarts(name + strlen("arena \""), a->target[i].vmp->name))
				a->target[i].lines++;
	}
	for (i = 0; i < NR_TARGETS; i++)
		KUNIT_EXPECT_LE(a->test, a->target[i].lines, (unsigned int)LINES);
}

/* === What holds between bursts === */

static u32 hash_victims(const struct target *t)
{
	u32 hash = 0;
	unsigned int i;

	for (i = 0; i < t->nr_victims; i++)
		hash = hash * 31 + hash_long(t->victim[i].addr, 32) +
		       hash_long(~t->victim[i].size, 32);
	return hash;
}

static void check_victims(struct attack *a, const struct target *t)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(a->test, hash_victims(t), t->victims_hash);
	for (i = 0; i < t->nr_victims; i++)
		if (!t->cached)
			KUNIT_EXPECT_TRUE_MSG(a->test,
					      is_allocated(t, t->victim[i].addr,
							   t->victim[i].size),
					      "0x%lx is lost", t->victim[i].addr);
}

struct sums {
	unsigned long nr;
	unsigned long size;
};

static void add_up(void *arg, void *start, size_t size)
{
	struct sums *sums = arg;

	sums->nr++;
	sums->size += size;
}

static struct sums sums_of(const struct target *t, int typemask)
{
	struct sums sums = {};

	vmem_walk(t->vmp, typemask, add_up, &sums);
	return sums;
}

static unsigned long held(const struct target *t)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < t->nr_plain; i++)
		sum += t->plain[i].size;
	for (i = 0; i < t->nr_victims; i++)
		sum += t->victim[i].size;
	return sum;
}

/* What arenas have must be what we have, and records of nothing else. */
static void check_target(struct attack *a, const struct target *t)
{
	struct sums allocated = sums_of(t, VMEM_ALLOC), spans = sums_of(t, VMEM_SPAN);

	EXPECT_VALID(a->test, t->vmp);
	check_victims(a, t);
	EXPECT_STAT(a->test, t->vmp, MEM_TOTAL, spans.size);
	KUNIT_EXPECT_LE(a->test, t->vmp->nr_spare, VMEM_SPARE_MAX + 1u);
	KUNIT_EXPECT_LE(a->test, spans.nr,
			(unsigned long)SPANS + IMPORTS + t->nr_plain + t->nr_victims);
	if (!t->exact)
		return;
	EXPECT_STAT(a->test, t->vmp, MEM_INUSE, allocated.size);
	KUNIT_EXPECT_EQ(a->test, allocated.nr, (unsigned long)t->nr_plain + t->nr_victims);
	KUNIT_EXPECT_EQ(a->test, allocated.size, held(t));
	EXPECT_STAT(a->test, t->vmp, FAIL, t->fail);
}

static void check(struct attack *a)
{
	unsigned int i;

	for (i = 0; i < NR_TARGETS; i++) {
		struct target *t = &a->target[i];

		check_target(a, t);
		/* Quantum caches have still to find out about some. */
		if (t->cached)
			KUNIT_EXPECT_LE(a->test, vmem_stat(t->vmp, VMEM_STAT_MISUSE),
					t->misuse);
		else
			EXPECT_STAT(a->test, t->vmp, MISUSE, t->misuse);
	}
	KUNIT_EXPECT_EQ(a->test, fixture_panics(a->test), a->panics);
	check_reports(a);
	cond_resched();
}

/* === A run === */

static void add_victims(struct attack *a, struct target *t)
{
	unsigned int i;

	for (i = 0; i < VICTIMS; i++) {
		struct block *v = &t->victim[i];

		v->size = 1 + below(&a->rnd, 3 * t->quantum);
		v->addr = take(t->vmp, v->size, i & 1 ? VM_BESTFIT : 0);
		KUNIT_ASSERT_NE(a->test, v->addr, 0ul);
	}
	t->nr_victims = VICTIMS;
	t->victims_hash = hash_victims(t);
}

static void set_target(struct attack *a, int which, vmem_t *vmp, bool exact)
{
	struct target *t = &a->target[which];

	t->vmp = vmp;
	t->quantum = vmp->quantum;
	t->cached = vmp->cached_max;
	t->exact = exact;
	/* All reports of a run must fit into what the fixture keeps. */
	vmp->reports.interval = 3600 * HZ;
	vmp->reports.burst = LINES;
}

static void forget_attack(void *unused)
{
	attack = NULL;
}

static void end_area(void *area)
{
	vfree(area);
}

static void end_source(void *vmp)
{
	vmem_destroy(vmp);
}

static void begin_targets(struct attack *a, struct kunit *test)
{
	vmem_t *vmp;

	set_target(a, IDS, fixture_create(test, names[IDS], 1, 0xffff, 1, NULL, NULL,
					  NULL, 0, VM_SLEEP | VMC_IDENTIFIER), true);
	vmp = fixture_create(test, names[PAGES], PG, 0x4000 * PG, PG, NULL, NULL, NULL, 0,
			     VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, vmem_add(vmp, (void *)TOP(64 * PG), 64 * PG, VM_SLEEP));
	set_target(a, PAGES, vmp, false);
	set_target(a, CHILD, fixture_create(test, names[CHILD], 0, 0, PG, vmem_alloc,
					    vmem_free, vmp, 0, VM_SLEEP), true);
	set_target(a, CACHED, cached_create(test, names[CACHED], CACHED_BASE, 0x100000, 64,
					    NULL, NULL, NULL, 8 * 64, VM_SLEEP), false);
	set_target(a, FOREIGN, fixture_xcreate(test, names[FOREIGN], 0x10000, 0x1000, 16,
					       foreign_import, foreign_release, NULL, 0,
					       VM_SLEEP), true);
	vmp = vmem_create_dma(names[DMA], a->dev, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, vmp);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_source, vmp), 0);
	set_target(a, DMA, vmp, true);
}

static void begin(struct kunit *test, struct attack *a)
{
	unsigned int i;

	a->test = test;
	a->ops = vmem_kunit_ops ?: 100000;
	a->seed = vmem_kunit_seed ?: get_random_u32();
	prandom_seed_state(&a->rnd, a->seed);
	kunit_info(test, "vmem_kunit.seed=%u", a->seed);
	fixture_catch_panic(test);
	vmem_report_limit.interval = 3600 * HZ;
	vmem_report_limit.burst = LINES;
	a->turns = kunit_kcalloc(test, ARRAY_SIZE(calls), sizeof(*a->turns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a->turns);
	attack = a;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_attack, NULL), 0);
	a->dev = kunit_device_register(test, "hostile");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a->dev);
	a->dev->coherent_dma_mask = 0;
	a->area = vmalloc(PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, a->area);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_area, a->area), 0);
	begin_targets(a, test);
	for (i = 0; i < DMA; i++)
		add_victims(a, &a->target[i]);
}

/* All that the attacker has, goes back; what caches have not seen, they see now. */
static void give_up(struct attack *a, struct target *t)
{
	while (t->nr_plain) {
		struct block block = t->plain[--t->nr_plain];

		xgive(t->vmp, block.addr, block.size);
	}
	while (t->nr_objects) {
		struct block block = t->object[--t->nr_objects];

		give(t->vmp, block.addr, block.size);
	}
	if (t->cached)
		cached_reap_misuse(a->test, t->vmp, t->misuse);
}

/* Each victim is there, to be freed once. */
static void free_victims(struct attack *a, struct target *t)
{
	unsigned int i;

	check_target(a, t);
	for (i = 0; i < t->nr_victims; i++)
		give(t->vmp, t->victim[i].addr, t->victim[i].size);
	t->nr_victims = 0;
	if (t->cached)
		cached_reap(a->test, t->vmp, 0);
	EXPECT_STAT(a->test, t->vmp, MISUSE, t->misuse);
	EXPECT_STAT(a->test, t->vmp, MEM_INUSE, 0);
	EXPECT_VALID(a->test, t->vmp);
}

static void end(struct attack *a)
{
	static const int order[] = { IDS, CHILD, PAGES, CACHED, FOREIGN, DMA };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (a->ops >= ENOUGH)
			KUNIT_EXPECT_NE_MSG(a->test, a->turns[i], 0u, "%s", calls[i].name);
	for (i = 0; i < NR_TARGETS; i++)
		give_up(a, &a->target[i]);
	for (i = 0; i < NR_TARGETS; i++)
		free_victims(a, &a->target[order[i]]);
	KUNIT_EXPECT_EQ(a->test, a->nr_imports, 0u);
	check_reports(a);
}

static void hostile_calls_do_no_harm(struct kunit *test)
{
	struct attack *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	begin(test, a);
	for (a->op = 0; a->op < a->ops && !failed(a); a->op++) {
		unsigned int i = any_call(a);

		a->call = calls[i].name;
		a->turns[i]++;
		calls[i].try(a);
		if (a->op % BURST == BURST - 1)
			check(a);
	}
	if (!failed(a))
		end(a);
	if (failed(a))
		kunit_err(test, "vmem_kunit.seed=%u, call %u: %s", a->seed, a->op, a->call);
}

/* === Names: they come from who knows where, and are shown to an administrator === */

#define FORGED	"a\nvmem: leak: \"b\"\x1b[2J\x9b"
#define SHOWN	"a?vmem: leak: ?b??[2J?"

static void name_forges_no_report(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, FORGED, PG, PG, PG, NULL, NULL, NULL, 0,
				     VM_SLEEP);

	KUNIT_EXPECT_STREQ(test, vmp->name, SHOWN);
	give(vmp, PG, PG);
	EXPECT_REPORT(test, "vmem: bad free: arena \"" SHOWN "\" addr 0x1000 ");
	take(vmp, PG, 0);
	fixture_destroy(test, vmp);
	EXPECT_REPORT(test, "vmem: leak: arena \"" SHOWN "\" 4096 bytes ");
}

static void name_of_a_refused_arena_forges_no_report(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, vmem_create(FORGED, NULL, 0, 3, NULL, NULL, NULL, 0,
					    VM_SLEEP));
	EXPECT_REPORT(test, "vmem: bad quantum: arena \"" SHOWN "\" addr 0x0 ");
	KUNIT_EXPECT_NULL(test, vmem_create_dma(FORGED, NULL, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: no device: arena \"" SHOWN "\" addr 0x0 ");
}

static void name_is_no_format(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "%s%n%p%d", PG, PG, PG, NULL, NULL, NULL, 0,
				     VM_SLEEP);

	give(vmp, PG, PG);
	EXPECT_REPORT(test, "arena \"%s%n%p%d\" addr 0x1000 ");
}

/* No more of it is read than is copied: there is no end behind. */
static void name_without_an_end(struct kunit *test)
{
	char *name = kunit_kmalloc(test, VMEM_NAME_LEN, GFP_KERNEL);
	vmem_t *vmp;

	KUNIT_ASSERT_NOT_NULL(test, name);
	memset(name, 'x', VMEM_NAME_LEN);
	vmp = fixture_create(test, name, PG, PG, PG, NULL, NULL, NULL, 0, VM_SLEEP);
	KUNIT_EXPECT_STREQ(test, vmp->name, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	KUNIT_EXPECT_NULL(test, vmem_create(name, NULL, 0, 3, NULL, NULL, NULL, 0,
					    VM_SLEEP));
	EXPECT_REPORT(test, "arena \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" ");
}

/* In debugfs, each line begins with the number of an arena. */
static void expect_lines(struct kunit *test, const struct seq_operations *ops)
{
	struct seq_file file = {
		.buf = kunit_kzalloc(test, 8 * PAGE_SIZE, GFP_KERNEL),
		.size = 8 * PAGE_SIZE - 1,
		.private = kunit_kzalloc(test, sizeof(struct vmem_row), GFP_KERNEL),
	};
	const char *line;
	loff_t pos = 2;			/* behind the title, and the first arena */
	void *v;

	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	KUNIT_ASSERT_NOT_NULL(test, file.private);
	for (v = ops->start(&file, &pos); v; v = ops->next(&file, v, &pos))
		ops->show(&file, v);
	ops->stop(&file, v);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&file));
	KUNIT_EXPECT_NOT_NULL(test, strstr(file.buf, SHOWN));
	for (line = file.buf; *line; line = strchrnul(line, '\n') + 1)
		KUNIT_EXPECT_NE_MSG(test, strspn(line + strspn(line, " "), "0123456789"),
				    (size_t)0, "%s", line);
}

static void name_forges_no_line_of_debugfs(struct kunit *test)
{
	fixture_create(test, "one", PG, 64 * PG, PG, NULL, NULL, NULL, PG, VM_SLEEP);
	fixture_create(test, FORGED, PG, 64 * PG, PG, NULL, NULL, NULL, PG, VM_SLEEP);
	expect_lines(test, &vmem_arenas_sops);
	expect_lines(test, &vmem_kstat_sops);
}

/* Any task may give itself such a name, and have a driver allocate for it. */
static void name_of_a_task_forges_no_report(struct kunit *test)
{
	char comm[TASK_COMM_LEN];
	vmem_t *vmp;

	if (!IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "tasks are named by CONFIG_VMEM_AUDIT");
	vmp = fixture_create(test, "audited", PG, PG, PG, NULL, NULL, NULL, 0, VM_SLEEP);
	memcpy(comm, current->comm, sizeof(comm));
	strscpy(current->comm, "a\nvmem: \"b\"", sizeof(comm));
	take(vmp, PG, 0);
	memcpy(current->comm, comm, sizeof(comm));
	fixture_destroy(test, vmp);
	EXPECT_REPORT(test, "vmem: leak: arena \"audited\" 4096 bytes ");
	KUNIT_EXPECT_NOT_NULL(test, strstr(fixture_next_leaked(test), " (a?vmem: ?b?) at "));
}

/* === Pointers to nothing, one by one, as the random calls would have them === */

static void nothing_to_call_or_to_fill(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 16 * PG, PG);

	fixture_catch_panic(test);
	EXPECT_REFUSED(test, vmp, "no callback", vmem_walk(vmp, VMEM_FREE, NULL, test));
	vmem_walk(vmp, VMEM_FREE | VMEM_WALKER, NULL, test);
	EXPECT_REFUSED(test, vmp, "no array",
		       KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, PG, 3, NULL,
							     VM_NOSLEEP | VM_PANIC),
				       (size_t)0));
	EXPECT_REFUSED(test, vmp, "no array",
		       KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, 3, NULL),
				       (size_t)0));
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(NULL, PG, 3, NULL, VM_NOSLEEP), (size_t)0);
	EXPECT_REPORT(test, "vmem: no arena: ");
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(NULL, PG, 3, NULL), (size_t)0);
	EXPECT_REPORT(test, "vmem: no arena: ");
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 1);
	EXPECT_STAT(test, vmp, ALLOC, 0);
	EXPECT_STAT(test, vmp, MISUSE, 3);
}

#define NO_DEVICE	"vmem: no device: arena \"orphan\" addr 0x0 size 0x0 caller no_device+0x"

#define EXPECT_NO_DEVICE(test, call)					\
do {									\
	struct kunit *__test = (test);					\
									\
	KUNIT_EXPECT_NULL(__test, call);				\
	EXPECT_REPORT(__test, NO_DEVICE);				\
} while (0)

static void no_device(struct kunit *test)
{
	const struct resource res = { .start = PG, .end = 4 * PG - 1,
				      .flags = IORESOURCE_MEM };

	fixture_catch_panic(test);
	EXPECT_NO_DEVICE(test, devm_vmem_create(NULL, "orphan", (void *)PG, PG, PG, NULL,
						NULL, NULL, 0, VM_SLEEP | VM_PANIC));
	EXPECT_NO_DEVICE(test, devm_vmem_xcreate(NULL, "orphan", (void *)PG, PG, PG, NULL,
						 NULL, NULL, 0, VM_SLEEP));
	EXPECT_NO_DEVICE(test, devm_vmem_create_resource(NULL, "orphan", &res, PG, 0,
							 VM_SLEEP));
	EXPECT_NO_DEVICE(test, devm_vmem_create_dma(NULL, "orphan", VM_SLEEP));
	EXPECT_NO_DEVICE(test, vmem_create_dma("orphan", NULL, VM_NOSLEEP));
	KUNIT_EXPECT_EQ(test, fixture_panics(test), 1);
}

/* As with kfree(). What is freed later is so before the test ends. */
static void release_of_nothing(struct kunit *test)
{
	vmem_pages_free(NULL, NULL, 0);
	vmem_pages_free(NULL, NULL, 3 * PAGE_SIZE);
	vmem_kvmalloc_free(NULL, NULL, PAGE_SIZE);
	vmem_vmalloc_free(NULL, NULL, PAGE_SIZE);
	KUNIT_EXPECT_STREQ(test, fixture_next_report(test), "");
}

static struct kunit_case hostile_cases[] = {
	KUNIT_CASE_SLOW(hostile_calls_do_no_harm),
	KUNIT_CASE(name_forges_no_report),
	KUNIT_CASE(name_of_a_refused_arena_forges_no_report),
	KUNIT_CASE(name_is_no_format),
	KUNIT_CASE(name_without_an_end),
	KUNIT_CASE(name_forges_no_line_of_debugfs),
	KUNIT_CASE(name_of_a_task_forges_no_report),
	KUNIT_CASE(nothing_to_call_or_to_fill),
	KUNIT_CASE(no_device),
	KUNIT_CASE(release_of_nothing),
	{}
};

static struct kunit_suite hostile_suite = {
	.name = "vmem_hostile",
	.init = cached_init,
	.exit = fixture_exit,
	.test_cases = hostile_cases,
};

kunit_test_suite(hostile_suite);
