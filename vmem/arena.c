// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas: their beginning, their spans, their end, and the tree they form.
 */
#include "report.h"

DEFINE_SPINLOCK(vmem_arenas_lock);
static LIST_HEAD(vmem_roots);		/* arenas without source */
static unsigned int vmem_last_id;

/* === The tree of arenas === */

/* Enter an arena below its source, and give it a number. */
static void enlist(struct vmem *vmp)
{
	struct vmem *src = vmp->source;
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	vmp->id = ++vmem_last_id;
	list_add_tail(&vmp->siblings, src ? &src->children : &vmem_roots);
	__vmem_view_begin(vmp);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	vmem_views_update();
}

/* Does anybody need an arena? Arenas that import from it do, and sleepers. */
static bool needed(struct vmem *vmp)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	spin_lock(&vmp->lock);
	ret = !list_empty(&vmp->children) || !list_empty(&vmp->waiters);
	spin_unlock(&vmp->lock);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	return ret;
}

/* Take an arena out. From now on nobody knows it, and its source may go. */
static void delist(struct vmem *vmp)
{
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	list_del(&vmp->siblings);
	__vmem_view_end(vmp);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	vmem_views_update();
}

/**
 * __vmem_arena_next() - Go through all arenas, each before its children.
 * @vmp: The one before; %NULL to begin.
 * @depth: How many ancestors it has, kept up to date.
 *
 * Return: The next arena; %NULL at the end.
 */
struct vmem *__vmem_arena_next(struct vmem *vmp, unsigned int *depth)
{
	struct list_head *peers;

	lockdep_assert_held(&vmem_arenas_lock);
	if (!vmp) {
		*depth = 0;
		return list_first_entry_or_null(&vmem_roots, struct vmem,
						siblings);
	}
	if (!list_empty(&vmp->children)) {
		++*depth;
		return list_first_entry(&vmp->children, struct vmem, siblings);
	}
	for (;;) {
		peers = vmp->source ? &vmp->source->children : &vmem_roots;
		if (!list_is_last(&vmp->siblings, peers))
			return list_next_entry(vmp, siblings);
		if (!vmp->source)
			return NULL;
		vmp = vmp->source;
		--*depth;
	}
}

static DECLARE_WAIT_QUEUE_HEAD(unpinned);

/* Let nobody visit an arena any more who has not been called by its owner. */
static void await_visitors(struct vmem *vmp)
{
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	vmp->ending = true;
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	wait_event(unpinned, !READ_ONCE(vmp->pins));
	/* The last visitor is out of its critical section, too. */
	spin_lock_irqsave(&vmem_arenas_lock, flags);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
}

/* Visit an arena, which cannot end until vmem_arena_unpin(). False if it ends already. */
bool __vmem_arena_pin(struct vmem *vmp)
{
	lockdep_assert_held(&vmem_arenas_lock);
	if (vmp->ending)
		return false;
	WRITE_ONCE(vmp->pins, vmp->pins + 1);
	return true;
}

void vmem_arena_unpin(struct vmem *vmp)
{
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	WRITE_ONCE(vmp->pins, vmp->pins - 1);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	wake_up_all(&unpinned);
}

/**
 * vmem_arena_pin_next() - Visit all arenas, with no lock held.
 * @vmp: The one before, which may end now; %NULL to begin.
 *
 * Go on to the end: the arena in between cannot end.
 *
 * Return: The next arena; %NULL at the end.
 */
struct vmem *vmem_arena_pin_next(struct vmem *vmp)
{
	struct vmem *next = vmp;
	unsigned long flags;
	unsigned int depth = 0;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	do {
		next = __vmem_arena_next(next, &depth);
	} while (next && !__vmem_arena_pin(next));
	if (vmp)
		WRITE_ONCE(vmp->pins, vmp->pins - 1);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	wake_up_all(&unpinned);
	return next;
}

/* === Creation === */

static bool span_valid(unsigned long quantum, unsigned long addr,
		       unsigned long size)
{
	return addr && size && IS_ALIGNED(addr | size, quantum) &&
	       addr + (size - 1) >= addr;
}

static bool has_span(const struct vmem_spec *spec)
{
	return spec->resource || spec->base || spec->size;
}

/* What is wrong with the arguments of a creation, if anything. */
static const char *wrong_creation(const struct vmem_spec *spec)
{
	const struct vmem *src = spec->source;

	if (!is_power_of_2(spec->quantum))
		return "bad quantum";
	if ((spec->vmflag & VMC_KMEMLEAK) &&
	    ((spec->vmflag & VMC_IDENTIFIER) || spec->resource))
		return "bad flags";
	if (src && ((src->cflags ^ spec->vmflag) & VMC_IDENTIFIER))
		return "identifier mismatch";
	if (!spec->growing && spec->alloc_fn == vmem_dma_alloc && !(src && src->dma))
		return "no device";
	if (has_span(spec) && !span_valid(spec->quantum, spec->base, spec->size))
		return "bad span";
	return NULL;
}

/*
 * Is a good call made to fail that could by its flags (fault.c)? VM_ABORT is about
 * space, which it does not ask for.
 */
static bool made_to_fail(unsigned long size, int vmflag)
{
	return vmem_fail_armed() && vmem_fail_turn(vmflag & ~VM_ABORT, size);
}

static void init(struct vmem *vmp, const char *name, unsigned long quantum)
{
	spin_lock_init(&vmp->lock);
	INIT_LIST_HEAD(&vmp->anchor.order);
	INIT_LIST_HEAD(&vmp->waiters);
	INIT_LIST_HEAD(&vmp->walks);
	INIT_LIST_HEAD(&vmp->children);
	vmp->anchor.type = VMEM_SEG_SPAN;
	vmp->quantum = quantum;
	vmp->quantum_shift = __ffs(quantum);
	vmem_table_init(&vmp->allocated, vmp->quantum_shift, 0);
	vmem_audit_init(vmp);
	ratelimit_state_init(&vmp->reports, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	vmem_copy_text(vmp->name, name, sizeof(vmp->name));
}

static void discard(struct vmem *vmp)
{
	vmem_qcache_destroy(vmp);
	vmem_seg_delete_all(vmp->spare);
	vmem_seg_delete_all(vmp->outgrown);
	vmem_table_exit(&vmp->allocated);
	vmem_audit_exit(vmp);
	kfree(vmp->free.class);
	kmem_cache_free(vmem_arena_cache, vmp);
}

/* Add a valid span of the user's, or tell what is wrong with it. */
static bool add(struct vmem *vmp, unsigned long addr, unsigned long size,
		int vmflag, const char **wrong)
{
	struct vmem_span *span;
	unsigned long flags;

	*wrong = NULL;
	span = vmem_span_new(vmp, addr, addr + (size - 1), vmflag);
	if (!span)
		return false;
	for (;;) {
		spin_lock_irqsave(&vmp->lock, flags);
		if (__vmem_seg_ready(vmp))
			break;
		spin_unlock_irqrestore(&vmp->lock, flags);
		if (!vmem_seg_refill(vmp, vmflag)) {
			kfree(span);
			return false;
		}
	}
	if (__vmem_span_overlap(vmp, span->head.first, span->head.last)) {
		*wrong = "overlap";
	} else {
		__vmem_span_insert(vmp, span);
		__vmem_wake(vmp, span->head.first, span->head.last, NULL);
		span = NULL;
	}
	spin_unlock_irqrestore(&vmp->lock, flags);
	kfree(span);
	return !*wrong;
}

/* Some flags are not for callers, or not for all of them. */
static int creation_flags(const struct vmem_spec *spec)
{
	int cflags = spec->vmflag & VMC_FLAGS & ~VMC_XALLOC;

	return spec->growing ? (cflags & ~VMC_POPULATOR) | VMC_XALLOC :
			       cflags & ~VMC_XALIGN;
}

static void set_import(struct vmem *vmp, const struct vmem_spec *spec)
{
	if (spec->growing)
		vmp->ximport_fn = spec->ximport_fn;
	else
		vmp->alloc_fn = spec->alloc_fn;
	vmp->free_fn = spec->free_fn;
	vmp->dma = spec->dma;
	vmp->creator = spec->caller;
}

/* Caches and the first span, as far as there shall be any. */
static bool equip(struct vmem *vmp, const struct vmem_spec *spec,
		  const char **wrong)
{
	if (!vmem_qcache_create(vmp, spec->qcache_max, spec->vmflag))
		return false;
	return !has_span(spec) ||
	       add(vmp, spec->base, spec->size, spec->vmflag, wrong);
}

/* The arena, known to nobody yet; or what is wrong. */
static struct vmem *create(const struct vmem_spec *spec, const char **wrong)
{
	struct vmem *vmp;

	*wrong = wrong_creation(spec);
	if (*wrong || made_to_fail(spec->size, spec->vmflag))
		return NULL;
	vmp = kmem_cache_zalloc(vmem_arena_cache, vmem_gfp_nofail(spec->vmflag));
	if (!vmp)
		return NULL;
	init(vmp, spec->name, spec->quantum);
	vmp->source = spec->source;
	vmp->cflags = creation_flags(spec);
	if (vmp->cflags & VMC_NO_QCACHE)
		vmp->min_import = vmem_slab_size(spec->quantum, spec->qcache_max);
	if (!equip(vmp, spec, wrong)) {
		discard(vmp);
		return NULL;
	}
	set_import(vmp, spec);
	return vmp;
}

/* Tell why there is no arena, if somebody is to blame for it. */
void vmem_refuse_creation(const char *wrong, const struct vmem_spec *spec)
{
	if (wrong)
		vmem_report(wrong, spec->name ?: "", spec->base, spec->size,
			    spec->caller);
	vmem_panic(NULL, spec->vmflag);
}

/**
 * vmem_build() - Create an arena.
 * @spec: What it is to be like.
 *
 * Return: The arena; %NULL if refused, which has been reported, or if there is no
 * memory and the flags say not to wait.
 */
struct vmem *vmem_build(const struct vmem_spec *spec)
{
	const char *wrong;
	struct vmem *vmp;

	vmem_might_wait(spec->vmflag);
	vmp = create(spec, &wrong);
	if (!vmp) {
		vmem_refuse_creation(wrong, spec);
		return NULL;
	}
	__module_get(THIS_MODULE);
	enlist(vmp);
	return vmp;
}

vmem_t *vmem_create(const char *name, void *base, size_t size, size_t quantum,
		    vmem_alloc_t *afunc, vmem_free_t *ffunc, vmem_t *source,
		    size_t qcache_max, int vmflag)
{
	struct vmem_spec spec = {
		.name = name,
		.base = (unsigned long)base,
		.size = size,
		.quantum = quantum,
		.alloc_fn = afunc,
		.free_fn = ffunc,
		.source = source,
		.qcache_max = qcache_max,
		.vmflag = vmflag,
		.caller = _RET_IP_,
	};

	return vmem_build(&spec);
}
EXPORT_SYMBOL_GPL(vmem_create);

vmem_t *vmem_xcreate(const char *name, void *base, size_t size, size_t quantum,
		     vmem_ximport_t *afunc, vmem_free_t *ffunc, vmem_t *source,
		     size_t qcache_max, int vmflag)
{
	struct vmem_spec spec = {
		.name = name,
		.base = (unsigned long)base,
		.size = size,
		.quantum = quantum,
		.growing = true,
		.ximport_fn = afunc,
		.free_fn = ffunc,
		.source = source,
		.qcache_max = qcache_max,
		.vmflag = vmflag,
		.caller = _RET_IP_,
	};

	return vmem_build(&spec);
}
EXPORT_SYMBOL_GPL(vmem_xcreate);

void *vmem_add(vmem_t *vmp, void *addr, size_t size, int vmflag)
{
	const char *wrong = NULL;
	bool added = false;

	vmem_might_wait(vmflag);
	if (vmem_absent(vmp, _RET_IP_))
		added = false;
	else if (!span_valid(vmp->quantum, (unsigned long)addr, size))
		wrong = "bad span";
	else if (!made_to_fail(size, vmflag))
		added = add(vmp, (unsigned long)addr, size, vmflag, &wrong);
	if (wrong)
		vmem_misuse(vmp, wrong, (unsigned long)addr, size, _RET_IP_);
	if (!added)
		vmem_panic(vmp, vmflag);
	return added ? addr : NULL;
}
EXPORT_SYMBOL_GPL(vmem_add);

/* === Private pointer === */

void vmem_set_private(vmem_t *vmp, void *priv)
{
	if (!vmem_absent(vmp, _RET_IP_))
		WRITE_ONCE(vmp->private, priv);
}
EXPORT_SYMBOL_GPL(vmem_set_private);

void *vmem_get_private(vmem_t *vmp)
{
	return vmem_absent(vmp, _RET_IP_) ? NULL : READ_ONCE(vmp->private);
}
EXPORT_SYMBOL_GPL(vmem_get_private);

/* === End === */

/* Return an imported span to its source, and drop any other. */
static void drop_span(struct vmem *vmp, struct vmem_span *span)
{
	if (span->imported)
		vmem_import_release(vmp, span, NULL);
	else
		kfree(span);
}

/* Drop all tags: nobody else has a use for the arena, so no lock is needed. */
static void drop_all(struct vmem *vmp)
{
	struct vmem_seg *seg, *next;

	list_for_each_entry_safe(seg, next, &vmp->anchor.order, order) {
		if (seg->type == VMEM_SEG_SPAN)
			drop_span(vmp, container_of(seg, struct vmem_span, head));
		else
			vmem_seg_delete(seg);
		cond_resched();
	}
}

/* End an arena on behalf of @caller. */
void vmem_end(struct vmem *vmp, unsigned long caller)
{
	if (needed(vmp)) {
		vmem_misuse(vmp, "arena in use", 0, 0, caller);
		return;
	}
	await_visitors(vmp);
	vmem_qcache_empty(vmp);
	vmem_report_leak(vmp, caller);
	if (vmem_leaktraced(vmp))
		vmem_leaktrace_end(vmp);
	drop_all(vmp);
	if (vmp->alloc_fn || vmp->dma)
		vmem_free_now();
	delist(vmp);
	vmem_dma_exit(vmp->dma);
	discard(vmp);
	module_put(THIS_MODULE);
}

void vmem_destroy(vmem_t *vmp)
{
	might_sleep();
	if (vmp)
		vmem_end(vmp, _RET_IP_);
}
EXPORT_SYMBOL_GPL(vmem_destroy);
