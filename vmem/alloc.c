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
	vmp->allocs++;
	if (req->policy == VMEM_NEXT)
		vmp->cursor = addr + req->len;
	return seg;
}

/*
 * The short way, which most requests can go: from a segment that is surely long
 * enough, if there are tags for it.
 */
static __always_inline unsigned long take_surely(struct vmem *vmp, unsigned long size,
						 unsigned long len)
{
	struct vmem_seg *seg = NULL;
	unsigned long flags, addr = 0;

	spin_lock_irqsave(&vmp->lock, flags);
	if (likely(__vmem_seg_ready(vmp)))
		seg = __vmem_free_surely(vmp, len);
	if (likely(seg)) {
		addr = seg->first;
		seg = __vmem_seg_carve(vmp, seg, addr, addr + (len - 1));
		seg->size = size;
		__vmem_table_insert(vmp, &vmp->allocated, seg);
		WRITE_ONCE(vmp->inuse, vmp->inuse + size);
		vmp->allocs++;
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	return addr;
}

static __always_inline enum vmem_search
__search_and_take(struct vmem *vmp, const struct vmem_req *req, unsigned long *addr)
{
	enum vmem_search ret;
	struct vmem_seg *seg;

	lockdep_assert_held(&vmp->lock);
	ret = __vmem_search(vmp, req, &seg, addr);
	if (ret == VMEM_SEARCH_FOUND)
		__vmem_take(vmp, req, seg, *addr);
	return ret;
}

static __always_inline enum vmem_search
try_once(struct vmem *vmp, const struct vmem_req *req, unsigned long *addr)
{
	enum vmem_search ret;
	unsigned long flags;

	*addr = 0;
	for (;;) {
		spin_lock_irqsave(&vmp->lock, flags);
		if (unlikely(req->cache)) {
			*addr = __vmem_slab_pop(vmp, req->cache);
			if (*addr) {
				spin_unlock_irqrestore(&vmp->lock, flags);
				return VMEM_SEARCH_FOUND;
			}
		}
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
		if (!vmem_order_build(vmp, vmem_order_for(req), req->vmflag))
			return VMEM_SEARCH_MEMORY;
	}
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
	return try_once(vmp, req, addr);
}

static __always_inline unsigned long serve(struct vmem *vmp,
					   const struct vmem_req *req)
{
	unsigned long addr;

	if (try_once(vmp, req, &addr) == VMEM_SEARCH_NOTHING &&
	    vmem_importable(vmp, req))
		addr = vmem_import(vmp, req);
	return addr;
}

/*
 * An object: of a slab, of a new slab, by itself; and only if there is space for
 * neither, of an imported slab, or imported by itself. Of a new slab, the first
 * object is ours.
 */
static unsigned long serve_object(struct vmem *vmp, const struct vmem_req *req)
{
	struct vmem_req slab = *req;
	unsigned long addr;

	slab.size = vmp->caches->slab_size;
	slab.len = slab.size;
	slab.slab = true;
	slab.patient = true;
	vmem_table_reserve(vmp, &vmp->caches->slabs, req->vmflag);
	vmem_try(vmp, &slab, &addr);
	if (!addr)
		vmem_try(vmp, req, &addr);
	if (!addr && vmem_importable(vmp, req))
		addr = vmem_import(vmp, &slab) ?: vmem_import(vmp, req);
	return addr;
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
	return req->cache ? serve_object(vmp, req) : serve(vmp, req);
}

/* There is nothing now: do what the flags say. */
static void *allocate_later(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr = 0;

	if (req->patient)
		addr = vmem_wait(vmp, req);
	else if (!(req->vmflag & VM_ABORT) && (vmp->caches || vmp->source))
		addr = vmem_reclaim(vmp, req, false);
	if (!addr)
		vmem_count_failure(vmp, req);
	return (void *)addr;
}

/**
 * vmem_allocate() - Meet the request of a quantum cache, now or later.
 * @vmp: The arena.
 * @req: The request.
 *
 * Return: The address, or %NULL, which has been counted.
 */
void *vmem_allocate(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr = vmem_serve(vmp, req);

	return likely(addr) ? (void *)addr : allocate_later(vmp, req);
}

/* Is a good request made to fail, to see what its caller does then (fault.c)? */
static noinline bool made_to_fail(struct vmem *vmp, unsigned long size, int vmflag)
{
	if (!vmem_fail_turn(vmflag, size))
		return false;
	vmem_count(vmp, &vmp->stats.fail);
	trace_vmem_fail(vmp->name, size, vmflag, VMEM_FAILURE_ON_PURPOSE, 0, 0);
	return true;
}

static __always_inline void *allocate(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long addr;

	if (vmem_fail_armed() && made_to_fail(vmp, req->size, req->vmflag))
		return NULL;
	addr = serve(vmp, req);
	return likely(addr) ? (void *)addr : allocate_later(vmp, req);
}

/* The end of each request: @addr goes to the caller. */
static __always_inline void *finish(struct vmem *vmp, void *addr,
				    unsigned long size, int vmflag,
				    unsigned long caller)
{
	if (likely(addr))
		vmem_hand_out(vmp, (unsigned long)addr, size, vmflag, caller);
	else
		vmem_panic(vmp, vmflag);
	return addr;
}

static noinline void *alloc_slowly(struct vmem *vmp, unsigned long size, int vmflag,
				   unsigned long caller)
{
	struct vmem_req req;
	void *addr = NULL;

	if (vmem_req_plain(vmp, &req, size, vmflag, caller))
		addr = allocate(vmp, &req);
	return finish(vmp, addr, size, vmflag, caller);
}

/* A size that no quantum cache serves. */
static noinline __flatten void *alloc_plain(struct vmem *vmp, unsigned long size,
					    int vmflag, unsigned long caller)
{
	const int policy = VM_BESTFIT | VM_FIRSTFIT | VM_NEXTFIT | VM_ENDALLOC;
	unsigned long len = ALIGN(size, vmp->quantum);
	unsigned long addr;

	if (likely(!(vmflag & policy)) && likely(len) && !vmem_fail_armed()) {
		addr = take_surely(vmp, size, len);
		if (likely(addr))
			return finish(vmp, (void *)addr, size, vmflag, caller);
	}
	return alloc_slowly(vmp, size, vmflag, caller);
}

/* A size that one does serve, but not from this CPU's loaded magazine. */
static noinline void *alloc_cached(struct vmem *vmp, unsigned long size, int vmflag,
				   unsigned long caller)
{
	void *addr = NULL;

	if (!vmem_fail_armed() || !made_to_fail(vmp, size, vmflag))
		addr = vmem_qcache_alloc(vmp, size, vmflag, caller);
	return finish(vmp, addr, size, vmflag, caller);
}

/* A call that may sleep, or has no arena. */
static noinline void *alloc_sleep(struct vmem *vmp, unsigned long size, int vmflag,
				  unsigned long caller)
{
	vmem_might_wait(vmflag);
	if (vmem_absent(vmp, caller)) {
		vmem_panic(vmp, vmflag);
		return NULL;
	}
	if (!vmem_cached(vmp, size))
		return alloc_plain(vmp, size, vmflag, caller);
	return alloc_cached(vmp, size, vmflag, caller);
}

/*
 * A hit ends here. All else is behind a tail call, so that this one needs neither
 * stack nor saved registers.
 */
void *vmem_alloc(vmem_t *vmp, size_t size, int vmflag)
{
	unsigned long addr;

	if (unlikely(!vmp) || !(vmflag & VM_NOSLEEP))
		return alloc_sleep(vmp, size, vmflag, _RET_IP_);
	if (!vmem_cached(vmp, size))
		return alloc_plain(vmp, size, vmflag, _RET_IP_);
	if (likely(!vmem_fail_asks_hits()) &&
	    likely(vmem_magazine_pop(vmp, vmem_class(vmp, size), &addr)))
		return (void *)addr;
	return alloc_cached(vmp, size, vmflag, _RET_IP_);
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

	vmem_might_wait(vmflag);
	if (!vmem_absent(vmp, _RET_IP_) && vmem_req_constrained(vmp, &req))
		addr = allocate(vmp, &req);
	return finish(vmp, addr, size, vmflag, _RET_IP_);
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
	vmp->frees++;
	seg = __vmem_seg_merge(vmp, seg);
	idle = __vmem_span_idle(vmp, seg);
	if (idle)
		__vmem_span_remove(vmp, idle, seg);
	else if (unlikely(vmp->nr_waiters))
		__vmem_slab_wake(vmp, seg, via);
	return idle;
}

static __always_inline bool release(struct vmem *vmp, unsigned long addr,
				    unsigned long size, unsigned long caller,
				    const struct vmem *via)
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
		trace_vmem_free(vmp->name, addr, size, caller);
		__vmem_take_back(vmp, addr);
		__vmem_table_remove(vmp, &vmp->allocated, link);
		idle = __vmem_make_free(vmp, seg, via);
	}
	spin_unlock_irqrestore(&vmp->lock, flags);

	if (unlikely(wrong))
		vmem_misuse(vmp, wrong, addr, size, caller);
	if (unlikely(idle))
		vmem_import_release(vmp, idle, via);
	vmem_seg_trim(vmp);
	return !wrong;
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
	return release(vmp, addr, size, caller, via);
}

/* A block that no quantum cache has served. */
static noinline __flatten void free_plain(struct vmem *vmp, unsigned long addr,
					  unsigned long size, unsigned long caller)
{
	release(vmp, addr, size, caller, NULL);
}

/* As vmem_alloc(): a hit, or a tail call. */
void vmem_free(vmem_t *vmp, void *addr, size_t size)
{
	if (unlikely(!vmp))
		vmem_refuse_absent(_RET_IP_);
	else if (unlikely(!addr) || !vmem_cached(vmp, size))
		free_plain(vmp, (unsigned long)addr, size, _RET_IP_);
	else if (unlikely(!vmem_magazine_push(vmp, vmem_class(vmp, size),
					      (unsigned long)addr)))
		vmem_qcache_free(vmp, (unsigned long)addr, size, _RET_IP_);
}
EXPORT_SYMBOL_GPL(vmem_free);

void vmem_xfree(vmem_t *vmp, void *addr, size_t size)
{
	if (!vmem_absent(vmp, _RET_IP_))
		free_plain(vmp, (unsigned long)addr, size, _RET_IP_);
}
EXPORT_SYMBOL_GPL(vmem_xfree);

/* === Many at a time === */

/* Is there nowhere to have the addresses? That is reported. */
static bool no_array(struct vmem *vmp, size_t size, size_t nr, void **addrs,
		     unsigned long caller)
{
	if (likely(addrs) || !nr)
		return false;
	if (!vmem_absent(vmp, caller))
		vmem_misuse(vmp, "no array", 0, size, caller);
	return true;
}

size_t vmem_alloc_bulk(vmem_t *vmp, size_t size, size_t nr, void **addrs,
		       int vmflag)
{
	size_t got = 0;

	vmem_might_wait(vmflag);
	if (no_array(vmp, size, nr, addrs, _RET_IP_)) {
		vmem_panic(vmp, vmflag);
		return 0;
	}
	for (; got < nr; got++) {
		addrs[got] = alloc_sleep(vmp, size, vmflag, _RET_IP_);
		if (!addrs[got])
			break;
	}
	return got;
}
EXPORT_SYMBOL_GPL(vmem_alloc_bulk);

size_t vmem_free_bulk(vmem_t *vmp, size_t size, size_t nr, void **addrs)
{
	size_t freed = 0, i;

	if (no_array(vmp, size, nr, addrs, _RET_IP_))
		return 0;
	if (nr && vmem_absent(vmp, _RET_IP_))
		return 0;
	for (i = 0; i < nr; i++) {
		unsigned long addr = (unsigned long)addrs[i];

		if (addr && vmem_cached(vmp, size))
			freed += vmem_qcache_free(vmp, addr, size, _RET_IP_);
		else
			freed += vmem_release(vmp, addr, size, _RET_IP_, NULL);
	}
	return freed;
}
EXPORT_SYMBOL_GPL(vmem_free_bulk);
