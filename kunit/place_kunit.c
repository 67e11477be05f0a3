// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_place() against its definition, for everything small: each range within
 * 13 numbers, at the bottom of the address space and at its very top, and each
 * well-formed request that such a range could hold, or not quite.
 */
#include "fixture.h"

#define NUMBERS		13		/* in the window that is tried */
#define MAX_SIZE	6

/* Bit n of a set stands for the address base + n. */
struct place_test {
	struct kunit *test;
	unsigned long base;
	unsigned long quantum;
	struct vmem_req req;
	unsigned long count;		/* combinations tried */
};

/* === The definition, address by address === */

static bool has_phase(const struct vmem_req *req, unsigned long addr)
{
	return addr % req->align == req->phase;
}

static bool crosses_nothing(const struct vmem_req *req, unsigned long addr)
{
	unsigned long i;

	for (i = 1; req->nocross && i < req->size; i++)
		if ((addr + i) % req->nocross == 0)
			return false;
	return true;
}

static bool within_limits(const struct vmem_req *req, unsigned long addr)
{
	return addr >= req->min && addr <= req->max && req->max - addr >= req->size - 1;
}

static unsigned long set_of(const struct place_test *pt,
			    bool (*suits)(const struct vmem_req *req, unsigned long addr))
{
	unsigned long set = 0;
	int n;

	for (n = 0; n < NUMBERS; n++)
		if (suits(&pt->req, pt->base + n))
			set |= BIT(n);
	return set;
}

/* Addresses from which the rounded size stays within numbers @from to @to. */
static unsigned long room(const struct place_test *pt, int from, int to)
{
	int past = to + 1 - (int)pt->req.len;

	return past < from ? 0 : GENMASK(past, from);
}

/* === Every combination === */

static bool agrees(struct place_test *pt, unsigned long suitable, int from, int to)
{
	const struct vmem_req *req = &pt->req;
	unsigned long want = 0, got = 0;
	bool found;

	if (suitable)
		want = pt->base + (req->high ? __fls(suitable) : __ffs(suitable));
	found = vmem_place(req, pt->base + from, pt->base + to, &got);
	pt->count++;
	if (found == !!suitable && (!found || got == want))
		return true;

	KUNIT_FAIL(pt->test,
		   "[%lx, %lx] size %lu of %lu align %lu phase %lu nocross %lu min %lx max %lx%s: %s %lx, not %s %lx",
		   pt->base + from, pt->base + to, req->size, req->len, req->align,
		   req->phase, req->nocross, req->min, req->max,
		   req->high ? " high" : "", found ? "found" : "none", got,
		   suitable ? "found" : "none", want);
	return false;
}

/* Ranges are whole quanta, as those of free segments are. */
static bool each_range(struct place_test *pt, unsigned long suitable)
{
	int quantum = pt->quantum;
	unsigned long set;
	int from, to;

	for (from = -pt->base & (quantum - 1); from < NUMBERS; from += quantum) {
		for (to = from + quantum - 1; to < NUMBERS; to += quantum) {
			set = suitable & room(pt, from, to);
			pt->req.high = false;
			if (!agrees(pt, set, from, to))
				return false;
			pt->req.high = true;
			if (!agrees(pt, set, from, to))
				return false;
		}
	}
	return true;
}

/* No limit, each address of the window, and those just outside of it. */
static bool each_limit(struct place_test *pt, unsigned long suitable)
{
	struct vmem_req *req = &pt->req;
	int min, max;

	for (min = -1; min <= NUMBERS; min++) {
		for (max = -1; max <= NUMBERS; max++) {
			req->min = min < 0 ? 0 : pt->base + min;
			req->max = max < 0 ? ULONG_MAX : pt->base + max - 1;
			if (req->min && req->min - 1 > req->max)
				continue;
			if (!each_range(pt, suitable & set_of(pt, within_limits)))
				return false;
		}
	}
	return true;
}

static bool each_boundary(struct place_test *pt)
{
	struct vmem_req *req = &pt->req;
	unsigned long aligned = set_of(pt, has_phase);

	req->nocross = 0;
	if (!each_limit(pt, aligned))
		return false;
	for (req->nocross = 4; req->nocross <= 16; req->nocross *= 2) {
		if (req->nocross < req->align ||
		    req->nocross < ALIGN(req->phase + req->size, req->align))
			continue;
		if (!each_limit(pt, aligned & set_of(pt, crosses_nothing)))
			return false;
	}
	return true;
}

static bool each_request(struct place_test *pt)
{
	struct vmem_req *req = &pt->req;

	for (req->size = 1; req->size <= MAX_SIZE; req->size++) {
		req->len = ALIGN(req->size, pt->quantum);
		for (req->align = pt->quantum; req->align <= 8; req->align *= 2) {
			for (req->phase = 0; req->phase < req->align;
			     req->phase += pt->quantum)
				if (!each_boundary(pt))
					return false;
			cond_resched();
		}
	}
	return true;
}

static void place_everywhere(struct kunit *test, unsigned long base)
{
	struct place_test pt = { .test = test, .base = base };

	for (pt.quantum = 1; pt.quantum <= 4; pt.quantum *= 2)
		if (!each_request(&pt))
			return;
	kunit_info(test, "%lu combinations", pt.count);
}

static void place_at_the_bottom(struct kunit *test)
{
	place_everywhere(test, 1);
}

static void place_at_the_top(struct kunit *test)
{
	place_everywhere(test, TOP(NUMBERS));
}

/* Sizes that the small ones do not stand for: those that nearly are everything. */
static void place_enormous(struct kunit *test)
{
	struct vmem_req req = {
		.size = ULONG_MAX, .len = ULONG_MAX, .align = 1, .max = ULONG_MAX,
	};
	unsigned long addr;

	KUNIT_EXPECT_TRUE(test, vmem_place(&req, 1, ULONG_MAX, &addr));
	EXPECT_ADDR(test, addr, 1);
	req.high = true;
	KUNIT_EXPECT_TRUE(test, vmem_place(&req, 1, ULONG_MAX, &addr));
	EXPECT_ADDR(test, addr, 1);
	KUNIT_EXPECT_FALSE(test, vmem_place(&req, 2, ULONG_MAX, &addr));
	KUNIT_EXPECT_FALSE(test, vmem_place(&req, 1, ULONG_MAX - 1, &addr));

	req.align = BIT(BITS_PER_LONG - 1);
	KUNIT_EXPECT_FALSE(test, vmem_place(&req, 1, ULONG_MAX, &addr));
	req.size = req.align;
	req.len = req.align;
	KUNIT_EXPECT_TRUE(test, vmem_place(&req, 1, ULONG_MAX, &addr));
	EXPECT_ADDR(test, addr, req.align);
	req.nocross = req.align;
	KUNIT_EXPECT_TRUE(test, vmem_place(&req, 1, ULONG_MAX, &addr));
	EXPECT_ADDR(test, addr, req.align);
	req.high = false;
	KUNIT_EXPECT_TRUE(test, vmem_place(&req, 1, ULONG_MAX, &addr));
	EXPECT_ADDR(test, addr, req.align);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE_SLOW(place_at_the_bottom),
	KUNIT_CASE_SLOW(place_at_the_top),
	KUNIT_CASE(place_enormous),
	{}
};

static struct kunit_suite place_suite = {
	.name = "vmem_place",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = place_cases,
};

kunit_test_suite(place_suite);
