/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmem - an allocator of integers: ids, offsets, windows, addresses
 *
 * An arena is a set of numbers. It is filled with spans, given once or imported
 * from another arena when needed, and hands out segments of them, of any size,
 * under any alignment, boundary and window. It never touches what the numbers
 * stand for. Interface and terms are those of Bonwick and Adams, "Magazines and
 * Vmem", USENIX 2001, section 4, and of the manual page vmem(9).
 *
 * A driver's use in four calls::
 *
 *	ids = vmem_create("ids", (void *)1, 64, 1, NULL, NULL, NULL, 0,
 *			  VM_SLEEP | VMC_IDENTIFIER);
 *	id = (uintptr_t)vmem_alloc(ids, 1, VM_NOSLEEP | VM_NEXTFIT);
 *	vmem_free(ids, (void *)id, 1);
 *	vmem_destroy(ids);
 *
 * Numbers travel as pointers, %NULL means failure, and so 0 is never handed out:
 * an identifier space that should begin at 0 is biased by one. Sizes are in
 * units of the arena's numbers: bytes for addresses, identifiers for ids.
 *
 * The names below are historical and shared with systems that vmem drivers come
 * from. In Linux, %VM_ and another word also name flags of user mappings
 * (<linux/mm.h>) and of vmalloc areas (<linux/vmalloc.h>); none of them is equal
 * to one of ours, and all three headers may be included in any order.
 *
 * Context, used below:
 *
 *	any:	tasks (with spinlocks held or interrupts off, too), softirq and
 *		hardirq, never NMI. On PREEMPT_RT not hardirq, nor a task with a
 *		raw spinlock held, or interrupts or preemption off: arenas are
 *		guarded by a spinlock_t. What a quantum cache has at hand is got
 *		without any lock, but nobody can know before that it has.
 *	sleep:	only where sleeping is legal.
 *	flag:	"any" with %VM_NOSLEEP, "sleep" without.
 *
 * Bad arguments never panic and never damage an arena. They are reported once,
 * as "vmem: <what>: arena ... addr ... size ... caller ..." at warning level,
 * counted in the arena's misuse counter, and refused.
 */
#ifndef _LINUX_VMEM_H
#define _LINUX_VMEM_H

#include <linux/types.h>

struct device;
struct resource;

/**
 * typedef vmem_t - An arena.
 *
 * Opaque: made by vmem_create() or vmem_xcreate(), ended by vmem_destroy().
 */
typedef struct vmem vmem_t;

/**
 * typedef vmem_alloc_t - Import function of an arena.
 * @source: The source that the arena was created with.
 * @size: Units wanted.
 * @vmflag: The %VM_KMFLAGS bits of the request that needs the import.
 *
 * Called when the arena has run out, with no lock held. vmem_alloc() itself is of
 * this type, which is how arenas are stacked.
 *
 * Return: Where the units begin, a multiple of the arena's quantum, or %NULL.
 */
typedef void *vmem_alloc_t(vmem_t *source, size_t size, int vmflag);

/**
 * typedef vmem_free_t - Release function of an arena.
 * @source: The source that the arena was created with.
 * @addr: What the import function returned.
 * @size: What it was asked for, or had raised it to.
 *
 * Called when an imported span has become wholly free, with no lock held. It must
 * be legal wherever the arena is freed into. vmem_free() is of this type.
 */
typedef void vmem_free_t(vmem_t *source, void *addr, size_t size);

/**
 * typedef vmem_ximport_t - Growing import function of an arena.
 * @source: The source that the arena was created with.
 * @sizep: Units wanted, to be raised to the units obtained if those are more: a
 *	multiple of the quanta of the arena and of the source. Never lowered.
 * @align: Alignment that the request asks for. To be honoured if the arena was
 *	made with %VMC_XALIGN.
 * @vmflag: The %VM_KMFLAGS bits of the request that needs the import.
 *
 * Return: As &vmem_alloc_t.
 */
typedef void *vmem_ximport_t(vmem_t *source, size_t *sizep, size_t align,
			     int vmflag);

/*
 * Allocation flags. One of %VM_SLEEP and %VM_NOSLEEP, any of the modifiers,
 * and at most one policy: without any, instant fit, which is the fastest.
 */

/**
 * define VM_SLEEP - Wait until the request can be met.
 *
 * The wait is uninterruptible and ends when space is freed, added, or becomes
 * available in an arena that is imported from. The result is %NULL only if the
 * call is refused, or with %VM_ABORT or %VM_KILLABLE.
 */
#define VM_SLEEP		0x00000000

/**
 * define VM_NOSLEEP - Never sleep; %NULL when there is no space or no memory.
 */
#define VM_NOSLEEP		0x00000001

/**
 * define VM_PANIC - Panic where the call would return %NULL, for any reason.
 *
 * The only way to make this library panic.
 */
#define VM_PANIC		0x00000002

/**
 * define VM_PUSHPAGE - Records may use atomic reserves, with %VM_NOSLEEP.
 *
 * No effect without %VM_NOSLEEP.
 */
#define VM_PUSHPAGE		0x00000004

/**
 * define VM_NORMALPRI - Do not try hard to find memory for records.
 */
#define VM_NORMALPRI		0x00000008

/**
 * define VM_KILLABLE - A fatal signal ends a %VM_SLEEP wait, with %NULL.
 *
 * Not found on other systems.
 */
#define VM_KILLABLE		0x00000080

/**
 * define VM_KMFLAGS - Mask of the flags that import functions get to see.
 */
#define VM_KMFLAGS		0x000000ff

/**
 * define VM_BESTFIT - Policy of the smallest free segment that can serve.
 *
 * Of the whole arena, by the segment's full length. Costs O(log n) in the number
 * of free segments, and an index, built at the first use, from then on.
 */
#define VM_BESTFIT		0x00000100

/**
 * define VM_FIRSTFIT - Policy of the lowest suitable address.
 *
 * Costs as %VM_BESTFIT.
 */
#define VM_FIRSTFIT		0x00000200

/**
 * define VM_NEXTFIT - Policy of the first suitable address after the last one.
 *
 * Each arena has one cursor, which every successful next-fit request moves to
 * the end of its block; the search wraps to the lowest suitable address once.
 * This is what cyclic identifiers want. Costs as %VM_BESTFIT. Overrides
 * %VM_BESTFIT, which overrides %VM_FIRSTFIT.
 */
#define VM_NEXTFIT		0x00000400

/**
 * define VM_MEMLOAD - Accepted and ignored.
 */
#define VM_MEMLOAD		0x00000800

/**
 * define VM_NORELOC - Accepted and ignored.
 */
#define VM_NORELOC		0x00001000

/**
 * define VM_ABORT - Give up as soon as the first attempts have failed.
 *
 * The call waits for no space, even with %VM_SLEEP, nor does it get any back from
 * quantum caches. But it may still wait for memory, and an import function other
 * than vmem_alloc() may sleep by itself.
 */
#define VM_ABORT		0x00002000

/**
 * define VM_ENDALLOC - Place the block as high as possible.
 *
 * In the segment that the policy has chosen. Ignored with %VM_NEXTFIT.
 */
#define VM_ENDALLOC		0x00004000

/**
 * define VM_FLAGS - Mask of all allocation flags.
 */
#define VM_FLAGS		0x0000ffff

/* Creation flags, together with %VM_SLEEP or %VM_NOSLEEP for the creation. */

/**
 * define VMC_POPULATOR - Accepted, no effect.
 */
#define VMC_POPULATOR		0x00010000

/**
 * define VMC_NO_QCACHE - No quantum caches; import in larger pieces instead.
 *
 * No import is then smaller than a quantum cache's slab for the same qcache_max
 * would be: the smallest power of two above three times the effective
 * qcache_max, at least 64.
 */
#define VMC_NO_QCACHE		0x00020000

/**
 * define VMC_IDENTIFIER - The arena holds numbers, not memory.
 *
 * Reports then count identifiers instead of bytes. An arena and its source must
 * agree on it.
 */
#define VMC_IDENTIFIER		0x00040000

/**
 * define VMC_XALLOC - Internal; dropped when passed in.
 */
#define VMC_XALLOC		0x00080000

/**
 * define VMC_XALIGN - The growing import function honours its align argument.
 *
 * Imports are then not padded to find an aligned block in them. For
 * vmem_xcreate() only; dropped by vmem_create().
 */
#define VMC_XALIGN		0x00100000

/**
 * define VMC_DUMPSAFE - Accepted, no effect.
 */
#define VMC_DUMPSAFE		0x00200000

/**
 * define VMC_KMEMLEAK - The arena hands out real kernel memory.
 *
 * kmemleak then knows every block, as allocated by whoever called vmem_alloc() or
 * vmem_xalloc(), until it is freed: a lost one is found like one of kmalloc(), and
 * what blocks point to is not taken for lost. What kmemleak knew of the arena's
 * spans, as they were imported or added, is forgotten. A span that is added must be
 * the whole of an allocation, or nothing that kmemleak knows: static memory, or a
 * part of what kmalloc() returned, would make it stop. Without CONFIG_DEBUG_KMEMLEAK
 * there is no effect; with it quantum caches of such an arena have no magazines.
 * An arena that this one imports from should have the flag, too: otherwise that one's
 * records point at blocks that begin a span. Refused together with %VMC_IDENTIFIER,
 * and by vmem_create_resource(). Not found on other systems.
 */
#define VMC_KMEMLEAK		0x01000000

/**
 * define VMC_FLAGS - Mask of all creation flags.
 */
#define VMC_FLAGS		0xffff0000

/* What vmem_walk() visits and vmem_size() counts. */

/**
 * define VMEM_ALLOC - Allocated segments.
 */
#define VMEM_ALLOC		0x00000001

/**
 * define VMEM_FREE - Free segments.
 */
#define VMEM_FREE		0x00000002

/**
 * define VMEM_SPAN - Spans; vmem_walk() only.
 */
#define VMEM_SPAN		0x00000010

/**
 * define VMEM_ROTOR - Matches nothing, as the cursor of %VM_NEXTFIT is no segment.
 */
#define VMEM_ROTOR		0x00000020

/**
 * define VMEM_WALKER - A mask with this bit walks nothing.
 */
#define VMEM_WALKER		0x00000040

/**
 * define VMEM_REENTRANT - vmem_walk() holds no lock during a callback.
 */
#define VMEM_REENTRANT		0x80000000

/**
 * define VMEM_NQCACHE_MAX - Quantum caches an arena can have.
 */
#define VMEM_NQCACHE_MAX	16

/**
 * vmem_create() - Create an arena.
 * @name: For reports and listings; copied, cut to 29 characters. What is not
 *	printable ASCII, and a quote, becomes a question mark.
 * @base: Start of the first span, a non-zero multiple of @quantum; %NULL for none.
 * @size: Length of the first span, a multiple of @quantum; 0 for none.
 * @quantum: Unit of allocation, a power of two; every address is a multiple of it.
 * @afunc: Import function; %NULL if the arena is never to import.
 * @ffunc: Release function; %NULL to keep imported spans.
 * @source: First argument of @afunc and @ffunc: the arena to import from. With
 *	@afunc and no @source, the arena imports from elsewhere in the kernel.
 * @qcache_max: Largest size that quantum caches should serve; 0 for none. With
 *	%VMC_NO_QCACHE it sets a minimum import size instead.
 * @vmflag: %VM_SLEEP or %VM_NOSLEEP, which is about this call only, and
 *	%VMC_IDENTIFIER, %VMC_KMEMLEAK, %VMC_NO_QCACHE as wanted.
 *
 * With vmem_alloc() and vmem_free() as @afunc and @ffunc the arena imports what
 * it lacks from @source, and gives spans back as soon as they are wholly free.
 *
 * There are n = min(@qcache_max / @quantum, %VMEM_NQCACHE_MAX) quantum caches, the
 * division rounded down: one for each size of 1 to n quanta, which serves requests
 * rounded up to it. The effective qcache_max is n quanta. Larger sizes, and all
 * vmem_xalloc(), are served by the arena itself.
 *
 * A cache cuts its objects from slabs, segments of the arena of up to 64 objects
 * each. All slabs of an arena are of one size: the smallest power of two above
 * three times the effective qcache_max, at least 64. A CPU that uses a cache keeps
 * free objects of it in magazines. Those of all CPUs together have room for a
 * hundredth at most of what the arena has of its own, or can get from arenas that
 * have no caches. Where there is no space for some 400 objects of a size, magazines are
 * not used for it, and each call takes the arena lock to get at a slab.
 *
 * Caches cost a pointer for each of them and each possible CPU, and 8 bytes for
 * each CPU, from the beginning; two magazines of up to 256 bytes, 2 KiB if CPUs
 * contend for them, for each CPU that uses a cache, and those in the depot; and a
 * record of 56 bytes for each slab. With %VM_SLEEP an arena for which there is no
 * per-CPU memory is made without caches. So is one whose slabs would be half of
 * all addresses.
 *
 * Context: flag. Takes the lock of no other arena.
 * Return: The arena. %NULL if refused (bad quantum, bad span, identifier
 * mismatch, bad flags, no device) or, with %VM_NOSLEEP, if memory was short.
 */
vmem_t *vmem_create(const char *name, void *base, size_t size, size_t quantum,
		    vmem_alloc_t *afunc, vmem_free_t *ffunc, vmem_t *source,
		    size_t qcache_max, int vmflag);

/**
 * vmem_xcreate() - Create an arena whose imports may grow.
 * @name: As for vmem_create().
 * @base: As for vmem_create().
 * @size: As for vmem_create().
 * @quantum: As for vmem_create().
 * @afunc: Growing import function; %NULL if the arena is never to import.
 * @ffunc: As for vmem_create().
 * @source: As for vmem_create().
 * @qcache_max: As for vmem_create().
 * @vmflag: As for vmem_create(); also %VMC_XALIGN.
 *
 * Context: As vmem_create().
 * Return: As vmem_create().
 */
vmem_t *vmem_xcreate(const char *name, void *base, size_t size, size_t quantum,
		     vmem_ximport_t *afunc, vmem_free_t *ffunc, vmem_t *source,
		     size_t qcache_max, int vmflag);

/**
 * vmem_create_resource() - Create an arena of the addresses of a resource.
 * @name: As for vmem_create(); %NULL for the resource's own name.
 * @res: A BAR, a window: from its start to its end.
 * @quantum: As for vmem_create().
 * @qcache_max: As for vmem_create().
 * @vmflag: As for vmem_create(), but not %VMC_KMEMLEAK: these are no addresses of
 *	the kernel's.
 *
 * Nothing is claimed: whoever owns the resource, normally by pci_request_region()
 * or devm_request_mem_region(), shares it out. What is left at both ends when it
 * is cut to multiples of @quantum is not used, nor is address 0.
 *
 * Context: As vmem_create().
 * Return: As vmem_create(). A resource without flags, or that has been assigned no
 * address, or has some beyond what a pointer can carry, is a bad span.
 */
vmem_t *vmem_create_resource(const char *name, const struct resource *res,
			     size_t quantum, size_t qcache_max, int vmflag);

/**
 * devm_vmem_create() - Create an arena that ends with its device's driver.
 * @dev: The device.
 * @name: As for vmem_create().
 * @base: As for vmem_create().
 * @size: As for vmem_create().
 * @quantum: As for vmem_create().
 * @afunc: As for vmem_create().
 * @ffunc: As for vmem_create().
 * @source: As for vmem_create().
 * @qcache_max: As for vmem_create().
 * @vmflag: As for vmem_create().
 *
 * vmem_destroy() follows when the driver is detached, or its probe function fails.
 * As what is managed ends in reverse order, a source that is made before its
 * children outlives them, and blocks must be freed by then: by remove(), or by
 * an action that is added later. If it is refused then, as an arena that is not
 * managed still imports from this one, nobody can end it any more.
 *
 * Context: sleep.
 * Return: As vmem_create(); %NULL, too, if there is no memory to note it down.
 */
vmem_t *devm_vmem_create(struct device *dev, const char *name, void *base,
			 size_t size, size_t quantum, vmem_alloc_t *afunc,
			 vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
			 int vmflag);

/**
 * devm_vmem_xcreate() - The same for an arena whose imports may grow.
 * @dev: The device.
 * @name: As for vmem_create().
 * @base: As for vmem_create().
 * @size: As for vmem_create().
 * @quantum: As for vmem_create().
 * @afunc: As for vmem_xcreate().
 * @ffunc: As for vmem_create().
 * @source: As for vmem_create().
 * @qcache_max: As for vmem_create().
 * @vmflag: As for vmem_xcreate().
 *
 * Context: sleep.
 * Return: As devm_vmem_create().
 */
vmem_t *devm_vmem_xcreate(struct device *dev, const char *name, void *base,
			  size_t size, size_t quantum, vmem_ximport_t *afunc,
			  vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
			  int vmflag);

/**
 * devm_vmem_create_resource() - The same for the addresses of a resource.
 * @dev: The device.
 * @name: As for vmem_create_resource().
 * @res: As for vmem_create_resource().
 * @quantum: As for vmem_create().
 * @qcache_max: As for vmem_create().
 * @vmflag: As for vmem_create_resource().
 *
 * Context: sleep.
 * Return: As vmem_create_resource(); %NULL, too, if there is no memory to note it
 * down.
 */
vmem_t *devm_vmem_create_resource(struct device *dev, const char *name,
				  const struct resource *res, size_t quantum,
				  size_t qcache_max, int vmflag);

/**
 * vmem_destroy() - End an arena.
 * @vmp: The arena, or %NULL.
 *
 * Quantum caches are drained first. What is still allocated then is reported as
 * leaked: objects of caches one by one, by their size, slabs not. Imported spans go
 * back to the source, leaks or not; those without a release function stay with it.
 * Refused, and the arena kept, while another arena has it as source or a thread
 * sleeps in it. Apart from that, no other call on @vmp may be in progress or
 * follow.
 *
 * Context: sleep. Takes the arena lock; the release function is called without.
 */
void vmem_destroy(vmem_t *vmp);

/**
 * vmem_alloc() - Allocate from an arena.
 * @vmp: The arena.
 * @size: Units wanted, not 0. The block occupies @size rounded up to the quantum.
 * @vmflag: %VM_SLEEP or %VM_NOSLEEP, modifiers, and at most one policy.
 *
 * A size up to the effective qcache_max, see vmem_create(), comes from a quantum
 * cache: rounded up to the quantum, aligned to it, and wherever the cache has one.
 * Policy and %VM_ENDALLOC are ignored.
 *
 * For other sizes, if the arena holds a free segment that can serve, every policy
 * finds one.
 *
 * If there is nothing, the arena imports. If that fails, it gets back what quantum
 * caches hold, its own and those of the arenas that it imports from: with
 * %VM_NOSLEEP all but what other CPUs have in their magazines, with %VM_SLEEP that,
 * too. If that does not do, either, %VM_SLEEP waits.
 *
 * Context: flag. Takes no lock if this CPU has an object of that size in its
 * magazines; otherwise a raw one for a moment, or the arena lock, and never while
 * it calls the import function or the source.
 * Return: The block's address, to be given to vmem_free() with the same @size.
 * %NULL if refused (zero size, or a size that no arena could serve and that would
 * be waited for), or if there was no space or no memory for records.
 */
void *vmem_alloc(vmem_t *vmp, size_t size, int vmflag);

/**
 * vmem_free() - Give back what vmem_alloc() returned.
 * @vmp: The arena.
 * @addr: What vmem_alloc() returned.
 * @size: The size it was called with.
 *
 * Neighbouring free segments of the same span become one at once, in constant
 * time. An imported span that is now wholly free goes back to the source.
 * Sleepers that could now be served are woken. A wrong @addr or @size is
 * reported and changes nothing.
 *
 * A size up to the effective qcache_max, see vmem_create(), goes to a quantum
 * cache, which knows of an object only how many quanta it has. That one was free
 * already, has never been allocated, or is of another cache, is found when the
 * magazine that it was put into is emptied. Until then it may be handed out again.
 * The report comes late, its caller need not be who made the mistake, and its size
 * is that of the cache's objects; the arena's own records are never damaged. With
 * CONFIG_VMEM_AUDIT nothing passes through magazines, and each such mistake is
 * found at once. %NULL always is.
 *
 * Context: any, if the release function is legal there. Never sleeps and never
 * allocates memory. Takes no lock if this CPU has room in a magazine; otherwise a
 * raw one for a moment, or the arena lock.
 */
void vmem_free(vmem_t *vmp, void *addr, size_t size);

/**
 * vmem_xalloc() - Allocate from an arena under constraints.
 * @vmp: The arena.
 * @size: Units wanted, not 0.
 * @align: Address modulo @align shall be @phase; a power of two and a multiple of
 *	the quantum. 0 means the quantum.
 * @phase: A multiple of the quantum, below @align.
 * @nocross: The block shall not cross a multiple of @nocross: a power of two and
 *	a multiple of the quantum, at least @align, and large enough for @phase
 *	and @size. 0 means no such limit.
 * @minaddr: Lowest address of the block. 0 means no limit.
 * @maxaddr: First address beyond the block. 0 means no limit.
 * @vmflag: As for vmem_alloc().
 *
 * Quantum caches are never used. What they hold is no free space to begin with,
 * but they give it back for a request that finds nothing else, as vmem_alloc()
 * tells. An arena imports for requests without @nocross, @minaddr and @maxaddr
 * only. A single number is had by the window [n, n + 1).
 *
 * Context: As vmem_alloc() of a size that is not cached.
 * Return: As vmem_alloc(), to be given to vmem_xfree(). Also %NULL if refused
 * because the constraints are malformed.
 */
void *vmem_xalloc(vmem_t *vmp, size_t size, size_t align, size_t phase,
		  size_t nocross, void *minaddr, void *maxaddr, int vmflag);

/**
 * vmem_xfree() - Give back what vmem_xalloc() returned.
 * @vmp: The arena.
 * @addr: What vmem_xalloc() returned.
 * @size: The size it was called with.
 *
 * Each of vmem_alloc() and vmem_xalloc() has its own function to free. They may be
 * mixed only for sizes above the effective qcache_max, see vmem_create(), or if the
 * arena has no quantum caches: to vmem_xfree() an object of a cache is a bad free,
 * and so is to a cache, sooner or later, what vmem_xalloc() returned.
 *
 * Context: As vmem_free() of a size that is not cached.
 */
void vmem_xfree(vmem_t *vmp, void *addr, size_t size);

/**
 * vmem_alloc_bulk() - Make several allocations of one size.
 * @vmp: The arena.
 * @size: Units wanted for each, not 0.
 * @nr: How many allocations.
 * @addrs: Array of @nr addresses, to be filled in. %NULL is refused.
 * @vmflag: As for vmem_alloc(). %VM_PANIC panics below @nr.
 *
 * Each is as one by vmem_alloc(), no faster, and freed by vmem_free() or
 * vmem_free_bulk(). Without %VM_NOSLEEP it waits until it has all of them: two
 * callers who wait for what the other one has already got wait for ever.
 *
 * Context: As vmem_alloc().
 * Return: How many were made, from the start of @addrs on; what is behind them is
 * undefined. As many as there is space for with %VM_NOSLEEP. 0 if refused.
 */
size_t vmem_alloc_bulk(vmem_t *vmp, size_t size, size_t nr, void **addrs,
		       int vmflag);

/**
 * vmem_free_bulk() - Give several blocks of one size back.
 * @vmp: The arena.
 * @size: The size that each was allocated with.
 * @nr: How many.
 * @addrs: Their addresses. %NULL is refused.
 *
 * Each is given back as by vmem_free(); a refused one does not stop the others.
 *
 * Context: As vmem_free().
 * Return: How many were accepted. What is wrong with those of a size that is cached
 * need not have been noticed yet.
 */
size_t vmem_free_bulk(vmem_t *vmp, size_t size, size_t nr, void **addrs);

/**
 * vmem_add() - Add a span to an arena.
 * @vmp: The arena.
 * @addr: Where it begins, a non-zero multiple of the quantum.
 * @size: Its length, a multiple of the quantum.
 * @vmflag: %VM_SLEEP or %VM_NOSLEEP.
 *
 * The span stays until the arena ends. It may touch other spans, but no block
 * ever lies across two. It may end at the very top of the address space.
 *
 * Context: flag. Takes the arena lock.
 * Return: @addr. %NULL if refused (bad span, overlap) or, with %VM_NOSLEEP, if
 * there was no memory for the record.
 */
void *vmem_add(vmem_t *vmp, void *addr, size_t size, int vmflag);

/**
 * vmem_contains() - Tell whether a range belongs to an arena.
 * @vmp: The arena.
 * @addr: Where the range begins.
 * @size: Its length; 0 asks for @addr alone, which may then be a span's end.
 *
 * Context: any. Takes the arena lock.
 * Return: 1 if the range lies within one span, allocated or free; otherwise 0.
 */
int vmem_contains(vmem_t *vmp, void *addr, size_t size);

/**
 * vmem_walk() - Visit an arena's segments in address order.
 * @vmp: The arena.
 * @typemask: Which: %VMEM_ALLOC, %VMEM_FREE, %VMEM_SPAN; and %VMEM_REENTRANT.
 * @func: Called for each with @arg, its start and its size: of allocated
 *	segments, the size that was asked for. A span comes before its segments.
 *	%NULL is refused.
 * @arg: First argument of @func.
 *
 * Without %VMEM_REENTRANT the arena lock is held throughout: a snapshot, and
 * @func must not sleep, nor call into any arena. With it no lock is held in @func,
 * which may do what the caller's context allows; a segment that exists all the
 * time is then visited exactly once, any other at most once each time it appears.
 *
 * Context: any.
 */
void vmem_walk(vmem_t *vmp, int typemask,
	       void (*func)(void *arg, void *start, size_t size), void *arg);

/**
 * vmem_size() - Tell how much an arena holds.
 * @vmp: The arena.
 * @typemask: %VMEM_ALLOC for what is in use, %VMEM_FREE for the rest, both for all.
 *
 * Blocks count with the size that was asked for.
 *
 * Context: any. Takes no lock; the result may be stale.
 * Return: The sum in units of the arena.
 */
size_t vmem_size(vmem_t *vmp, int typemask);

/**
 * vmem_qcache_reap() - Give what quantum caches hold back to the arena.
 * @vmp: The arena.
 *
 * Empties the magazines of all CPUs, each by an interrupt on that CPU, and the
 * depots. Slabs that are wholly free then become free space; others keep their free
 * objects, which vmem_alloc() of their size finds there, and any other request
 * that would fail without them. A CPU that goes offline meanwhile has its magazines
 * emptied when it is dead, perhaps after the return.
 *
 * A request that finds no space does this by itself. Call it to have imported spans
 * go back, or before vmem_walk() and vmem_size() are read.
 *
 * Context: sleep. Takes the arena lock, and a raw one for each depot; the release
 * function is called without.
 */
void vmem_qcache_reap(vmem_t *vmp);

/**
 * vmem_set_private() - Attach a pointer of the owner's to an arena.
 * @vmp: The arena.
 * @priv: The pointer.
 *
 * Import and release functions get at it through their source argument.
 *
 * Context: any. The caller serialises setting against getting.
 */
void vmem_set_private(vmem_t *vmp, void *priv);

/**
 * vmem_get_private() - The pointer given to vmem_set_private().
 * @vmp: The arena.
 *
 * Context: any.
 * Return: The pointer; %NULL if none was set.
 */
void *vmem_get_private(vmem_t *vmp);

/**
 * vmem_gfp() - The gfp flags that allocation flags stand for.
 * @vmflag: %VM_SLEEP or %VM_NOSLEEP, %VM_PUSHPAGE, %VM_NORMALPRI. Others are ignored.
 *
 * What import functions use for their memory, and the library for its own; but with
 * %VM_SLEEP that first tries without waiting, and then has ``__GFP_NOFAIL`` for what it
 * cannot do without, %VM_NORMALPRI or not:
 *
 * ====================================  =======================================
 * %VM_SLEEP                             ``GFP_KERNEL``
 * %VM_SLEEP | %VM_PUSHPAGE              ``GFP_KERNEL``
 * %VM_NOSLEEP                           ``GFP_NOWAIT | __GFP_NOWARN``
 * %VM_NOSLEEP | %VM_PUSHPAGE            ``GFP_ATOMIC | __GFP_NOWARN``
 * any of these with %VM_NORMALPRI       the same with ``__GFP_NORETRY``
 * ====================================  =======================================
 *
 * The scopes of memalloc_noio_save(), memalloc_nofs_save() and memalloc_noreclaim_save()
 * are obeyed, as these flags are given to the kernel's allocators as they are.
 *
 * Context: any. Takes no lock.
 * Return: The gfp flags.
 */
gfp_t vmem_gfp(int vmflag);

/*
 * Kernel memory. Import and release functions for arenas of real memory, which
 * gets it in spans and hands it out in blocks of any size, aligned to the quantum.
 */

/**
 * vmem_pages_alloc() - Import function for whole pages, contiguous in physical memory.
 * @source: Not used; %NULL.
 * @size: Bytes, from alloc_pages_exact().
 * @vmflag: As for import functions.
 *
 * For arenas without source and a quantum of up to ``PAGE_SIZE``. Arenas that have this
 * or one of the following import whole pages. Memory comes as it is, with whatever is
 * in it.
 *
 * With %VM_SLEEP this waits until there is memory, even if somebody frees something
 * in the arena meanwhile; with %VM_KILLABLE a fatal signal ends that. With
 * %VM_NORMALPRI each try is a light one. What the page allocator could never give is
 * not waited for.
 *
 * Context: flag.
 * Return: The pages, or %NULL.
 */
void *vmem_pages_alloc(vmem_t *source, size_t size, int vmflag);

/**
 * vmem_pages_free() - Release function for vmem_pages_alloc().
 * @source: Not used.
 * @addr: What it returned, or %NULL.
 * @size: What it was asked for.
 *
 * Context: any.
 */
void vmem_pages_free(vmem_t *source, void *addr, size_t size);

/**
 * vmem_kvmalloc_alloc() - Import function for memory of kvmalloc().
 * @source: Not used; %NULL.
 * @size: Bytes.
 * @vmflag: As for import functions.
 *
 * As vmem_pages_alloc(). With %VM_NOSLEEP it is memory of kmalloc(), or none.
 *
 * Context: flag.
 * Return: The memory, or %NULL.
 */
void *vmem_kvmalloc_alloc(vmem_t *source, size_t size, int vmflag);

/**
 * vmem_kvmalloc_free() - Release function for vmem_kvmalloc_alloc().
 * @source: Not used.
 * @addr: What it returned, or %NULL.
 * @size: What it was asked for.
 *
 * What must be unmapped to be freed is freed a little later, by a worker, but not
 * later than vmem_destroy() returns.
 *
 * Context: any.
 */
void vmem_kvmalloc_free(vmem_t *source, void *addr, size_t size);

/**
 * vmem_vmalloc_alloc() - Import function for memory of vmalloc().
 * @source: Not used; %NULL.
 * @size: Bytes.
 * @vmflag: As for import functions.
 *
 * As vmem_pages_alloc(), but not contiguous in physical memory. With %VM_NOSLEEP
 * there is none, so such an arena serves who may not sleep from what it has.
 *
 * Context: flag.
 * Return: The memory, or %NULL.
 */
void *vmem_vmalloc_alloc(vmem_t *source, size_t size, int vmflag);

/**
 * vmem_vmalloc_free() - Release function for vmem_vmalloc_alloc().
 * @source: Not used.
 * @addr: What it returned, or %NULL.
 * @size: What it was asked for.
 *
 * Freed a little later, as by vmem_kvmalloc_free().
 *
 * Context: any.
 */
void vmem_vmalloc_free(vmem_t *source, void *addr, size_t size);

/**
 * vmem_create_dma() - Create a source of DMA-coherent memory of a device.
 * @name: As for vmem_create().
 * @dev: The device. Its coherent DMA mask is set by its driver.
 * @vmflag: %VM_SLEEP or %VM_NOSLEEP for this call, and other flags as for
 *	vmem_create() of an empty arena.
 *
 * The source has no numbers of its own; it carries the device. Arenas that have it
 * as source, vmem_dma_alloc() and vmem_dma_free() as functions, and any quantum up
 * to ``PAGE_SIZE``, hand out kernel addresses of that memory, and vmem_dma_addr()
 * tells what the device calls them::
 *
 *	src = vmem_create_dma("card", dev, VM_SLEEP);
 *	rings = vmem_create("rings", NULL, 0, 64, vmem_dma_alloc, vmem_dma_free,
 *			    src, 0, VM_SLEEP);
 *	ring = vmem_alloc(rings, 192, VM_SLEEP);
 *	writeq(vmem_dma_addr(rings, ring), io + RING_BASE);
 *
 * A reference to @dev is held until vmem_destroy(). But coherent memory must be back
 * when the driver leaves its device, so end these arenas by then.
 *
 * Context: flag.
 * Return: The source. %NULL if refused (no device) or, with %VM_NOSLEEP, if memory
 * was short.
 */
vmem_t *vmem_create_dma(const char *name, struct device *dev, int vmflag);

/**
 * devm_vmem_create_dma() - The same, to end with the device's driver.
 * @dev: The device.
 * @name: As for vmem_create().
 * @vmflag: As for vmem_create_dma().
 *
 * Make the arenas that import from it by devm_vmem_create() and after it: they end
 * before it, and before the driver has left.
 *
 * Context: sleep.
 * Return: As vmem_create_dma(); %NULL, too, if there is no memory to note it down.
 */
vmem_t *devm_vmem_create_dma(struct device *dev, const char *name, int vmflag);

/**
 * vmem_dma_alloc() - Import function for DMA-coherent memory.
 * @source: Made by vmem_create_dma().
 * @size: Bytes, a multiple of ``PAGE_SIZE``, from dma_alloc_coherent().
 * @vmflag: As for import functions.
 *
 * This does not insist: with %VM_SLEEP it tries as hard as ``GFP_KERNEL`` does. As a
 * device may have a small area of its own for it, a request that gets nothing then
 * waits for what is freed in the arena. With %VM_NOSLEEP, what was freed a moment ago
 * may not be had yet, and a device whose caches are not coherent draws on a small
 * pool of the kernel's. A device without a coherent DMA mask has no such memory.
 *
 * Context: flag.
 * Return: The memory, as the kernel addresses it, or %NULL.
 */
void *vmem_dma_alloc(vmem_t *source, size_t size, int vmflag);

/**
 * vmem_dma_free() - Release function for vmem_dma_alloc().
 * @source: Made by vmem_create_dma().
 * @addr: What it returned.
 * @size: What it was asked for.
 *
 * Freed a little later, as by vmem_kvmalloc_free().
 *
 * Context: any.
 */
void vmem_dma_free(vmem_t *source, void *addr, size_t size);

/**
 * vmem_dma_addr() - What a device calls an address of its DMA-coherent memory.
 * @vmp: The arena that the address was allocated from, or one further up.
 * @addr: The address, or any inside a block.
 *
 * Context: any. Takes a lock of the source's, a spinlock_t.
 * Return: The bus address. ``DMA_MAPPING_ERROR`` if refused: there is no such memory
 * in any arena that @vmp imports from.
 */
dma_addr_t vmem_dma_addr(vmem_t *vmp, void *addr);

#endif /* _LINUX_VMEM_H */
