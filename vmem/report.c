// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports: what a user's mistake looks like in the kernel log.
 *
 * One line, the same for all, at warning level. Not WARN(), as a mistake of a
 * driver must not stop a machine that panics on warnings.
 */
#define pr_fmt(fmt) "vmem: " fmt

#include "internal.h"

/* Of reports that concern no arena; each arena has a limit of its own. */
struct ratelimit_state vmem_report_limit =
	RATELIMIT_STATE_INIT(vmem_report_limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
EXPORT_SYMBOL_IF_KUNIT(vmem_report_limit);

static void print(const char *what, const char *name, unsigned long addr,
		  unsigned long size, unsigned long caller)
{
	pr_warn("%s: arena \"%.*s\" addr 0x%lx size 0x%lx caller %pS\n",
		what, VMEM_NAME_LEN - 1, name, addr, size, (void *)caller);
}

/**
 * vmem_report() - Report a mistake that no arena can count.
 * @what: Its label.
 * @name: Name of the arena that was meant.
 * @addr: Address, 0 if there is none.
 * @size: Size, 0 if there is none.
 * @caller: Return address into the driver.
 */
void vmem_report(const char *what, const char *name, unsigned long addr,
		 unsigned long size, unsigned long caller)
{
	if (__ratelimit(&vmem_report_limit))
		print(what, name, addr, size, caller);
}

/**
 * vmem_misuse() - Report a mistake in the use of an arena, and count it.
 * @vmp: The arena.
 * @what: Its label.
 * @addr: Address, 0 if there is none.
 * @size: Size, 0 if there is none.
 * @caller: Return address into the driver.
 */
void vmem_misuse(struct vmem *vmp, const char *what, unsigned long addr,
		 unsigned long size, unsigned long caller)
{
	vmem_count(vmp, &vmp->stats.misuse);
	if (__ratelimit(&vmp->reports))
		print(what, vmp->name, addr, size, caller);
}

/* Report a call without an arena. Returns true: there is none. */
bool vmem_refuse_absent(unsigned long caller)
{
	vmem_report("no arena", "", 0, 0, caller);
	return true;
}

/* Report what is still allocated in an arena that ends. */
void vmem_report_leak(struct vmem *vmp, unsigned long caller)
{
	unsigned long units, blocks, flags;
	const char *unit = "bytes";

	spin_lock_irqsave(&vmp->lock, flags);
	units = vmp->inuse;
	blocks = vmp->allocated.count;
	__vmem_slab_leaks(vmp, &units, &blocks);
	spin_unlock_irqrestore(&vmp->lock, flags);
	if (!blocks)
		return;
	if (vmp->cflags & VMC_IDENTIFIER)
		unit = "identifiers";
	pr_warn("leak: arena \"%s\" %lu %s in %lu segments caller %pS\n",
		vmp->name, units, unit, blocks, (void *)caller);
	vmem_audit_report(vmp);
}

/**
 * vmem_panic() - A call returns %NULL: panic if its flags say so.
 * @vmp: The arena, or %NULL.
 * @vmflag: The flags.
 */
void vmem_panic(struct vmem *vmp, int vmflag)
{
	KUNIT_STATIC_STUB_REDIRECT(vmem_panic, vmp, vmflag);
	if (vmflag & VM_PANIC)
		panic("vmem: a VM_PANIC request failed in arena \"%s\"",
		      vmp ? vmp->name : "");
}
EXPORT_SYMBOL_IF_KUNIT(vmem_panic);
