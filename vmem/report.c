// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports: what a user's mistake looks like in the kernel log.
 *
 * One line, the same for all, at warning level. Not WARN(), as a mistake of a
 * driver must not stop a machine that panics on warnings.
 *
 * Users without privileges may read the log. So what a driver passes is shown in a
 * way that tells no address of the kernel's and forges no line.
 */
#define pr_fmt(fmt) "vmem: " fmt

#include "report.h"

/* === What may be shown === */

/**
 * vmem_copy_text() - Copy a name, as far as it can be shown.
 * @to: Where to.
 * @from: Where from, or %NULL.
 * @size: How much fits, with the final 0.
 *
 * Names of arenas come from drivers, who may have them from a device or a user, and
 * tasks give themselves what names they like. A newline in one would begin a line
 * that looks like the kernel's own, and a quote would end the name.
 */
void vmem_copy_text(char *to, const char *from, size_t size)
{
	strscpy(to, from ?: "", size);
	for (; *to; to++)
		if (*to < ' ' || *to > '~' || *to == '"')
			*to = '?';
}

/*
 * May a number be an address of the kernel's? Where it has an address space of its
 * own any may, but for page 0. Elsewhere it is what no user can have; or there is
 * memory, as with User Mode Linux, whose users are in other processes.
 */
static bool kernel_address(unsigned long number)
{
	const void *addr = (const void *)number;

	if (IS_ENABLED(CONFIG_ALTERNATE_USER_ADDRESS_SPACE))
		return number >= PAGE_SIZE;
	return number >= TASK_SIZE_MAX || virt_addr_valid(addr) ||
	       is_vmalloc_addr(addr);
}

/* Is it an identifier that an arena has? Those are no addresses, however large. */
static bool identifier(struct vmem *vmp, unsigned long number)
{
	unsigned long flags;
	bool ret;

	if (!vmp || !(vmp->cflags & VMC_IDENTIFIER))
		return false;
	spin_lock_irqsave(&vmp->lock, flags);
	ret = __vmem_span_overlap(vmp, number, number);
	spin_unlock_irqrestore(&vmp->lock, flags);
	return ret;
}

/**
 * vmem_show_number() - Write a number as it may be shown.
 * @vmp: The arena that it is about, or %NULL.
 * @number: An address or a size: drivers mix them up.
 * @text: Where to.
 *
 * What may be an address of the kernel's shows as its hash, as by ``%%p``, whatever
 * the arena is of: a driver may have passed it one that is not of the arena.
 *
 * Return: @text.
 */
const char *vmem_show_number(struct vmem *vmp, unsigned long number,
			     char text[VMEM_NUMBER_LEN])
{
	if (kernel_address(number) && !identifier(vmp, number))
		snprintf(text, VMEM_NUMBER_LEN, "0x%p", (void *)number);
	else
		snprintf(text, VMEM_NUMBER_LEN, "0x%lx", number);
	return text;
}

/**
 * vmem_show_caller() - A return address as it may be shown.
 * @caller: The address.
 *
 * Without a symbol, as the module is gone that it was in, it would be a number.
 *
 * Return: What to print by ``%%pS``.
 */
void *vmem_show_caller(unsigned long caller)
{
	char start[3];

	snprintf(start, sizeof(start), "%pS", (void *)caller);
	return strcmp(start, "0x") ? (void *)caller : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_show_caller);

/* === Reports === */

/* Of reports that concern no arena; each arena has a limit of its own. */
struct ratelimit_state vmem_report_limit =
	RATELIMIT_STATE_INIT(vmem_report_limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
EXPORT_SYMBOL_IF_KUNIT(vmem_report_limit);

static void print(struct vmem *vmp, const char *what, const char *name,
		  unsigned long addr, unsigned long size, unsigned long caller)
{
	char addr_text[VMEM_NUMBER_LEN], size_text[VMEM_NUMBER_LEN];

	pr_warn("%s: arena \"%s\" addr %s size %s caller %pS\n", what, name,
		vmem_show_number(vmp, addr, addr_text),
		vmem_show_number(vmp, size, size_text), vmem_show_caller(caller));
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
	char shown[VMEM_NAME_LEN];

	if (!__ratelimit(&vmem_report_limit))
		return;
	vmem_copy_text(shown, name, sizeof(shown));
	print(NULL, what, shown, addr, size, caller);
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
		print(vmp, what, vmp->name, addr, size, caller);
}

/* === Requests that fail === */

bool vmem_verbose_fail;
module_param_named(verbose_fail, vmem_verbose_fail, bool, 0600);
MODULE_PARM_DESC(verbose_fail, "report why requests fail");
EXPORT_SYMBOL_IF_KUNIT(vmem_verbose_fail);

static const char * const failures[] = {
	[VMEM_FAILURE_NO_SPACE]		= "less is free than was asked for",
	[VMEM_FAILURE_FRAGMENTED]	= "no free piece is long enough",
	[VMEM_FAILURE_CONSTRAINED]	= "no free piece meets its constraints",
	[VMEM_FAILURE_NO_MEMORY]	= "there was no memory for records",
};

static enum vmem_failure failure(const struct vmem_req *req, unsigned long free,
				 unsigned long largest)
{
	if (!largest || req->len < req->size)
		return VMEM_FAILURE_NO_SPACE;
	if (largest < req->len)
		return free < req->len ? VMEM_FAILURE_NO_SPACE : VMEM_FAILURE_FRAGMENTED;
	return req->anywhere ? VMEM_FAILURE_NO_MEMORY : VMEM_FAILURE_CONSTRAINED;
}

/**
 * vmem_explain_failure() - Tell why a request has failed, by event and report.
 * @vmp: The arena.
 * @req: The request. What is told is as of now: somebody may have freed something.
 */
void vmem_explain_failure(struct vmem *vmp, const struct vmem_req *req)
{
	unsigned long free, largest, flags;
	char text[VMEM_NUMBER_LEN];
	enum vmem_failure why;

	spin_lock_irqsave(&vmp->lock, flags);
	free = vmp->total - vmp->inuse;
	largest = __vmem_free_longest(vmp);
	spin_unlock_irqrestore(&vmp->lock, flags);
	why = failure(req, free, largest);
	trace_vmem_fail(vmp->name, req->size, req->vmflag, why, free, largest);
	if (READ_ONCE(vmem_verbose_fail) && __ratelimit(&vmp->reports))
		pr_warn("no space: arena \"%s\" size %s free %lu largest %lu: %s, caller %pS\n",
			vmp->name, vmem_show_number(vmp, req->size, text), free,
			largest, failures[why], vmem_show_caller(req->caller));
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
		vmp->name, units, unit, blocks, vmem_show_caller(caller));
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
