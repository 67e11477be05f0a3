// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies: which free segment does a request get?
 *
 * Whatever the policy, a request that some free segment could serve is served.
 * Instant fit looks at one segment that is surely long enough. What it cannot
 * decide so, and all other policies, look at every segment that may be long
 * enough, if they are few, or ask the trees of order.c.
 */
#include "internal.h"

#define VMEM_FEW	16	/* segments looked at before trees are built */

struct candidate {
	struct vmem_seg *seg;
	unsigned long addr;
};

static bool suits(struct vmem *vmp, const struct vmem_req *req,
		  struct vmem_seg *seg, struct candidate *found)
{
	vmp->stats.search++;
	if (!vmem_place(req, seg->first, seg->last, &found->addr))
		return false;
	found->seg = seg;
	return true;
}

/* In a segment of @len units, if there is one. */
static __always_inline bool
search_surely(struct vmem *vmp, const struct vmem_req *req, unsigned long len,
	      struct candidate *found)
{
	found->seg = __vmem_free_surely(vmp, len);
	if (!found->seg)
		return false;
	found->addr = found->seg->first;
	if (likely(req->anywhere) ||
	    likely(vmem_place(req, found->seg->first, found->seg->last, &found->addr)))
		return true;
	vmp->stats.search++;	/* a boundary or a window ruled it out */
	return false;
}

/*
 * Any segment that is long enough at whatever address it begins. Where a boundary
 * crosses the block, twice that length has space for it beyond.
 */
static bool search_instant(struct vmem *vmp, const struct vmem_req *req,
			   struct candidate *found)
{
	unsigned long len = req->len + (req->align - vmp->quantum);

	if (len < req->len)
		return false;
	if (search_surely(vmp, req, len, found))
		return true;
	return req->nocross && len <= ULONG_MAX / 2 &&
	       search_surely(vmp, req, 2 * len, found);
}

/* The shortest one, if its size class tells, wherever it begins. */
static bool search_shortest(struct vmem *vmp, const struct vmem_req *req,
			    struct candidate *found)
{
	struct vmem_seg *seg = req->anywhere ? __vmem_free_shortest(vmp, req->len) : NULL;

	return seg && suits(vmp, req, seg, found);
}

static bool better(const struct vmem_req *req, const struct vmem_seg *seg,
		   const struct vmem_seg *than)
{
	if (req->policy == VMEM_BEST)
		return seg->last - seg->first < than->last - than->first;
	return seg->first < than->first;
}

/*
 * Look at all segments that may be long enough. That settles it when there are
 * few of them; otherwise %VMEM_SEARCH_ORDER.
 */
static enum vmem_search search_few(struct vmem *vmp, const struct vmem_req *req,
				   struct candidate *found)
{
	struct vmem_seg *seg = NULL;
	struct candidate here;
	unsigned int nr = 0;

	found->seg = NULL;
	while ((seg = __vmem_free_maybe(vmp, seg, req->len))) {
		/* Segments come by class: the next ones may be no shorter. */
		if (found->seg && req->policy == VMEM_BEST &&
		    !vmem_free_shorter(found->seg, seg))
			break;
		if (nr++ == VMEM_FEW)
			return VMEM_SEARCH_ORDER;
		if (!suits(vmp, req, seg, &here))
			continue;
		if (!found->seg || better(req, here.seg, found->seg))
			*found = here;
		if (req->policy == VMEM_INSTANT)
			break;
	}
	return found->seg ? VMEM_SEARCH_FOUND : VMEM_SEARCH_NOTHING;
}

static enum vmem_search search_by_addr(struct vmem *vmp,
				       const struct vmem_req *req,
				       struct candidate *found)
{
	unsigned long from = req->min;
	struct vmem_seg *seg;

	while ((seg = __vmem_order_next(vmp, from, req->len))) {
		if (seg->first > req->max)
			break;
		if (suits(vmp, req, seg, found))
			return VMEM_SEARCH_FOUND;
		if (seg->last == ULONG_MAX)
			break;
		from = seg->last + 1;
	}
	return VMEM_SEARCH_NOTHING;
}

static enum vmem_search search_by_len(struct vmem *vmp,
				      const struct vmem_req *req,
				      struct candidate *found)
{
	struct vmem_seg *seg = NULL;

	while ((seg = __vmem_order_longer(vmp, seg, req->len)))
		if (suits(vmp, req, seg, found))
			return VMEM_SEARCH_FOUND;
	return VMEM_SEARCH_NOTHING;
}

static enum vmem_search search(struct vmem *vmp, const struct vmem_req *req,
			       struct candidate *found)
{
	if (vmp->order[vmem_order_for(req)].state != VMEM_ORDER_READY)
		return search_few(vmp, req, found);
	if (req->policy == VMEM_BEST)
		return search_by_len(vmp, req, found);
	return search_by_addr(vmp, req, found);
}

/* The part of a next-fit request that is served before the search wraps. */
static struct vmem_req beyond_cursor(const struct vmem *vmp,
				     const struct vmem_req *req)
{
	struct vmem_req beyond = *req;

	beyond.min = max(req->min, vmp->cursor);
	return beyond;
}

/* From the cursor on, and if there is nothing, from the lowest address. */
static enum vmem_search search_next(struct vmem *vmp, const struct vmem_req *req,
				    struct candidate *found)
{
	struct vmem_req beyond = beyond_cursor(vmp, req);
	enum vmem_search ret;

	ret = search(vmp, &beyond, found);
	return ret == VMEM_SEARCH_NOTHING ? search(vmp, req, found) : ret;
}

/**
 * __vmem_search() - Find a free segment, and a place in it, for a request.
 * @vmp: The arena.
 * @req: The request.
 * @seg: Set to the segment.
 * @addr: Set to the address.
 *
 * Return: Whether there is one, or that trees must be built to tell.
 */
enum vmem_search __vmem_search(struct vmem *vmp, const struct vmem_req *req,
			       struct vmem_seg **seg, unsigned long *addr)
{
	struct candidate found;
	enum vmem_search ret;

	lockdep_assert_held(&vmp->lock);
	if (req->policy == VMEM_INSTANT && search_instant(vmp, req, &found))
		ret = VMEM_SEARCH_FOUND;
	else if (req->policy == VMEM_BEST && search_shortest(vmp, req, &found))
		ret = VMEM_SEARCH_FOUND;
	else if (req->policy == VMEM_NEXT)
		ret = search_next(vmp, req, &found);
	else
		ret = search(vmp, req, &found);
	if (ret == VMEM_SEARCH_FOUND) {
		*seg = found.seg;
		*addr = found.addr;
	}
	return ret;
}

/* Where the policy places a request in a segment that is the only choice. */
bool __vmem_search_in(struct vmem *vmp, const struct vmem_req *req,
		      unsigned long first, unsigned long last,
		      unsigned long *addr)
{
	struct vmem_req beyond;

	lockdep_assert_held(&vmp->lock);
	if (req->policy == VMEM_NEXT) {
		beyond = beyond_cursor(vmp, req);
		if (vmem_place(&beyond, first, last, addr))
			return true;
	}
	return vmem_place(req, first, last, addr);
}
