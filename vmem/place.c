// SPDX-License-Identifier: GPL-2.0-only
/*
 * Placement: where in [first, last] does a request fit?
 *
 * Pure arithmetic on numbers, without locks or structures, so that it can be
 * tested exhaustively. Every policy uses it, at either end of a segment.
 *
 * Why nothing overflows: lengths are at least 1 and are used as length - 1;
 * every sum is checked against the end of the range before it is formed, and
 * differences modulo a power of two are right even when they wrap.
 */
#include "internal.h"

/* Would a block at @addr have a multiple of the boundary strictly inside? */
static bool crosses(const struct vmem_req *req, unsigned long addr)
{
	unsigned long last = addr + (req->size - 1);

	return req->nocross && ((addr ^ last) & ~(req->nocross - 1));
}

/* The lowest address from @addr on that has the phase; false if beyond @end. */
static bool align_up(const struct vmem_req *req, unsigned long *addr,
		     unsigned long end)
{
	unsigned long skip = (req->phase - *addr) & (req->align - 1);

	if (*addr > end || skip > end - *addr)
		return false;
	*addr += skip;
	return true;
}

/* The highest address up to @addr that has the phase; false if below @start. */
static bool align_down(const struct vmem_req *req, unsigned long *addr,
		       unsigned long start)
{
	unsigned long skip = (*addr - req->phase) & (req->align - 1);

	if (*addr < start || skip > *addr - start)
		return false;
	*addr -= skip;
	return true;
}

/*
 * A block that crosses a boundary moves beyond it. One move is enough: the
 * request has phase + size <= nocross, so a block fits between two boundaries.
 */
static bool place_low(const struct vmem_req *req, unsigned long start,
		      unsigned long end, unsigned long *addr)
{
	*addr = start;
	if (!align_up(req, addr, end))
		return false;
	if (!crosses(req, *addr))
		return true;
	*addr = (*addr | (req->nocross - 1)) + 1;
	return align_up(req, addr, end);
}

/* The mirror image: move to end at the boundary that was crossed last. */
static bool place_high(const struct vmem_req *req, unsigned long start,
		       unsigned long end, unsigned long *addr)
{
	unsigned long boundary;

	*addr = end;
	if (!align_down(req, addr, start))
		return false;
	if (!crosses(req, *addr))
		return true;
	boundary = (*addr + (req->size - 1)) & ~(req->nocross - 1);
	*addr = boundary - req->size;		/* boundary >= nocross >= size */
	return align_down(req, addr, start);
}

/**
 * vmem_place() - Find the address in a range that a request would get.
 * @req: The request.
 * @first: First unit of the range, a multiple of the quantum.
 * @last: Last unit of the range, one below a multiple of the quantum.
 * @addr: Set to the lowest suitable address, or the highest if @req->high.
 *
 * The block occupies @req->len units of the range; the limits @req->min and
 * @req->max and the boundary apply to the @req->size units that were asked for.
 *
 * Return: Whether there is a suitable address.
 */
bool vmem_place(const struct vmem_req *req, unsigned long first,
		unsigned long last, unsigned long *addr)
{
	unsigned long start = max(first, req->min);
	unsigned long end;

	if (last - first < req->len - 1 || req->max < req->size - 1)
		return false;
	end = min(last - (req->len - 1), req->max - (req->size - 1));
	if (req->high)
		return place_high(req, start, end, addr);
	return place_low(req, start, end, addr);
}
EXPORT_SYMBOL_IF_KUNIT(vmem_place);
