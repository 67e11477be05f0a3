/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of vmem. Arenas are told by their names, as no address outlives them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmem

#if !defined(_TRACE_VMEM_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_VMEM_H

#include <linux/tracepoint.h>

#ifndef VMEM_TRACE_NAME
#define VMEM_TRACE_NAME	32	/* bytes of a name, with the final 0 */
int vmem_trace_begin(void);
void vmem_trace_end(void);
#endif

TRACE_DEFINE_ENUM(VMEM_FAILURE_NO_SPACE);
TRACE_DEFINE_ENUM(VMEM_FAILURE_FRAGMENTED);
TRACE_DEFINE_ENUM(VMEM_FAILURE_CONSTRAINED);
TRACE_DEFINE_ENUM(VMEM_FAILURE_NO_MEMORY);
TRACE_DEFINE_ENUM(VMEM_FAILURE_ON_PURPOSE);

#define show_vmem_failure(reason)					\
	__print_symbolic(reason,					\
		{ VMEM_FAILURE_NO_SPACE,	"no_space" },		\
		{ VMEM_FAILURE_FRAGMENTED,	"fragmented" },		\
		{ VMEM_FAILURE_CONSTRAINED,	"constrained" },	\
		{ VMEM_FAILURE_NO_MEMORY,	"no_memory" },		\
		{ VMEM_FAILURE_ON_PURPOSE,	"on_purpose" })

/**
 * vmem_alloc - A block was handed out.
 * @arena: Name of the arena.
 * @addr: Its address.
 * @size: The size that was asked for.
 * @vmflag: The flags of the call, in hexadecimal.
 * @caller: Who has called.
 *
 * While this or vmem_free is on, magazines are not used, so that no block goes unseen, from
 * a moment after it was turned on.
 */
TRACE_EVENT_FN(vmem_alloc,

	TP_PROTO(const char *arena, unsigned long addr, unsigned long size, int vmflag,
		 unsigned long caller),

	TP_ARGS(arena, addr, size, vmflag, caller),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
		__field(unsigned long, addr)
		__field(unsigned long, size)
		__field(int, vmflag)
		__field(unsigned long, caller)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
		__entry->addr = addr;
		__entry->size = size;
		__entry->vmflag = vmflag;
		__entry->caller = caller;
	),

	TP_printk("arena=%s addr=0x%lx size=%lu vmflag=0x%x caller=%pS", __entry->arena,
		  __entry->addr, __entry->size, __entry->vmflag, (void *)__entry->caller),

	vmem_trace_begin, vmem_trace_end
);

/**
 * vmem_free - A block comes back. That of a quantum cache, which is looked at later, is
 * said to.
 * @arena: Name of the arena.
 * @addr: Its address.
 * @size: The size that it was said to have.
 * @caller: Who has called.
 */
TRACE_EVENT_FN(vmem_free,

	TP_PROTO(const char *arena, unsigned long addr, unsigned long size,
		 unsigned long caller),

	TP_ARGS(arena, addr, size, caller),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
		__field(unsigned long, addr)
		__field(unsigned long, size)
		__field(unsigned long, caller)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
		__entry->addr = addr;
		__entry->size = size;
		__entry->caller = caller;
	),

	TP_printk("arena=%s addr=0x%lx size=%lu caller=%pS", __entry->arena,
		  __entry->addr, __entry->size, (void *)__entry->caller),

	vmem_trace_begin, vmem_trace_end
);

DECLARE_EVENT_CLASS(vmem_span,

	TP_PROTO(const char *arena, unsigned long addr, unsigned long size),

	TP_ARGS(arena, addr, size),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
		__field(unsigned long, addr)
		__field(unsigned long, size)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
		__entry->addr = addr;
		__entry->size = size;
	),

	TP_printk("arena=%s addr=0x%lx size=%lu", __entry->arena, __entry->addr,
		  __entry->size)
);

/**
 * vmem_import - A span has come from the source.
 * @arena: Name of the arena that has asked for it.
 * @addr: Its address.
 * @size: Its size.
 */
DEFINE_EVENT(vmem_span, vmem_import,
	TP_PROTO(const char *arena, unsigned long addr, unsigned long size),
	TP_ARGS(arena, addr, size)
);

/**
 * vmem_release - A span goes back to the source.
 * @arena: Name of the arena that it was in, or was for.
 * @addr: Its address.
 * @size: Its size.
 */
DEFINE_EVENT(vmem_span, vmem_release,
	TP_PROTO(const char *arena, unsigned long addr, unsigned long size),
	TP_ARGS(arena, addr, size)
);

DECLARE_EVENT_CLASS(vmem_sleeper,

	TP_PROTO(const char *arena, unsigned long size, int pid),

	TP_ARGS(arena, size, pid),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
		__field(unsigned long, size)
		__field(int, pid)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
		__entry->size = size;
		__entry->pid = pid;
	),

	TP_printk("arena=%s size=%lu pid=%d", __entry->arena, __entry->size, __entry->pid)
);

/**
 * vmem_wait - A thread goes to sleep until there is space.
 * @arena: Name of the arena that it has called.
 * @size: What it wants.
 * @pid: The thread.
 */
DEFINE_EVENT(vmem_sleeper, vmem_wait,
	TP_PROTO(const char *arena, unsigned long size, int pid),
	TP_ARGS(arena, size, pid)
);

/**
 * vmem_wake - There is space for a thread, which is to look again.
 * @arena: Name of the arena that has it: the one that was called, or one above.
 * @size: What is wanted of that one.
 * @pid: The thread.
 */
DEFINE_EVENT(vmem_sleeper, vmem_wake,
	TP_PROTO(const char *arena, unsigned long size, int pid),
	TP_ARGS(arena, size, pid)
);

/**
 * vmem_fail - A request gets nothing.
 * @arena: Name of the arena.
 * @size: What was asked for.
 * @vmflag: The flags of the call, in hexadecimal.
 * @reason: Why: see &enum vmem_failure.
 * @free: What is not in use, by sizes as they were asked for.
 * @largest: Length of the longest free segment.
 */
TRACE_EVENT(vmem_fail,

	TP_PROTO(const char *arena, unsigned long size, int vmflag, int reason,
		 unsigned long free, unsigned long largest),

	TP_ARGS(arena, size, vmflag, reason, free, largest),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
		__field(unsigned long, size)
		__field(int, vmflag)
		__field(int, reason)
		__field(unsigned long, free)
		__field(unsigned long, largest)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
		__entry->size = size;
		__entry->vmflag = vmflag;
		__entry->reason = reason;
		__entry->free = free;
		__entry->largest = largest;
	),

	TP_printk("arena=%s size=%lu vmflag=0x%x reason=%s free=%lu largest=%lu",
		  __entry->arena, __entry->size, __entry->vmflag,
		  show_vmem_failure(__entry->reason), __entry->free, __entry->largest)
);

/**
 * vmem_reap - What magazines hold is taken back.
 * @arena: Name of the arena.
 */
TRACE_EVENT(vmem_reap,

	TP_PROTO(const char *arena),

	TP_ARGS(arena),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
	),

	TP_printk("arena=%s", __entry->arena)
);

/**
 * vmem_magazine_resize - New magazines of a quantum cache have another size.
 * @arena: Name of the arena.
 * @size: Size of an object of the cache.
 * @level: How large: from 0, each twice as large as the one before.
 */
TRACE_EVENT(vmem_magazine_resize,

	TP_PROTO(const char *arena, unsigned long size, unsigned int level),

	TP_ARGS(arena, size, level),

	TP_STRUCT__entry(
		__array(char, arena, VMEM_TRACE_NAME)
		__field(unsigned long, size)
		__field(unsigned int, level)
	),

	TP_fast_assign(
		strscpy(__entry->arena, arena, VMEM_TRACE_NAME);
		__entry->size = size;
		__entry->level = level;
	),

	TP_printk("arena=%s size=%lu level=%u", __entry->arena, __entry->size,
		  __entry->level)
);

#endif /* _TRACE_VMEM_H */

#include <trace/define_trace.h>
