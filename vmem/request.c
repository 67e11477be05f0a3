// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: checked and completed once, at the door.
 */
#include "internal.h"

static enum vmem_policy policy_of(int vmflag)
{
	if (vmflag & VM_NEXTFIT)
		return VMEM_NEXT;
	if (vmflag & VM_BESTFIT)
		return VMEM_BEST;
	if (vmflag & VM_FIRSTFIT)
		return VMEM_FIRST;
	return VMEM_INSTANT;
}

/* Does [0, nocross) hold @phase and @size, rounded up to the alignment? */
static bool fits_boundary(const struct vmem_req *req)
{
	unsigned long end;

	if (req->align > req->nocross ||
	    check_add_overflow(req->phase, req->size, &end) ||
	    check_add_overflow(end, req->align - 1, &end))
		return false;
	return (end & ~(req->align - 1)) <= req->nocross;
}

static bool constraints_valid(const struct vmem *vmp, const struct vmem_req *req)
{
	if (!IS_ALIGNED(req->align | req->phase | req->nocross, vmp->quantum))
		return false;
	if (!is_power_of_2(req->align) || req->phase >= req->align)
		return false;
	if (req->nocross && (!is_power_of_2(req->nocross) || !fits_boundary(req)))
		return false;
	return true;
}

/* Could no arena of this quantum ever serve it? Address 0 is in none. */
static bool hopeless(const struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr;

	return req->len < req->size ||
	       !vmem_place(req, vmp->quantum, ULONG_MAX, &addr);
}

/* Refused, unless the caller expects to fail. */
static void turn_down(struct vmem *vmp, const struct vmem_req *req)
{
	if (req->patient)
		vmem_misuse(vmp, "impossible request", 0, req->size,
			    req->caller);
	else
		vmem_count_failure(vmp, req);
}

static __always_inline void set_flags(struct vmem_req *req, int vmflag)
{
	req->policy = policy_of(vmflag);
	req->high = (vmflag & VM_ENDALLOC) && req->policy != VMEM_NEXT;
	req->patient = !(vmflag & (VM_NOSLEEP | VM_ABORT));
	req->again = false;
	req->vmflag = vmflag;
}

/**
 * vmem_req_plain() - Turn the arguments of vmem_alloc() into a request.
 * @vmp: The arena.
 * @req: Filled in.
 * @size: Units wanted.
 * @vmflag: Flags.
 * @caller: Return address.
 *
 * Return: Whether there is anything to be done. If not, the call has been refused
 * or has failed, which has been reported and counted.
 */
bool vmem_req_plain(struct vmem *vmp, struct vmem_req *req, unsigned long size,
		    int vmflag, unsigned long caller)
{
	req->size = size;
	req->len = ALIGN(size, vmp->quantum);
	req->align = vmp->quantum;
	req->phase = 0;
	req->nocross = 0;
	req->min = 0;
	req->max = ULONG_MAX;
	req->cache = NULL;
	req->slab = false;
	req->caller = caller;
	set_flags(req, vmflag);
	req->anywhere = !req->high;

	if (likely(req->len))
		return true;
	if (size)
		turn_down(vmp, req);	/* rounded up, it is 2^64 */
	else
		vmem_misuse(vmp, "zero size", 0, 0, caller);
	return false;
}

/**
 * vmem_req_constrained() - Complete the request of vmem_xalloc().
 * @vmp: The arena.
 * @req: The request with the arguments as they were given, @req->max exclusive.
 *
 * Return: As vmem_req_plain().
 */
bool vmem_req_constrained(struct vmem *vmp, struct vmem_req *req)
{
	unsigned long limit = req->max;
	bool valid;

	if (!req->align)
		req->align = vmp->quantum;
	req->len = ALIGN(req->size, vmp->quantum);
	req->max = limit - 1;			/* 0 becomes unlimited */
	set_flags(req, req->vmflag);

	valid = constraints_valid(vmp, req) && (!limit || req->min <= limit);
	if (!req->size)
		vmem_misuse(vmp, "zero size", 0, 0, req->caller);
	else if (!valid)
		vmem_misuse(vmp, "bad constraint", 0, req->size, req->caller);
	else if (hopeless(vmp, req))
		turn_down(vmp, req);
	else
		return true;
	return false;
}
