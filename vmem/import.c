// SPDX-License-Identifier: GPL-2.0-only
/*
 * Imports: spans that come from a source when an arena has run out, and go back.
 *
 * A source that is asked through vmem_alloc() is asked as a request of its own,
 * down the chain of sources, and never sleeps for space: whoever may sleep does
 * so at the arena that was called, for the whole chain (wait.c). Other import
 * functions are called with the caller's flags and may do as they like, which
 * includes returning nonsense: what they return is checked and handed back.
 */
#include "internal.h"

/*
 * Imports are a multiple of this, and begin at one if the source is an arena, or
 * the kernel's memory.
 */
static unsigned long import_unit(const struct vmem *vmp)
{
	if (!vmp->source)
		return max(vmp->quantum, vmem_memory_unit(vmp));
	return max(vmp->quantum, vmp->source->quantum);
}

/* Does it import by vmem_alloc(), from an arena that can be asked directly? */
bool vmem_imports_from_arena(const struct vmem *vmp)
{
	return !(vmp->cflags & VMC_XALLOC) && vmp->alloc_fn == vmem_alloc &&
	       vmp->source;
}

static bool plain(const struct vmem *vmp)
{
	return vmem_imports_from_arena(vmp) && vmp->free_fn == vmem_free;
}

/* Whether the source may be asked at all on behalf of a request. */
bool vmem_importable(const struct vmem *vmp, const struct vmem_req *req)
{
	return vmp->alloc_fn && !req->nocross && !req->min &&
	       req->max == ULONG_MAX &&
	       (!req->again || vmem_imports_from_arena(vmp));
}

/* Units that are imported beyond the size, to find an aligned block in them. */
static unsigned long padding(const struct vmem *vmp, const struct vmem_req *req,
			     unsigned long unit)
{
	if (req->align <= unit || (vmp->cflags & VMC_XALIGN))
		return req->phase;
	if (IS_ALIGNED(req->phase, unit))
		return req->align - unit;
	return req->align - vmp->quantum;
}

/**
 * vmem_import_request() - What the source is asked for, to serve a request.
 * @vmp: The arena.
 * @req: The request.
 * @sub: Set to the request to the source.
 *
 * A plain import passes alignment and phase on, rounded down to what the source
 * can deal with, and asks for the difference on top.
 *
 * Return: Whether such a size exists.
 */
bool vmem_import_request(const struct vmem *vmp, const struct vmem_req *req,
			 struct vmem_req *sub)
{
	unsigned long unit = import_unit(vmp);
	unsigned long size;

	*sub = (struct vmem_req) {
		.align = vmp->source ? vmp->source->quantum : vmp->quantum,
		.max = ULONG_MAX,
		.policy = VMEM_INSTANT,
		.patient = req->patient,
		.again = req->again,
		.vmflag = req->vmflag & VM_KMFLAGS,
		.caller = req->caller,
	};
	if (vmem_memory_unit(vmp) > 1) {
		sub->vmflag &= ~VMEM_ONCE;
		sub->vmflag |= req->slab ? VMEM_ONCE : 0;
	}
	size = padding(vmp, req, unit);
	if (plain(vmp)) {
		sub->align = unit;
		if (req->align > unit) {
			sub->align = req->align;
			sub->phase = req->phase & ~(unit - 1);
			size = req->phase - sub->phase;
		}
	}
	if (check_add_overflow(size, req->size, &size))
		return false;
	size = max(size, vmp->min_import);
	sub->size = ALIGN(size, unit);
	sub->len = sub->size;
	return sub->len >= size;
}

/**
 * vmem_import_next() - The arena that a request comes to next, and as what.
 * @vmp: The arena.
 * @req: The request.
 * @sub: Set to the request to the source.
 *
 * Return: The source. %NULL if it is not asked on behalf of such a request, or not
 * by vmem_alloc().
 */
struct vmem *vmem_import_next(const struct vmem *vmp, const struct vmem_req *req,
			      struct vmem_req *sub)
{
	if (!vmem_imports_from_arena(vmp) || !vmem_importable(vmp, req) ||
	    !vmem_import_request(vmp, req, sub))
		return NULL;
	return vmp->source;
}

/*
 * Hand a span back as it came, to whoever it came from. A source that is an arena
 * wakes who waits for it, except, with @via, those that would ask by way of it.
 */
static void give_back(struct vmem *vmp, const struct vmem_span *span,
		      const struct vmem *via)
{
	unsigned long first = span->head.first;
	unsigned long size = span->head.last - first + 1;

	trace_vmem_release(vmp->name, first, size);
	if (plain(vmp))
		vmem_release(vmp->source, first, size, _RET_IP_, via);
	else if (vmp->free_fn)
		vmp->free_fn(vmp->source, (void *)first, size);
}

/**
 * vmem_import_release() - Return a span that is not in the arena any more, or yet.
 * @vmp: The arena.
 * @span: The span.
 * @via: Passed on to where the space goes, see __vmem_wake().
 *
 * A source that is an arena wakes those who wait for it. Nobody can wait for any
 * other source, so sleepers that the span could have served are told to ask.
 */
void vmem_import_release(struct vmem *vmp, struct vmem_span *span,
			 const struct vmem *via)
{
	unsigned long flags;

	give_back(vmp, span, via);
	if (!plain(vmp)) {
		spin_lock_irqsave(&vmp->lock, flags);
		__vmem_wake(vmp, span->head.first, span->head.last, via);
		spin_unlock_irqrestore(&vmp->lock, flags);
	}
	kfree(span);
}

/*
 * Ask the source, which fails, once, if nobody is going to wait for it. What is not to be
 * given back by us must come from where vmem_free() looks for it.
 */
static unsigned long ask(const struct vmem *vmp, const struct vmem_req *req)
{
	struct vmem *src = vmp->source;
	struct vmem_req cached = *req;
	unsigned long addr;

	if (!plain(vmp) && vmem_cached(src, req->size)) {
		cached.cache = &src->caches->cache[vmem_class(src, req->size)];
		cached.size = cached.cache->size;
		cached.len = cached.size;
	}
	addr = vmem_serve(src, &cached);
	if (addr)
		vmem_hand_out(src, addr, req->size, req->vmflag, req->caller);
	else if (!req->patient && !req->again)
		vmem_count_failure(src, req);
	return addr;
}

/* Call the import function. @sub->size becomes what it says it has obtained. */
static unsigned long call(struct vmem *vmp, const struct vmem_req *req,
			  struct vmem_req *sub)
{
	size_t size = sub->size;
	void *addr;

	if (vmem_imports_from_arena(vmp))
		return ask(vmp, sub);
	if (!(vmp->cflags & VMC_XALLOC))
		return (unsigned long)vmp->alloc_fn(vmp->source, size,
						    sub->vmflag);
	addr = vmp->ximport_fn(vmp->source, &size, req->align, sub->vmflag);
	sub->size = size;
	return (unsigned long)addr;
}

/* Is [first, first + size) what was asked for? @len is what had been asked. */
static bool sound(const struct vmem *vmp, const struct vmem_req *req,
		  unsigned long first, unsigned long size, unsigned long len)
{
	unsigned long align = vmp->quantum;

	if (vmp->cflags & VMC_XALIGN)
		align = req->align;
	return IS_ALIGNED(first, align) && size >= len &&
	       IS_ALIGNED(size, import_unit(vmp)) && first + (size - 1) >= first;
}

/* What becomes of a span that was imported. */
enum outcome {
	KEPT,		/* it is part of the arena */
	SURPLUS,	/* there is space without it, or none even with it */
	BAD,		/* it is not what was asked for */
	FORGONE,	/* there is no memory for its records */
};

/*
 * Allocate from the arena if there is space now, otherwise from the span. Without
 * a release function the span stays, wanted or not.
 */
static enum outcome __settle(struct vmem *vmp, const struct vmem_req *req,
			     struct vmem_span *span, unsigned long *addr)
{
	struct vmem_seg *seg;
	bool found, fits;

	lockdep_assert_held(&vmp->lock);
	if (__vmem_span_overlap(vmp, span->head.first, span->head.last))
		return BAD;
	found = __vmem_search(vmp, req, &seg, addr) == VMEM_SEARCH_FOUND;
	if (found)
		__vmem_take(vmp, req, seg, *addr);
	fits = !found && __vmem_search_in(vmp, req, span->head.first,
					  span->head.last, addr);
	if (!fits && vmp->free_fn)
		return SURPLUS;

	seg = __vmem_span_insert(vmp, span);
	if (!fits) {
		__vmem_wake(vmp, seg->first, seg->last, NULL);
		return KEPT;
	}
	seg = __vmem_take(vmp, req, seg, *addr);
	__vmem_wake_beside(vmp, seg);
	return KEPT;
}

/* Settle what the import function returned, if it is sound. */
static enum outcome settle(struct vmem *vmp, const struct vmem_req *req,
			   const struct vmem_req *sub, struct vmem_span *span,
			   unsigned long *addr)
{
	enum outcome outcome;
	unsigned long flags;

	if (!sound(vmp, req, span->head.first, sub->size, sub->len))
		return BAD;
	if (!vmem_free_reserve(vmp, sub->size - 1, req->vmflag))
		return FORGONE;
	for (;;) {
		spin_lock_irqsave(&vmp->lock, flags);
		if (__vmem_seg_ready(vmp))
			break;
		spin_unlock_irqrestore(&vmp->lock, flags);
		if (!vmem_seg_refill(vmp, req->vmflag))
			return FORGONE;
	}
	outcome = __settle(vmp, req, span, addr);
	spin_unlock_irqrestore(&vmp->lock, flags);
	return outcome;
}

/* Deal with @span, which has just come from the source. Returns an address or 0. */
static unsigned long receive(struct vmem *vmp, const struct vmem_req *req,
			     const struct vmem_req *sub, struct vmem_span *span)
{
	unsigned long addr = 0;

	switch (settle(vmp, req, sub, span, &addr)) {
	case KEPT:
		return addr;
	case SURPLUS:
	case FORGONE:
		vmem_import_release(vmp, span, NULL);
		return addr;
	case BAD:
		vmem_misuse(vmp, "bad import", span->head.first, sub->size,
			    req->caller);
		/*
		 * It may be offered to us again. Do not wake those who would ask
		 * for it in turn, us among them: they would never sleep.
		 */
		give_back(vmp, span, vmp);
		kfree(span);
	}
	return 0;
}

/**
 * vmem_import() - Ask the source for space, and allocate from it.
 * @vmp: The arena.
 * @req: A request that vmem_importable() approves of.
 *
 * Records are provided for before the source is asked, so that what it gives is
 * not refused for lack of memory. The arena is searched once more in any case:
 * somebody may have freed something meanwhile, not least the import function.
 *
 * Return: The address, or 0.
 */
unsigned long vmem_import(struct vmem *vmp, const struct vmem_req *req)
{
	struct vmem_span *span;
	unsigned long addr = 0;
	struct vmem_req sub;

	if (!vmem_import_request(vmp, req, &sub))
		return 0;
	span = vmem_span_new(vmp, 0, sub.size - 1, req->vmflag);
	if (!span)
		return 0;
	span->imported = true;
	span->head.first = call(vmp, req, &sub);
	span->head.last = span->head.first + (sub.size - 1);
	if (span->head.first) {
		trace_vmem_import(vmp->name, span->head.first, sub.size);
		addr = receive(vmp, req, &sub, span);
	} else {
		kfree(span);
	}
	if (!addr)
		vmem_try(vmp, req, &addr);
	return addr;
}
