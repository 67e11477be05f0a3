// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints (include/trace/events/vmem.h).
 *
 * A hit in a magazine has no time to look whether it is traced. So while allocations
 * or frees are, magazines are emptied and stay out of use, as with requests that fail
 * on purpose (fault.c): each call then takes a way on which it is seen. A work item
 * empties them: functions of drivers are called for it, which must not be with the locks
 * of tracing held.
 */
#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/vmem.h>

DEFINE_STATIC_KEY_FALSE(vmem_trace_key);

static void empty(struct work_struct *work)
{
	vmem_empty_magazines();
}

static DECLARE_WORK(empty_work, empty);

/* Before the first one who wants to see blocks sees any. */
int vmem_trace_begin(void)
{
	static_branch_inc(&vmem_trace_key);
	schedule_work(&empty_work);
	return 0;
}

void vmem_trace_end(void)
{
	static_branch_dec(&vmem_trace_key);
}

void vmem_trace_exit(void)
{
	cancel_work_sync(&empty_work);
}
