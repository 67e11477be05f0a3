// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics, under the kstat names that administrators of vmem know.
 */
#include "internal.h"

const char * const vmem_stat_names[VMEM_NR_STATS] = {
	[VMEM_STAT_MEM_INUSE]		= "mem_inuse",
	[VMEM_STAT_MEM_IMPORT]		= "mem_import",
	[VMEM_STAT_MEM_TOTAL]		= "mem_total",
	[VMEM_STAT_SOURCE]		= "vmem_source",
	[VMEM_STAT_ALLOC]		= "alloc",
	[VMEM_STAT_FREE]		= "free",
	[VMEM_STAT_WAIT]		= "wait",
	[VMEM_STAT_FAIL]		= "fail",
	[VMEM_STAT_LOOKUP]		= "lookup",
	[VMEM_STAT_SEARCH]		= "search",
	[VMEM_STAT_POPULATE_WAIT]	= "populate_wait",
	[VMEM_STAT_POPULATE_FAIL]	= "populate_fail",
	[VMEM_STAT_CONTAINS]		= "contains",
	[VMEM_STAT_CONTAINS_SEARCH]	= "contains_search",
	[VMEM_STAT_MISUSE]		= "misuse",
};
EXPORT_SYMBOL_IF_KUNIT(vmem_stat_names);

/* Count something that happens outside the lock, which is rare. */
void vmem_count(struct vmem *vmp, u64 *counter)
{
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	++*counter;
	spin_unlock_irqrestore(&vmp->lock, flags);
}

/* All statistics of one moment. */
void __vmem_stats(struct vmem *vmp, u64 values[VMEM_NR_STATS])
{
	const struct vmem_stats *stats = &vmp->stats;

	lockdep_assert_held(&vmp->lock);
	values[VMEM_STAT_MEM_INUSE] = vmp->inuse;
	values[VMEM_STAT_MEM_IMPORT] = vmp->imported;
	values[VMEM_STAT_MEM_TOTAL] = vmp->total;
	values[VMEM_STAT_SOURCE] = vmp->source ? vmp->source->id : 0;
	values[VMEM_STAT_ALLOC] = vmp->allocs;
	values[VMEM_STAT_FREE] = vmp->frees;
	values[VMEM_STAT_WAIT] = stats->wait;
	values[VMEM_STAT_FAIL] = stats->fail;
	values[VMEM_STAT_LOOKUP] = stats->lookup;
	values[VMEM_STAT_SEARCH] = stats->search;
	values[VMEM_STAT_POPULATE_WAIT] = stats->populate_wait;
	values[VMEM_STAT_POPULATE_FAIL] = stats->populate_fail;
	values[VMEM_STAT_CONTAINS] = stats->contains;
	values[VMEM_STAT_CONTAINS_SEARCH] = stats->contains_search;
	values[VMEM_STAT_MISUSE] = stats->misuse;
}

/**
 * vmem_stat() - One statistic of an arena.
 * @vmp: The arena.
 * @which: Which one.
 *
 * Return: Its value.
 */
u64 vmem_stat(struct vmem *vmp, enum vmem_stat which)
{
	u64 values[VMEM_NR_STATS];
	unsigned long flags;

	spin_lock_irqsave(&vmp->lock, flags);
	__vmem_stats(vmp, values);
	spin_unlock_irqrestore(&vmp->lock, flags);
	return values[which];
}
EXPORT_SYMBOL_IF_KUNIT(vmem_stat);

size_t vmem_size(vmem_t *vmp, int typemask)
{
	unsigned long inuse, total;

	if (vmem_absent(vmp, _RET_IP_))
		return 0;
	inuse = READ_ONCE(vmp->inuse);
	total = READ_ONCE(vmp->total);
	switch (typemask & (VMEM_ALLOC | VMEM_FREE)) {
	case VMEM_ALLOC:
		return inuse;
	case VMEM_FREE:
		/* Not read at one moment: the span of @inuse may have gone. */
		return total > inuse ? total - inuse : 0;
	case VMEM_ALLOC | VMEM_FREE:
		return total;
	default:
		return 0;
	}
}
EXPORT_SYMBOL_GPL(vmem_size);
