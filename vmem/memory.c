// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory for arenas: import and release functions over the kernel's own
 * allocators. (For DMA-coherent memory see dma.c.)
 *
 * An import may sleep or not, as its flags say, and so may the allocators. But a
 * release may come from anywhere, and not all memory can be freed anywhere: what
 * is mapped is left to a worker. Whoever ends an arena waits for it.
 */
#include "internal.h"

/* === Freed a little later === */

static LLIST_HEAD(later);
static DEFINE_MUTEX(later_mutex);	/* held until what was taken out is freed */

static void free_all_later(void)
{
	struct vmem_later *entry, *next;
	unsigned int noio;

	mutex_lock(&later_mutex);
	/* Whoever waits for the mutex may be what reclaim waits for. */
	noio = memalloc_noio_save();
	llist_for_each_entry_safe(entry, next, llist_del_all(&later), node) {
		entry->free(entry);
		cond_resched();
	}
	memalloc_noio_restore(noio);
	mutex_unlock(&later_mutex);
}

static void later_work(struct work_struct *work)
{
	free_all_later();
}

static DECLARE_WORK(vmem_later_work, later_work);

/* Have @entry, with its memory and what it stands for, freed by its function. */
void vmem_free_later(struct vmem_later *entry)
{
	if (llist_add(&entry->node, &later))
		schedule_work(&vmem_later_work);
}

/* Free now what was to be freed later, or wait until somebody has who is at it. */
void vmem_free_now(void)
{
	free_all_later();
}

/* The same before the worker's code goes away. */
void vmem_memory_exit(void)
{
	cancel_work_sync(&vmem_later_work);
	free_all_later();
}

/* === Patience === */

/*
 * Get memory, if need be by trying until there is some. There is no __GFP_NOFAIL
 * for large blocks, and none that a signal ends. A slab is not insisted on: if there
 * is none, a single object will do.
 */
static void *insist(void *(*get)(size_t size, gfp_t gfp), size_t size, int vmflag)
{
	gfp_t gfp = vmem_gfp(vmflag) | __GFP_NOWARN;
	void *addr = get(size, gfp);

	if (vmflag & (VM_NOSLEEP | VMEM_ONCE))
		return addr;
	while (!addr && !((vmflag & VM_KILLABLE) && fatal_signal_pending(current))) {
		memalloc_retry_wait(gfp);
		addr = get(size, gfp);
	}
	return addr;
}

/* Is there as much memory at all? Otherwise it is not worth waiting for. */
static bool memory_possible(size_t size)
{
	return size && (size - 1) >> PAGE_SHIFT < totalram_pages();
}

/**
 * vmem_memory_unit() - What spans of an arena's own import function consist of.
 * @vmp: The arena.
 *
 * Return: Whole pages, if that is one of those here; otherwise 1.
 */
unsigned long vmem_memory_unit(const struct vmem *vmp)
{
	if (vmp->cflags & VMC_XALLOC)
		return 1;
	return vmp->alloc_fn == vmem_pages_alloc ||
	       vmp->alloc_fn == vmem_kvmalloc_alloc ||
	       vmp->alloc_fn == vmem_vmalloc_alloc ? PAGE_SIZE : 1;
}

/* === Pages === */

static void *get_pages(size_t size, gfp_t gfp)
{
	return alloc_pages_exact(size, gfp);
}

void *vmem_pages_alloc(vmem_t *source, size_t size, int vmflag)
{
	vmem_might_wait(vmflag);
	if (!memory_possible(size) || get_order(size) > MAX_PAGE_ORDER)
		return NULL;
	return insist(get_pages, size, vmflag);
}
EXPORT_SYMBOL_GPL(vmem_pages_alloc);

void vmem_pages_free(vmem_t *source, void *addr, size_t size)
{
	if (addr)
		free_pages_exact(addr, size);
}
EXPORT_SYMBOL_GPL(vmem_pages_free);

/* === kvmalloc() === */

/*
 * Less than a page may come from a cache of slab objects whose size is no power of
 * two, and whose alignment therefore is less than a quantum. What KFENCE serves, a
 * page at most, kmemleak takes for one object, and would not know blocks in it.
 */
static void *get_kvmalloc(size_t size, gfp_t gfp)
{
	if (size < PAGE_SIZE)
		size = roundup_pow_of_two(size);
	if (IS_ENABLED(CONFIG_KFENCE) && IS_ENABLED(CONFIG_DEBUG_KMEMLEAK))
		size = max_t(size_t, size, PAGE_SIZE + 1);
	return gfpflags_allow_blocking(gfp) ? kvmalloc(size, gfp) :
					      kmalloc(size, gfp);
}

void *vmem_kvmalloc_alloc(vmem_t *source, size_t size, int vmflag)
{
	vmem_might_wait(vmflag);
	if (!memory_possible(size) || size >= VMALLOC_TOTAL || size > INT_MAX)
		return NULL;
	return insist(get_kvmalloc, size, vmflag);
}
EXPORT_SYMBOL_GPL(vmem_kvmalloc_alloc);

void vmem_kvmalloc_free(vmem_t *source, void *addr, size_t size)
{
	if (is_vmalloc_addr(addr))
		vmem_vmalloc_free(source, addr, size);
	else
		kfree(addr);
}
EXPORT_SYMBOL_GPL(vmem_kvmalloc_free);

/* === vmalloc() === */

static void *get_vmalloc(size_t size, gfp_t gfp)
{
	return __vmalloc(size, gfp);
}

void *vmem_vmalloc_alloc(vmem_t *source, size_t size, int vmflag)
{
	vmem_might_wait(vmflag);
	if (vmflag & VM_NOSLEEP || !memory_possible(size) || size >= VMALLOC_TOTAL)
		return NULL;
	return insist(get_vmalloc, size, vmflag);
}
EXPORT_SYMBOL_GPL(vmem_vmalloc_alloc);

/* In the memory itself, which nobody uses any more. */
static void free_vmalloc(struct vmem_later *entry)
{
	vfree(entry);
}

void vmem_vmalloc_free(vmem_t *source, void *addr, size_t size)
{
	struct vmem_later *entry = addr;

	if (!entry)
		return;
	entry->free = free_vmalloc;
	vmem_free_later(entry);
}
EXPORT_SYMBOL_GPL(vmem_vmalloc_free);
