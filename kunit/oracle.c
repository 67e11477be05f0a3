// SPDX-License-Identifier: GPL-2.0-only
/*
 * A model of an arena, see oracle.h, and random requests to ask it about.
 *
 * A cell holds 0 if its quantum is free, the index of its block plus 1 if a block
 * begins there, and REST where a block goes on. Sums are formed only of addresses
 * within a span, which may end at the top of the address space: what is one
 * beyond a block is never computed.
 */
#include <linux/align.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "oracle.h"

#define REST	U32_MAX

unsigned int vmem_kunit_seed;
module_param_named(seed, vmem_kunit_seed, uint, 0444);
MODULE_PARM_DESC(seed, "seed of the random tests, to repeat a run (0: random)");

unsigned int vmem_kunit_ops;
module_param_named(ops, vmem_kunit_ops, uint, 0444);
MODULE_PARM_DESC(ops, "operations of each random test (0: as the test has it)");

/* === Spans === */

struct oracle *oracle_create(unsigned long quantum, unsigned int max_blocks)
{
	struct oracle *o = kzalloc(sizeof(*o), GFP_KERNEL);

	if (!o)
		return NULL;
	o->quantum = quantum;
	o->coarse = 1;
	o->max_blocks = max_blocks;
	o->block = kvcalloc(max_blocks, sizeof(*o->block), GFP_KERNEL);
	if (!o->block) {
		kfree(o);
		return NULL;
	}
	return o;
}

void oracle_destroy(struct oracle *o)
{
	while (o->nr_spans)
		oracle_remove(o, o->span[0]);
	kvfree(o->block);
	kfree(o);
}

bool oracle_add(struct oracle *o, unsigned long start, unsigned long size,
		bool imported)
{
	unsigned int nr = size / o->quantum;
	struct oracle_span *span;
	unsigned int i;

	if (o->nr_spans == ORACLE_SPANS)
		return false;
	span = kvzalloc(struct_size(span, cell, nr), GFP_KERNEL);
	if (!span)
		return false;
	span->start = start;
	span->nr = nr;
	span->imported = imported;

	for (i = o->nr_spans++; i && o->span[i - 1]->start > start; i--)
		o->span[i] = o->span[i - 1];
	o->span[i] = span;
	o->total += size;
	if (imported)
		o->imported += size;
	return true;
}

void oracle_remove(struct oracle *o, const struct oracle_span *span)
{
	unsigned int i = 0;

	while (o->span[i] != span)
		i++;
	o->nr_spans--;
	for (; i < o->nr_spans; i++)
		o->span[i] = o->span[i + 1];
	o->total -= span->nr * o->quantum;
	if (span->imported)
		o->imported -= span->nr * o->quantum;
	kvfree(span);
}

static unsigned long last_of(const struct oracle *o,
			     const struct oracle_span *span)
{
	return span->start + (span->nr * o->quantum - 1);
}

/* The span that holds an address; NULL if there is none. */
static struct oracle_span *span_at(const struct oracle *o, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < o->nr_spans; i++)
		if (addr >= o->span[i]->start && addr <= last_of(o, o->span[i]))
			return o->span[i];
	return NULL;
}

bool oracle_idle(const struct oracle_span *span)
{
	unsigned int i;

	for (i = 0; i < span->nr; i++)
		if (span->cell[i])
			return false;
	return true;
}

/* Size 0 asks for an address alone, which may be a span's end. */
bool oracle_contains(const struct oracle *o, unsigned long addr,
		     unsigned long size)
{
	const struct oracle_span *span = span_at(o, addr);

	if (size)
		return span && size - 1 <= last_of(o, span) - addr;
	return span || (addr && span_at(o, addr - 1));
}

/* === Segments === */

bool oracle_next(const struct oracle *o, struct oracle_seg *seg)
{
	const struct oracle_span *span;
	u32 id, more;

	seg->cell += seg->nr;
	if (seg->nr && seg->cell == o->span[seg->index]->nr) {
		seg->index++;
		seg->cell = 0;
	}
	seg->nr = 0;
	if (seg->index == o->nr_spans)
		return false;

	span = o->span[seg->index];
	id = span->cell[seg->cell];
	more = id ? REST : 0;
	do {
		seg->nr++;
	} while (seg->cell + seg->nr < span->nr &&
		 span->cell[seg->cell + seg->nr] == more);
	seg->span = span;
	seg->block = id ? &o->block[id - 1] : NULL;
	return true;
}

/* The next free segment of at least @quanta. */
static bool next_free(const struct oracle *o, struct oracle_seg *seg,
		      unsigned long quanta)
{
	while (oracle_next(o, seg))
		if (!seg->block && seg->nr >= quanta)
			return true;
	return false;
}

static unsigned long addr_of(const struct oracle *o, const struct oracle_seg *seg,
			     unsigned int quanta)
{
	return seg->span->start + (seg->cell + quanta) * o->quantum;
}

static bool seg_holds(const struct oracle *o, const struct oracle_seg *seg,
		      unsigned long addr)
{
	return addr >= addr_of(o, seg, 0) &&
	       addr <= addr_of(o, seg, seg->nr - 1) + (o->quantum - 1);
}

/* === Questions === */

static unsigned long quanta_of(const struct oracle *o, unsigned long size)
{
	return (size - 1) / o->quantum + 1;
}

/* The caller knows that the block lies within a span. */
static bool suits(const struct oracle *o, const struct oracle_req *req,
		  unsigned long addr)
{
	unsigned long last = addr + (req->size - 1);

	if (addr < req->min || (req->max && last >= req->max))
		return false;
	if (addr % (req->align ?: o->quantum) != req->phase)
		return false;
	return !req->nocross || addr / req->nocross == last / req->nocross;
}

/* The lowest suitable address of a free segment that is not below @from, or 0. */
static unsigned long lowest(const struct oracle *o, const struct oracle_req *req,
			    const struct oracle_seg *seg, unsigned long from)
{
	unsigned long quanta = quanta_of(o, req->size);
	unsigned int i;

	for (i = 0; i + quanta <= seg->nr; i++)
		if (addr_of(o, seg, i) >= from && suits(o, req, addr_of(o, seg, i)))
			return addr_of(o, seg, i);
	return 0;
}

static unsigned long highest(const struct oracle *o, const struct oracle_req *req,
			     const struct oracle_seg *seg)
{
	unsigned long quanta = quanta_of(o, req->size);
	unsigned int i;

	for (i = seg->nr + 1 - quanta; i--; )
		if (suits(o, req, addr_of(o, seg, i)))
			return addr_of(o, seg, i);
	return 0;
}

/* Where in that segment would a request other than next fit be put? */
static unsigned long place(const struct oracle *o, const struct oracle_req *req,
			   const struct oracle_seg *seg)
{
	if (req->vmflag & VM_ENDALLOC)
		return highest(o, req, seg);
	return lowest(o, req, seg, 0);
}

/* The first suitable address of the arena from @from on, or 0. */
static unsigned long first_from(const struct oracle *o,
				const struct oracle_req *req, unsigned long from)
{
	struct oracle_seg seg = {};
	unsigned long addr = 0;

	while (!addr && next_free(o, &seg, quanta_of(o, req->size)))
		addr = lowest(o, req, &seg, from);
	return addr;
}

bool oracle_possible(const struct oracle *o, const struct oracle_req *req)
{
	return first_from(o, req, 0) != 0;
}

/* Quanta of the shortest free segment that has a place for the request. */
static unsigned int shortest(const struct oracle *o, const struct oracle_req *req)
{
	struct oracle_seg seg = {};
	unsigned int best = UINT_MAX;

	while (next_free(o, &seg, quanta_of(o, req->size)))
		if (seg.nr < best && lowest(o, req, &seg, 0))
			best = seg.nr;
	return best;
}

static bool unconstrained(const struct oracle *o, const struct oracle_req *req)
{
	return req->align <= o->quantum && !req->phase && !req->nocross &&
	       !req->min && !req->max;
}

/*
 * How long a segment instant fit may choose at most: every power of two is a
 * boundary between its classes, so below the power of two that follows the
 * shortest of those segments whose power of two is long enough already.
 */
static unsigned long instant_limit(const struct oracle *o,
				   const struct oracle_req *req)
{
	unsigned long class, quanta = quanta_of(o, req->size);
	unsigned int best = UINT_MAX;
	struct oracle_seg seg = {};

	if (!unconstrained(o, req))
		return ULONG_MAX;
	for (class = 1; class < quanta; class *= 2)
		;
	while (next_free(o, &seg, class))
		best = min(best, seg.nr);
	if (best == UINT_MAX)
		return ULONG_MAX;
	while (class <= best)
		class *= 2;
	return class - 1;
}

/* What the policy says about the segment; on the place in it, see place(). */
static const char *judge_policy(const struct oracle *o,
				const struct oracle_req *req,
				const struct oracle_seg *seg, unsigned long *want)
{
	struct oracle_seg first = {};

	if (req->vmflag & VM_NEXTFIT) {
		*want = first_from(o, req, o->cursor) ?: first_from(o, req, 0);
		return NULL;
	}
	*want = place(o, req, seg);
	if (req->vmflag & VM_BESTFIT)
		return seg->nr == shortest(o, req) ? NULL :
		       "best fit chose a segment that is not the shortest";
	if (!(req->vmflag & VM_FIRSTFIT))
		return seg->nr <= instant_limit(o, req) ? NULL :
		       "instant fit chose a segment of too high a class";
	do {
		next_free(o, &first, quanta_of(o, req->size));
		*want = place(o, req, &first);
	} while (!*want);
	return NULL;
}

const char *oracle_judge(const struct oracle *o, const struct oracle_req *req,
			 unsigned long addr, unsigned long *want)
{
	struct oracle_seg seg = {};
	const char *why;

	*want = first_from(o, req, 0);
	if (!addr)
		return *want ? "a request failed that had a place" : NULL;
	do {
		if (!next_free(o, &seg, quanta_of(o, req->size)))
			return "the block is not in free space";
	} while (!seg_holds(o, &seg, addr));
	if ((addr - addr_of(o, &seg, 0)) / o->quantum >
	    seg.nr - quanta_of(o, req->size))
		return "the block is not wholly in free space";
	if (!suits(o, req, addr))
		return "the address does not suit the request";

	why = judge_policy(o, req, &seg, want);
	if (!why && addr != *want)
		why = "the address is not the one of the policy";
	return why;
}

/* === Changes === */

static u32 *cell_at(const struct oracle *o, unsigned long addr)
{
	struct oracle_span *span = span_at(o, addr);

	return &span->cell[(addr - span->start) / o->quantum];
}

struct oracle_block *oracle_find(const struct oracle *o, unsigned long addr)
{
	u32 id = span_at(o, addr) ? *cell_at(o, addr) : 0;

	if (!id || id == REST || o->block[id - 1].addr != addr)
		return NULL;
	return &o->block[id - 1];
}

struct oracle_block *oracle_take(struct oracle *o, const struct oracle_req *req,
				 unsigned long addr)
{
	unsigned long i, quanta = quanta_of(o, req->size);
	struct oracle_block *block = &o->block[o->nr_blocks++];
	u32 *cell = cell_at(o, addr);

	*cell = o->nr_blocks;
	for (i = 1; i < quanta; i++)
		cell[i] = REST;
	*block = (struct oracle_block){ .addr = addr, .size = req->size };
	o->inuse += req->size;
	if (req->vmflag & VM_NEXTFIT)
		o->cursor = addr + quanta * o->quantum;
	return block;
}

const struct oracle_span *oracle_give(struct oracle *o, struct oracle_block *block)
{
	const struct oracle_span *span = span_at(o, block->addr);
	u32 *cell = cell_at(o, block->addr);

	o->inuse -= block->size;
	memset32(cell, 0, quanta_of(o, block->size));

	/* The last one takes its place, so that there are no gaps to choose. */
	if (block != &o->block[--o->nr_blocks]) {
		*block = o->block[o->nr_blocks];
		*cell_at(o, block->addr) = block - o->block + 1;
	}
	return span;
}

/* === Walks === */

struct visit {
	const struct oracle *o;
	int typemask;
	struct oracle_seg seg;
	bool pending;			/* @seg is next, its span has been */
	unsigned long start;		/* what is to be visited now */
	unsigned long size;
	const char *why;
};

/* Step to the segment or span that a walk must visit next. */
static bool next_visit(struct visit *visit)
{
	struct oracle_seg *seg = &visit->seg;

	for (;;) {
		if (visit->pending) {
			visit->pending = false;
			visit->start = addr_of(visit->o, seg, 0);
			visit->size = seg->block ? seg->block->size :
						   seg->nr * visit->o->quantum;
			if (visit->typemask & (seg->block ? VMEM_ALLOC : VMEM_FREE))
				return true;
		}
		if (!oracle_next(visit->o, seg))
			return false;
		visit->pending = true;
		if (!seg->cell && visit->typemask & VMEM_SPAN) {
			visit->start = seg->span->start;
			visit->size = seg->span->nr * visit->o->quantum;
			return true;
		}
	}
}

/* Runs under the arena's lock, so it only takes note. */
static void compare_visit(void *arg, void *start, size_t size)
{
	struct visit *visit = arg;

	if (visit->why)
		return;
	if (!next_visit(visit))
		visit->why = "the walk visits too much";
	else if (visit->start != (unsigned long)start || visit->size != size)
		visit->why = "the walk visits something else";
}

const char *oracle_compare(const struct oracle *o, vmem_t *vmp, int typemask)
{
	struct visit visit = { .o = o, .typemask = typemask };

	vmem_walk(vmp, typemask, compare_visit, &visit);
	if (!visit.why && next_visit(&visit))
		visit.why = "the walk visits too little";
	return visit.why;
}

/* === Random requests === */

/* In a span, or within two quanta of one; one time in two, a multiple of q. */
unsigned long oracle_random_addr(const struct oracle *o, struct rnd_state *rnd)
{
	unsigned long addr = 0;
	unsigned int nr = 64;

	if (o->nr_spans) {
		const struct oracle_span *span = o->span[below(rnd, o->nr_spans)];

		addr = span->start - 2 * o->quantum;
		nr = span->nr + 4;
	}
	addr += below(rnd, nr) * o->quantum;
	if (below(rnd, 2))
		addr += below(rnd, o->quantum);
	return addr;
}

/* Mostly small; sometimes more than there is, or nearly all numbers there are. */
void oracle_random_size(const struct oracle *o, struct rnd_state *rnd,
			struct oracle_req *req)
{
	unsigned long unit = o->quantum * o->coarse;
	u32 dice = below(rnd, 256);
	u32 units = o->total / unit;

	if (dice < 160)
		units = 1 + below(rnd, 4);
	else if (dice < 230)
		units = 1 + below(rnd, 16);
	else if (dice < 250)
		units = 1 + below(rnd, 64);
	else
		units = 1 + below(rnd, units + 8);
	req->size = units * unit;
	if (below(rnd, 2))
		req->size -= below(rnd, unit);
	if (dice == 255 && below(rnd, 4) == 0)
		req->size = -req->size;
}

/* A boundary as low as the request allows, or up to eight times that. */
static void random_nocross(const struct oracle *o, struct rnd_state *rnd,
			   struct oracle_req *req)
{
	unsigned long need = ALIGN(req->phase + req->size,
				   req->align ?: o->quantum);

	req->nocross = roundup_pow_of_two(need) << below(rnd, 4);
}

/* Either limit, or both, or a window that is hardly larger than the block. */
static void random_window(const struct oracle *o, struct rnd_state *rnd,
			  struct oracle_req *req)
{
	unsigned long min = oracle_random_addr(o, rnd);
	unsigned long max = oracle_random_addr(o, rnd);
	u32 kind = below(rnd, 4);

	if (kind == 3)
		max = min + req->size + below(rnd, 3) * below(rnd, o->quantum + 1);
	req->min = kind == 1 ? 0 : min;
	req->max = kind == 0 ? 0 : max;
	if (req->max && req->min > req->max)
		swap(req->min, req->max);
}

static int random_policy(struct rnd_state *rnd)
{
	static const int policy[] = {
		0, 0, VM_BESTFIT, VM_BESTFIT, VM_FIRSTFIT, VM_FIRSTFIT,
		VM_NEXTFIT, VM_NEXTFIT, VM_BESTFIT | VM_FIRSTFIT,
		VM_NEXTFIT | VM_BESTFIT | VM_FIRSTFIT,
	};
	int vmflag = policy[below(rnd, ARRAY_SIZE(policy))];

	if (below(rnd, 3) == 0)
		vmflag |= VM_ENDALLOC;
	if (below(rnd, 8) == 0)
		vmflag |= VM_ABORT | VM_MEMLOAD | VM_NORELOC;
	return vmflag;
}

void oracle_random_req(const struct oracle *o, struct rnd_state *rnd,
		       struct oracle_req *req)
{
	*req = (struct oracle_req){ .vmflag = random_policy(rnd) };
	oracle_random_size(o, rnd, req);

	/* With a size of nearly all numbers, the sums below would wrap. */
	if (below(rnd, 3) == 0 || req->size > LONG_MAX)
		return;
	if (below(rnd, 2))
		req->align = o->quantum << below(rnd, 8);
	if (req->align && below(rnd, 2))
		req->phase = below(rnd, req->align / o->quantum) * o->quantum;
	if (below(rnd, 3) == 0)
		random_nocross(o, rnd, req);
	if (below(rnd, 2))
		random_window(o, rnd, req);
}
