// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hallway: how a request passes through the arena, and how a block returns.
 *
 *	search; import; search again; reclaim; sleep until there is space; start over
 *
 * Each step is a room of its own. No lock is held between them, and never those
 * of two arenas. What quantum caches have at hand does not get as far as that.
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
	if (unlikely(req->cache))
		__vmem_slab_enter(vmp, req, seg);
	else
		__vmem_table_insert(vmp, &vmp->allocated, seg);
	WRITE_ONCE(vmp->inuse, vmp->inuse + req->size);
	vmp->stats.alloc++;
	if (req->policy == VMEM_NEXT)
		vmp->cursor = addr + req->len;
	return seg;
}

static enum vmem_search __search_and_take(struct vmem *vmp,
					  const struct vmem_req *req,
					  unsigned long *addr)
{
	enum vmem_search ret;
	struct vmem_seg *seg;

	lockdep_assert_held(&vmp->lock);
	if (unlikely(req->cache)) {
		*addr = __vmem_slab_pop(vmp, req->cache);
		if (*addr)
			return VMEM_SEARCH_FOUND;
	}
	ret = __vmem_search(vmp, req, &seg, addr);
	if (ret == VMEM_SEARCH_FOUND)
		__vmem_take(vmp, req, seg, *addr);
	return ret;
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
		ret = __search_and_take(vmp, req, addr);
		spin_unlock_irqrestore(&vmp->lock, flags);

		if (ret != VMEM_SEARCH_ORDER)
			return ret;
		if (!vmem_order_build(vmp, req->vmflag))
			return VMEM_SEARCH_MEMORY;
	}
}

static unsigned long serve(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr;

	if (vmem_try(vmp, req, &addr) == VMEM_SEARCH_NOTHING &&
	    vmem_importable(vmp, req))
		addr = vmem_import(vmp, req);
	return addr;
}

/* Make a slab, of which the first object is ours. Others may come first. */
static unsigned long serve_by_slab(struct vmem *vmp, const struct vmem_req *req)
{
	struct vmem_req slab = *req;

	slab.size = vmp->caches->slab_size;
	slab.len = slab.size;
	slab.slab = true;
	slab.patient = true;
	vmem_table_reserve(vmp, &vmp->caches->slabs, req->vmflag);
	return serve(vmp, &slab);
}

/**
 * vmem_serve() - Meet a request now: search, import, search again.
 * @vmp: The arena.
 * @req: The request.
 *
 * A quantum cache asks for a slab first, and for a single object if there is none.
 *
 * Return: The address, or 0.
 */
unsigned long vmem_serve(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr;

	if (unlikely(req->cache)) {
		addr = serve_by_slab(vmp, req);
		if (addr)
			return addr;
	}
	return serve(vmp, req);
}

/**
 * vmem_allocate() - Meet a request, now or later, as its flags say.
 * @vmp: The arena.
 * @req: The request.
 *
 * Return: The address, or %NULL, which has been counted.
 */
void *vmem_allocate(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr = vmem_serve(vmp, req);

	if (unlikely(!addr)) {
		if (req->patient)
			addr = vmem_wait(vmp, req);
		else if (!(req->vmflag & VM_ABORT))
			addr = vmem_reclaim(vmp, req, false);
		if (!addr)
			vmem_count(vmp, &vmp->stats.fail);
	}
	return (void *)addr;
}

/* Whatever is not in this CPU's loaded magazine. */
static noinline void *alloc_slow(struct vmem *vmp, unsigned long size, int vmflag,
				 unsigned long caller)
{
	struct vmem_req req;
	void *addr = NULL;

	might_sleep_if(!(vmflag & VM_NOSLEEP));
	if (vmem_absent(vmp, caller))
		;
	else if (vmem_cached(vmp, size))
		addr = vmem_qcache_alloc(vmp, size, vmflag, caller);
	else if (vmem_req_plain(vmp, &req, size, vmflag, caller))
		addr = vmem_allocate(vmp, &req);
	if (unlikely(!addr))
		vmem_panic(vmp, vmflag);
	return addr;
}

void *vmem_alloc(vmem_t *vmp, size_t size, int vmflag)
{
	unsigned long addr;

	if (likely(vmflag & VM_NOSLEEP) && likely(vmp) && vmem_cached(vmp, size) &&
	    likely(vmem_magazine_pop(vmp, vmem_class(vmp, size), &addr)))
		return (void *)addr;
	return alloc_slow(vmp, size, vmflag, _RET_IP_);
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
		addr = vmem_allocate(vmp, &req);
	if (unlikely(!addr))
		vmem_panic(vmp, vmflag);
	return addr;
}
EXPORT_SYMBOL_GPL(vmem_xalloc);

/**
 * __vmem_make_free() - Make an allocated segment free.
 * @vmp: The arena.
 * @seg: The segment, in no table any more.
 * @via: Whom not to wake, see __vmem_wake().
 *
 * Those who wait for such a segment are woken, unless its span has become idle.
 *
 * Return: The span, already out of the arena, if it may go back to where it came
 * from; otherwise %NULL.
 */
struct vmem_span *__vmem_make_free(struct vmem *vmp, struct vmem_seg *seg,
				   const struct vmem *via)
{
	struct vmem_span *idle;

	lockdep_assert_held(&vmp->lock);
	WRITE_ONCE(vmp->inuse, vmp->inuse - seg->size);
	vmp->stats.free++;
	seg = __vmem_seg_merge(vmp, seg);
	idle = __vmem_span_idle(vmp, seg);
	if (idle) {
		__vmem_span_remove(vmp, idle, seg);
	} else {
		__vmem_free_insert(vmp, seg);
		if (unlikely(vmp->nr_waiters))
			__vmem_slab_wake(vmp, seg, via);
	}
	return idle;
}

/**
 * vmem_release() - Give a block back that is no object of a quantum cache.
 * @vmp: The arena.
 * @addr: Its address.
 * @size: The size that was asked for.
 * @caller: Return address, for reports.
 * @via: Whom not to wake, see __vmem_wake().
 *
 * Return: Whether there was such a block. If not, that has been reported.
 */
bool vmem_release(struct vmem *vmp, unsigned long addr, unsigned long size,
		  unsigned long caller, const struct vmem *via)
{
	struct vmem_span *idle = NULL;
	const char *wrong = NULL;
	struct vmem_seg **link, *seg;
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	link = __vmem_allocated_find(vmp, addr, &vmp->stats.lookup);
	seg = *link;
	if (unlikely(!seg) || unlikely(seg->type != VMEM_SEG_ALLOCATED)) {
		wrong = "bad free";
	} else if (unlikely(seg->size != size)) {
		wrong = "wrong size";
	} else {
		__vmem_table_remove(vmp, &vmp->allocated, link);
		idle = __vmem_make_free(vmp, seg, via);
	}
	spin_unlock_irqrestore(&vmp->lock, flags);

	if (unlikely(wrong))
		vmem_misuse(vmp, wrong, addr, size, caller);
	if (idle)
		vmem_import_release(vmp, idle, via);
	vmem_seg_trim(vmp);
	return !wrong;
}

/* Whatever does not fit into this CPU's loaded magazine. */
static noinline bool free_slow(struct vmem *vmp, unsigned long addr,
			       unsigned long size, unsigned long caller)
{
	if (vmem_absent(vmp, caller))
		return false;
	if (!vmem_cached(vmp, size))
		return vmem_release(vmp, addr, size, caller, NULL);
	vmem_qcache_free(vmp, addr, size, caller);
	return true;
}

void vmem_free(vmem_t *vmp, void *addr, size_t size)
{
	if (likely(vmp) && vmem_cached(vmp, size) &&
	    likely(vmem_magazine_push(vmp, vmem_class(vmp, size),
				      (unsigned long)addr)))
		return;
	free_slow(vmp, (unsigned long)addr, size, _RET_IP_);
}
EXPORT_SYMBOL_GPL(vmem_free);

void vmem_xfree(vmem_t *vmp, void *addr, size_t size)
{
	if (!vmem_absent(vmp, _RET_IP_))
		vmem_release(vmp, (unsigned long)addr, size, _RET_IP_, NULL);
}
EXPORT_SYMBOL_GPL(vmem_xfree);

/* === Many at a time === */

size_t vmem_alloc_bulk(vmem_t *vmp, size_t size, size_t nr, void **addrs,
		       int vmflag)
{
	size_t got = 0;

	might_sleep_if(!(vmflag & VM_NOSLEEP));
	if (!nr)
		return 0;
	for (; got < nr; got++) {
		addrs[got] = alloc_slow(vmp, size, vmflag & ~VM_PANIC, _RET_IP_);
		if (!addrs[got])
			break;
	}
	if (got < nr)
		vmem_panic(vmp, vmflag);
	return got;
}
EXPORT_SYMBOL_GPL(vmem_alloc_bulk);

size_t vmem_free_bulk(vmem_t *vmp, size_t size, size_t nr, void **addrs)
{
	size_t freed = 0, i;

	for (i = 0; i < nr; i++)
		freed += free_slow(vmp, (unsigned long)addrs[i], size, _RET_IP_);
	return freed;
}
EXPORT_SYMBOL_GPL(vmem_free_bulk);
