// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hallway: how a request passes through the arena, and how a block returns.
 *
 *	search; import; search again; sleep until there is space; start over
 *
 * Each step is a room of its own. No lock is held between them, and never those
 * of two arenas.
 */
#include "internal.h"

/**
 * __vmem_take() - Allocate a place that was found.
 * @vmp: The arena, with at least two tags to spare.
 * @req: The request.
 * @seg: The free segment.
 * @addr: The place in it.
 *
 * Return: The allocated segment.
 */
struct vmem_seg *__vmem_take(struct vmem *vmp, const struct vmem_req *req,
			     struct vmem_seg *seg, unsigned long addr)
{
	lockdep_assert_held(&vmp->lock);
	seg = __vmem_seg_carve(vmp, seg, addr, addr + (req->len - 1));
	seg->size = req->size;
	__vmem_allocated_insert(vmp, seg);
	WRITE_ONCE(vmp->inuse, vmp->inuse + req->size);
	vmp->stats.alloc++;
	if (req->policy == VMEM_NEXT)
		vmp->cursor = seg->last + 1;
	return seg;
}

/**
 * vmem_try() - Search the arena once, and allocate what is found.
 * @vmp: The arena.
 * @req: The request.
 * @addr: Set to the address, or to 0.
 *
 * Return: Whether there is space; or that, with %VM_NOSLEEP, there is no memory.
 */
enum vmem_search vmem_try(struct vmem *vmp, const struct vmem_req *req,
			  unsigned long *addr)
{
	enum vmem_search ret;
	struct vmem_seg *seg;
	unsigned long flags;

	*addr = 0;
	for (;;) {
		spin_lock_irqsave(&vmp->lock, flags);
		if (unlikely(!__vmem_seg_ready(vmp))) {
			spin_unlock_irqrestore(&vmp->lock, flags);
			if (!vmem_seg_refill(vmp, req->vmflag))
				return VMEM_SEARCH_MEMORY;
			continue;
		}
		ret = __vmem_search(vmp, req, &seg, addr);
		if (ret == VMEM_SEARCH_FOUND)
			__vmem_take(vmp, req, seg, *addr);
		spin_unlock_irqrestore(&vmp->lock, flags);

		if (ret != VMEM_SEARCH_ORDER)
			return ret;
		if (!vmem_order_build(vmp, req->vmflag))
			return VMEM_SEARCH_MEMORY;
	}
}

/**
 * vmem_serve() - Meet a request now: search, import, search again.
 * @vmp: The arena.
 * @req: The request.
 *
 * Return: The address, or 0.
 */
unsigned long vmem_serve(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr;

	if (vmem_try(vmp, req, &addr) == VMEM_SEARCH_NOTHING &&
	    vmem_importable(vmp, req))
		addr = vmem_import(vmp, req);
	return addr;
}

static void *allocate(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr = vmem_serve(vmp, req);

	if (unlikely(!addr)) {
		if (req->patient)
			addr = vmem_wait(vmp, req);
		if (!addr)
			vmem_count(vmp, &vmp->stats.fail);
	}
	return (void *)addr;
}

void *vmem_alloc(vmem_t *vmp, size_t size, int vmflag)
{
	struct vmem_req req;
	void *addr = NULL;

	might_sleep_if(!(vmflag & VM_NOSLEEP));
	if (!vmem_absent(vmp, _RET_IP_) &&
	    vmem_req_plain(vmp, &req, size, vmflag, _RET_IP_))
		addr = allocate(vmp, &req);
	if (unlikely(!addr))
		vmem_panic(vmp, vmflag);
	return addr;
}
EXPORT_SYMBOL_GPL(vmem_alloc);

void *vmem_xalloc(vmem_t *vmp, size_t size, size_t align, size_t phase,
		  size_t nocross, void *minaddr, void *maxaddr, int vmflag)
{
	struct vmem_req req = {
		.size = size,
		.align = align,
		.phase = phase,
		.nocross = nocross,
		.min = (unsigned long)minaddr,
		.max = (unsigned long)maxaddr,
		.vmflag = vmflag,
		.caller = _RET_IP_,
	};
	void *addr = NULL;

	might_sleep_if(!(vmflag & VM_NOSLEEP));
	if (!vmem_absent(vmp, _RET_IP_) && vmem_req_constrained(vmp, &req))
		addr = allocate(vmp, &req);
	if (unlikely(!addr))
		vmem_panic(vmp, vmflag);
	return addr;
}
EXPORT_SYMBOL_GPL(vmem_xalloc);

/*
 * Make the allocated segment at the end of @link free. If its span has become idle
 * and may go back to where it came from, return it, already out of the arena;
 * otherwise wake who waits for such a segment.
 */
static struct vmem_span *__make_free(struct vmem *vmp, struct vmem_seg **link,
				     const struct vmem *via)
{
	struct vmem_seg *seg = *link;
	struct vmem_span *idle;

	lockdep_assert_held(&vmp->lock);
	__vmem_allocated_remove(vmp, link);
	WRITE_ONCE(vmp->inuse, vmp->inuse - seg->size);
	vmp->stats.free++;
	seg = __vmem_seg_merge(vmp, seg);
	idle = __vmem_span_idle(vmp, seg);
	if (idle) {
		__vmem_span_remove(vmp, idle, seg);
	} else {
		__vmem_free_insert(vmp, seg);
		__vmem_wake(vmp, seg->first, seg->last, via);
	}
	return idle;
}

/**
 * vmem_release() - Give a block back.
 * @vmp: The arena.
 * @addr: Its address.
 * @size: The size that was asked for.
 * @caller: Return address, for reports.
 * @via: Whom not to wake, see __vmem_wake().
 */
void vmem_release(struct vmem *vmp, unsigned long addr, unsigned long size,
		  unsigned long caller, const struct vmem *via)
{
	struct vmem_span *idle = NULL;
	const char *wrong = NULL;
	struct vmem_seg **link;
	unsigned long flags;

	if (vmem_absent(vmp, caller))
		return;
	spin_lock_irqsave(&vmp->lock, flags);
	link = __vmem_allocated_find(vmp, addr, &vmp->stats.lookup);
	if (unlikely(!*link))
		wrong = "bad free";
	else if (unlikely((*link)->size != size))
		wrong = "wrong size";
	else
		idle = __make_free(vmp, link, via);
	spin_unlock_irqrestore(&vmp->lock, flags);

	if (unlikely(wrong))
		vmem_misuse(vmp, wrong, addr, size, caller);
	if (idle)
		vmem_import_release(vmp, idle, via);
	vmem_seg_trim(vmp);
}

void vmem_free(vmem_t *vmp, void *addr, size_t size)
{
	vmem_release(vmp, (unsigned long)addr, size, _RET_IP_, NULL);
}
EXPORT_SYMBOL_GPL(vmem_free);

void vmem_xfree(vmem_t *vmp, void *addr, size_t size)
{
	vmem_release(vmp, (unsigned long)addr, size, _RET_IP_, NULL);
}
EXPORT_SYMBOL_GPL(vmem_xfree);
