// SPDX-License-Identifier: GPL-2.0-only
/*
 * Placements and requests against the text of the contract, for everything small.
 *
 * vmem_place() is asked for each range of some quanta, anywhere in the address
 * space and up to its very ends, and for each request that such a range could hold,
 * or not quite. What it answers is compared with that of trying one address after
 * the other. With a quantum of a 32nd of the address space, small means everything:
 * then lengths, limits and boundaries are those that come close to overflowing.
 *
 * Requests are then given to vmem_req_constrained() and vmem_req_plain(), good ones
 * and bad ones: they must be accepted, refused, or fail, as they should.
 *
 * An argument is the number of quanta in a window, to be other than the default.
 */
#include "linux/main.h"

#include "internal.h"

/* Wide enough for sums of addresses: nothing that is compared here overflows. */
#if BITS_PER_LONG == 64
#define wide	unsigned __int128
#else
#define wide	u64
#endif

#define TOP_OF_SPACE	((wide)1 << BITS_PER_LONG)
#define SIGN		BIT(BITS_PER_LONG - 1)
#define PART		BIT(BITS_PER_LONG - 5)	/* of the address space: a 32nd */
#define PARTS		32

#ifdef __SANITIZE_ADDRESS__
#define WINDOW		12
#else
#define WINDOW		17
#endif

static unsigned int window = WINDOW;
static unsigned long combinations;

/* === The contract, literally === */

/* What vmem_xalloc() is given; @max is exclusive, 0 is no limit. */
struct args {
	unsigned long size;
	unsigned long align;
	unsigned long phase;
	unsigned long nocross;
	unsigned long min;
	unsigned long max;
};

static wide round_up_to(wide x, wide n)
{
	return (x + n - 1) / n * n;
}

static bool power_of_2(unsigned long x)
{
	unsigned int i, bits = 0;

	for (i = 0; i < BITS_PER_LONG; i++)
		bits += x >> i & 1;
	return bits == 1;
}

/* Rule 1: a mod align is phase. */
static bool has_phase(const struct args *args, wide addr)
{
	return addr % args->align == args->phase;
}

/* Rule 2: within limits, which are about the size that was asked for. */
static bool within_limits(const struct args *args, wide addr)
{
	return args->min <= addr &&
	       (!args->max || addr + args->size <= args->max);
}

/* Rule 3: no multiple of nocross strictly inside. */
static bool crosses_nothing(const struct args *args, wide addr)
{
	wide next;

	if (!args->nocross)
		return true;
	next = (addr / args->nocross + 1) * args->nocross;
	return next >= addr + args->size;
}

/* Rule 4: the block, in whole quanta, is in the range. */
static bool holds(const struct args *args, unsigned long quantum, wide addr,
		  wide start, wide end)
{
	return addr >= start && addr + round_up_to(args->size, quantum) <= end;
}

/* May a request have these? Sizes of 0 are refused before. */
static bool well_formed(const struct args *args, unsigned long quantum)
{
	if (args->align % quantum || args->phase % quantum || args->nocross % quantum)
		return false;
	if (args->nocross &&
	    (args->align > args->nocross ||
	     round_up_to((wide)args->phase + args->size, args->align) >
		args->nocross))
		return false;
	if (args->phase >= args->align || !power_of_2(args->align))
		return false;
	if (args->nocross && !power_of_2(args->nocross))
		return false;
	return !args->max || args->min <= args->max;
}

/* === vmem_place() === */

/* Bit n of a set is for the address @base + n * @quantum. */
struct place {
	unsigned long base;
	unsigned long quantum;
	struct args args;
	struct vmem_req req;		/* of @args */
};

static unsigned long set_of(const struct place *place,
			    bool (*suits)(const struct args *args, wide addr))
{
	unsigned long set = 0;
	unsigned int n;

	for (n = 0; n < window; n++)
		if (suits(&place->args,
			  (wide)place->base + (wide)n * place->quantum))
			set |= BIT(n);
	return set;
}

static void __noreturn report(const struct place *place, unsigned int from,
			      unsigned int to, bool found, unsigned long got,
			      int want)
{
	const struct vmem_req *req = &place->req;

	printf("[%lx, %lx] size %lx of %lx align %lx phase %lx nocross %lx min %lx max %lx%s: ",
	       place->base + from * place->quantum,
	       place->base + to * place->quantum - 1, req->size, req->len,
	       req->align, req->phase, req->nocross, req->min, req->max,
	       req->high ? " high" : "");
	if (found)
		printf("found %lx, ", got);
	else
		printf("found nothing, ");
	if (want >= 0)
		printf("should be %lx\n", place->base + want * place->quantum);
	else
		printf("should be nothing\n");
	printf("placements: FAILED\n");
	exit(1);
}

/* The first of [from, to - need], in the order of the request, that is in a set. */
static int try_all(unsigned long suitable, int from, int to, int need, bool high)
{
	int n;

	if (high) {
		for (n = to - need; n >= from; n--)
			if (suitable >> n & 1)
				return n;
	} else {
		for (n = from; n <= to - need; n++)
			if (suitable >> n & 1)
				return n;
	}
	return -1;
}

static void ask(struct place *place, unsigned long suitable, int from, int to,
		int need, bool high)
{
	int want = try_all(suitable, from, to, need, high);
	unsigned long got = 0;
	bool found;

	place->req.high = high;
	found = vmem_place(&place->req, place->base + from * place->quantum,
			   place->base + to * place->quantum - 1, &got);
	combinations++;
	if ((found ? want < 0 : want >= 0) ||
	    (found && got != place->base + want * place->quantum))
		report(place, from, to, found, got, want);
}

static void each_range(struct place *place, unsigned long suitable)
{
	int need = (place->args.size - 1) / place->quantum + 1;
	int from, to;

	for (from = 0; from < (int)window; from++) {
		for (to = from + 1; to <= (int)window; to++) {
			ask(place, suitable, from, to, need, false);
			ask(place, suitable, from, to, need, true);
		}
	}
}

static void with_limits(struct place *place, unsigned long suitable)
{
	const struct args *args = &place->args;

	if (args->max && args->min > args->max)
		return;
	place->req.min = args->min;
	place->req.max = args->max - 1;
	each_range(place, suitable & set_of(place, within_limits));
}

/*
 * A limit at, or one off, the n-th quantum of the window, or in the middle of it; 0,
 * no limit, if that would be beyond the address space. @nr is how many there are.
 */
static unsigned long limit(const struct place *place, unsigned int nr)
{
	unsigned int off = nr % 4;
	wide addr = (wide)place->base + (wide)(nr / 4) * place->quantum;

	if (place->quantum == 1 && off)
		return 0;
	addr += off == 1 ? -1 : off == 2 ? 1 : off == 3 ? place->quantum / 2 : 0;
	return addr >= TOP_OF_SPACE ? 0 : (unsigned long)addr;
}

/*
 * For quanta longer than 1 there are four times as many limits, so each is tried
 * with none, and with those that are within a few quanta of it.
 */
static void each_limit(struct place *place, unsigned long suitable)
{
	unsigned int nr = 4 * (window + 1), i, j;

	place->args.min = 0;
	place->args.max = 0;
	with_limits(place, suitable);
	for (i = 0; i < nr; i++) {
		unsigned long at = limit(place, i);

		if (!at)
			continue;
		place->args.min = at;
		place->args.max = 0;
		with_limits(place, suitable);
		place->args.min = 0;
		place->args.max = at;
		with_limits(place, suitable);
		place->args.min = at;
		for (j = i; j < nr; j++) {
			if (place->quantum > 1 && j > i + 18)
				break;
			place->args.max = limit(place, j);
			if (place->args.max)
				with_limits(place, suitable);
		}
	}
}

static void each_boundary(struct place *place)
{
	struct args *args = &place->args;
	unsigned long aligned = set_of(place, has_phase);
	unsigned int i;

	args->min = 0;
	args->max = 0;
	for (i = 0; i < 7; i++) {
		/* None, then the lowest ones that there are. */
		args->nocross = i ? place->quantum << (i - 1) : 0;
		if ((i && !args->nocross) || !well_formed(args, place->quantum))
			continue;
		place->req.nocross = args->nocross;
		each_limit(place, aligned & set_of(place, crosses_nothing));
	}
}

/* All that a number of quanta are for, but of long ones only some. */
static void each_size(struct place *place, unsigned long quanta)
{
	unsigned long quantum = place->quantum;
	unsigned long less[] = { 0, 1, quantum / 2, quantum - 1 };
	unsigned int i;

	place->req.len = quanta * quantum;
	for (i = 0; i < ARRAY_SIZE(less); i++) {
		if (less[i] >= quantum || (i && less[i] <= less[i - 1]))
			continue;
		place->args.size = place->req.len - less[i];
		place->req.size = place->args.size;
		each_boundary(place);
	}
}

static void place_at(const char *where, unsigned long base, unsigned long quantum)
{
	struct place place = { .base = base, .quantum = quantum };
	unsigned long before = combinations, quanta, i, phase;

	for (i = 0; i < 5; i++) {
		place.args.align = quantum << i;
		if (!place.args.align)
			break;
		place.req.align = place.args.align;
		for (phase = 0; phase < place.args.align; phase += quantum) {
			place.args.phase = phase;
			place.req.phase = phase;
			/* Long quanta have many limits: fewer sizes are tried. */
			for (quanta = 1; quanta <= 8; quanta += quantum > 2 ? 2 : 1)
				each_size(&place, quanta);
		}
	}
	printf("vmem_place() %s, quantum 0x%lx: %lu combinations\n", where, quantum,
	       combinations - before);
}

static void each_place(void)
{
	/* Of the last, what is not tried at one end is tried at the other. */
	static const unsigned long quanta[] = { 1, 2, 64, PART };
	unsigned int all = window, i;

	for (i = 0; i < ARRAY_SIZE(quanta); i++) {
		unsigned long quantum = quanta[i];

		window = quantum == 1 ? all : quantum == PART ? all / 3 * 2 : all / 2;
		place_at("from 0", 0, quantum);
		place_at("from the first quantum", quantum, quantum);
		place_at("around the sign", SIGN - window / 2 * quantum, quantum);
		place_at("up to the top", -(window * quantum), quantum);
	}
	window = all;
}

/* === Requests === */

enum outcome {
	ACCEPTED,
	REFUSED,
	FAILED,
};

static const char * const outcome_names[] = { "accepted", "refused", "failed" };

/* Is there an address but 0 for it? There are 32, so each is tried. */
static bool hopeless(const struct args *args)
{
	wide addr;

	for (addr = PART; addr < TOP_OF_SPACE; addr += PART)
		if (has_phase(args, addr) && within_limits(args, addr) &&
		    crosses_nothing(args, addr) &&
		    holds(args, PART, addr, 0, TOP_OF_SPACE))
			return false;
	return true;
}

static enum outcome should_be(const struct args *given, bool patient)
{
	struct args args = *given;

	if (!args.align)
		args.align = PART;
	if (!args.size || !well_formed(&args, PART))
		return REFUSED;
	if (hopeless(&args))
		return patient ? REFUSED : FAILED;
	return ACCEPTED;
}

static enum outcome outcome_of(const struct vmem *vmp, const struct vmem_stats *before,
			       bool accepted)
{
	u64 misuse = vmp->stats.misuse - before->misuse;
	u64 fail = vmp->stats.fail - before->fail;

	if (misuse + fail + accepted != 1)
		panic("neither accepted, nor refused, nor failed, or too much of it");
	return accepted ? ACCEPTED : misuse ? REFUSED : FAILED;
}

static bool completed(const struct vmem_req *req, const struct args *args)
{
	return req->size == args->size &&
	       req->len == round_up_to(args->size, PART) &&
	       req->align == (args->align ?: PART) && req->phase == args->phase &&
	       req->nocross == args->nocross && req->min == args->min &&
	       req->max == args->max - 1 && !req->anywhere;
}

static void try_request(vmem_t *vmp, const struct args *args, int vmflag)
{
	struct vmem_stats before = vmp->stats;
	bool patient = !(vmflag & (VM_NOSLEEP | VM_ABORT));
	enum outcome want = should_be(args, patient), got;
	struct vmem_req req = {
		.size = args->size,
		.align = args->align,
		.phase = args->phase,
		.nocross = args->nocross,
		.min = args->min,
		.max = args->max,
		.vmflag = vmflag,
	};

	got = outcome_of(vmp, &before, vmem_req_constrained(vmp, &req));
	combinations++;
	if (got == want && (got != ACCEPTED || completed(&req, args)))
		return;
	printf("size %lx align %lx phase %lx nocross %lx min %lx max %lx flags %x: ",
	       args->size, args->align, args->phase, args->nocross, args->min,
	       args->max, vmflag);
	printf("%s, should be %s%s\n", outcome_names[got], outcome_names[want],
	       got == want ? ", but is incomplete" : "");
	printf("placements: FAILED\n");
	exit(1);
}

/* Each with a limit that is none, at a quantum, and beside it. */
static void each_request_limit(vmem_t *vmp, struct args *args)
{
	static const unsigned long limits[] = {
		0, 1, PART - 1, PART, PART + 1, 5 * PART, SIGN - 1, SIGN, SIGN + PART,
		30 * PART + 1, 31 * PART, -1ul,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		for (j = 0; j < ARRAY_SIZE(limits); j++) {
			args->min = limits[i];
			args->max = limits[j];
			/* Flags of all kinds come round, whatever the number. */
			try_request(vmp, args, (i + j) % 3 == 0 ? VM_SLEEP :
				    (i + j) % 3 == 1 ? VM_NOSLEEP : VM_ABORT);
		}
	}
}

static void each_request(vmem_t *vmp)
{
	static const unsigned long powers[] = {
		0, 1, PART / 2, PART, PART + 1, 2 * PART, 3 * PART, 4 * PART,
		8 * PART, 9 * PART, 16 * PART, 31 * PART,
	};
	static const unsigned long phases[] = {
		0, 1, PART, 2 * PART, 3 * PART, 5 * PART, 7 * PART, 8 * PART,
		15 * PART, 16 * PART, 31 * PART, -1ul,
	};
	unsigned long before = combinations;
	unsigned int size, i, j, k;
	struct args args;

	for (size = 0; size < 3 * PARTS; size++) {
		args.size = size / 3 * PART + size % 3 - 1;
		for (i = 0; i < ARRAY_SIZE(powers); i++) {
			args.align = powers[i];
			for (j = 0; j < ARRAY_SIZE(phases); j++) {
				args.phase = phases[j];
				for (k = 0; k < ARRAY_SIZE(powers); k++) {
					args.nocross = powers[k];
					each_request_limit(vmp, &args);
				}
			}
		}
	}
	printf("vmem_req_constrained(): %lu combinations\n", combinations - before);
}

/* What a plain request is, for sizes at both ends of what there is, and its flags. */
static void plain_request(vmem_t *vmp, unsigned long size, int vmflag)
{
	struct vmem_stats before = vmp->stats;
	struct vmem_req req;
	wide len = round_up_to(size, vmp->quantum);
	bool patient = !(vmflag & (VM_NOSLEEP | VM_ABORT));
	bool high = (vmflag & VM_ENDALLOC) && !(vmflag & VM_NEXTFIT);
	enum outcome want = ACCEPTED, got;
	enum vmem_policy policy = vmflag & VM_NEXTFIT ? VMEM_NEXT :
				  vmflag & VM_BESTFIT ? VMEM_BEST :
				  vmflag & VM_FIRSTFIT ? VMEM_FIRST : VMEM_INSTANT;

	if (!size)
		want = REFUSED;
	else if (len >= TOP_OF_SPACE)
		want = patient ? REFUSED : FAILED;
	got = outcome_of(vmp, &before, vmem_req_plain(vmp, &req, size, vmflag, 0));
	combinations++;
	if (got == want &&
	    (got != ACCEPTED ||
	     (req.len == len && req.size == size && req.align == vmp->quantum &&
	      !req.phase && !req.nocross && !req.min && req.max == ULONG_MAX &&
	      req.policy == policy && req.high == high && req.patient == patient &&
	      req.anywhere == !high)))
		return;
	printf("size %lx flags %x quantum %lx: %s, should be %s%s\n", size, vmflag,
	       vmp->quantum, outcome_names[got], outcome_names[want],
	       got == want ? ", but is incomplete" : "");
	printf("placements: FAILED\n");
	exit(1);
}

static void each_plain_request(vmem_t *vmp)
{
	unsigned int flags, i;

	for (flags = 0; flags < 128; flags++) {
		int vmflag = (flags & 1 ? VM_NOSLEEP : 0) |
			     (flags & 2 ? VM_ABORT : 0) |
			     (flags & 4 ? VM_BESTFIT : 0) |
			     (flags & 8 ? VM_FIRSTFIT : 0) |
			     (flags & 16 ? VM_NEXTFIT : 0) |
			     (flags & 32 ? VM_ENDALLOC : 0) |
			     (flags & 64 ? VM_KILLABLE : 0);

		for (i = 0; i < 3 * 4096 + 5; i++) {
			plain_request(vmp, i, vmflag);
			plain_request(vmp, -1ul - i, vmflag);
			plain_request(vmp, SIGN - 4096 + i, vmflag);
		}
	}
}

static vmem_t *arena(unsigned long quantum)
{
	vmem_t *vmp = vmem_create("requests", NULL, 0, quantum, NULL, NULL, NULL, 0,
				  VM_SLEEP);

	if (!vmp)
		panic("nothing to test on");
	vmp->reports.burst = 0;		/* what is refused is only counted */
	return vmp;
}

static void each_quantum(void)
{
	static const unsigned long quanta[] = { 1, 2, 4096, SIGN };
	unsigned long before = combinations;
	vmem_t *vmp = arena(PART);
	unsigned int i;

	each_request(vmp);
	vmem_destroy(vmp);

	before = combinations;
	for (i = 0; i < ARRAY_SIZE(quanta); i++) {
		vmp = arena(quanta[i]);
		each_plain_request(vmp);
		vmem_destroy(vmp);
	}
	printf("vmem_req_plain(): %lu combinations\n", combinations - before);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		window = atoi(argv[1]);
	if (argc > 2 || window < 6 || window > 31) {
		fprintf(stderr, "usage: placements [QUANTA: 6 to 31]\n");
		return 2;
	}
	kernel_begin();
	each_place();
	each_quantum();
	kernel_end();
	printf("placements: %lu combinations, 0 failures\n", combinations);
	return 0;
}
