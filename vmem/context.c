// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: the only place that turns allocation flags into those of Linux.
 */
#include "internal.h"

gfp_t vmem_gfp(int vmflag)
{
	gfp_t gfp = GFP_KERNEL;

	if (vmflag & VM_NOSLEEP) {
		gfp = vmflag & VM_PUSHPAGE ? GFP_ATOMIC : GFP_NOWAIT;
		gfp |= __GFP_NOWARN;
	}
	if (vmflag & VM_NORMALPRI)
		gfp |= __GFP_NORETRY;
	return gfp;
}
EXPORT_SYMBOL_GPL(vmem_gfp);

/**
 * vmem_gfp_nowait() - The same for a first try, whatever @vmflag says of waiting.
 * @vmflag: Flags of the request.
 *
 * Return: The gfp flags. No reserves are used for who can wait.
 */
gfp_t vmem_gfp_nowait(int vmflag)
{
	if (!(vmflag & VM_NOSLEEP))
		vmflag = (vmflag & ~VM_PUSHPAGE) | VM_NOSLEEP;
	return vmem_gfp(vmflag);
}

/**
 * vmem_gfp_nofail() - The same for memory that %VM_SLEEP cannot do without.
 * @vmflag: Flags of the request.
 *
 * Return: The gfp flags, for a few hundred bytes to some pages.
 */
gfp_t vmem_gfp_nofail(int vmflag)
{
	if (vmflag & VM_NOSLEEP)
		return vmem_gfp(vmflag);
	return GFP_KERNEL | __GFP_NOFAIL;
}
