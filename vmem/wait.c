// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleepers.
 *
 * A sleeper waits for its arena and for all the arenas that this one imports
 * from: in each it leaves what it would ask that arena for. Whoever frees or adds
 * a segment, in whichever of them, wakes exactly those that it could serve.
 *
 * Why no wake-up is lost: the sleeper enters all lists, clears its completion,
 * and only then searches. Space that appears before its search of an arena is
 * found by it. Space that appears later, in any of them, finds it on the list and
 * completes it, so that it does not sleep but searches again.
 *
 * As long as anybody is on its list, an arena's magazines stay closed (magazine.c):
 * whatever is freed gets to the slabs or segments and so finds the sleepers.
 */
#include "internal.h"

/* Does a sleeper wait for this arena because @via may import from it? */
static bool comes_by(const struct vmem_waiter *waiter, const struct vmem *via)
{
	const struct vmem_waiter *nearer = waiter;

	while (nearer > waiter->wait->waiters)
		if ((--nearer)->vmp == via)
			return true;
	return false;
}

/**
 * __vmem_wake() - Wake the sleepers that a free segment could serve.
 * @vmp: The arena.
 * @first: First unit of the segment.
 * @last: Last unit of the segment.
 * @via: If not %NULL, an arena that has no use for the segment: those who would
 *	import it into that arena sleep on.
 */
void __vmem_wake(struct vmem *vmp, unsigned long first, unsigned long last,
		 const struct vmem *via)
{
	struct vmem_waiter *waiter;
	unsigned long addr;

	lockdep_assert_held(&vmp->lock);
	list_for_each_entry(waiter, &vmp->waiters, link) {
		if (via && comes_by(waiter, via))
			continue;
		if (!vmem_place(&waiter->req, first, last, &addr))
			continue;
		trace_vmem_wake(vmp->name, waiter->req.size,
				task_pid_nr(waiter->wait->task));
		complete(&waiter->wait->space);
	}
}

/* The same for what is left of new space: beside a block cut from it, and in a slab. */
void __vmem_wake_beside(struct vmem *vmp, const struct vmem_seg *seg)
{
	const struct vmem_seg *prev = list_prev_entry(seg, order);
	const struct vmem_seg *next = list_next_entry(seg, order);

	lockdep_assert_held(&vmp->lock);
	if (seg->type == VMEM_SEG_SLAB)
		__vmem_slab_wake_new(vmp, seg);
	if (prev->type == VMEM_SEG_FREE)
		__vmem_wake(vmp, prev->first, prev->last, NULL);
	if (next->type == VMEM_SEG_FREE)
		__vmem_wake(vmp, next->first, next->last, NULL);
}

/* Go from a waiter to the one for the source, if the source is waited for. */
static bool next_waiter(const struct vmem_waiter *waiter,
			struct vmem_waiter *next)
{
	struct vmem_req sub;
	struct vmem *src = vmem_import_next(waiter->vmp, &waiter->req, &sub);

	if (!src)
		return false;
	next->vmp = src;
	next->req = sub;
	next->wait = waiter->wait;
	return true;
}

static unsigned int chain_length(const struct vmem *vmp)
{
	unsigned int nr = 1;

	while (vmem_imports_from_arena(vmp)) {
		vmp = vmp->source;
		nr++;
	}
	return nr;
}

static void enter(struct vmem_wait *wait, struct vmem *vmp,
		  const struct vmem_req *req)
{
	struct vmem_waiter *waiter;
	unsigned long flags;
	bool more = true;

	init_completion(&wait->space);
	wait->task = current;
	wait->since = jiffies;
	wait->count = 0;
	wait->waiters = kcalloc(chain_length(vmp), sizeof(*wait->waiters),
				GFP_KERNEL | __GFP_NOFAIL);
	wait->waiters[0].vmp = vmp;
	wait->waiters[0].wait = wait;
	wait->waiters[0].req = *req;
	while (more) {
		waiter = &wait->waiters[wait->count++];
		spin_lock_irqsave(&waiter->vmp->lock, flags);
		list_add_tail(&waiter->link, &waiter->vmp->waiters);
		WRITE_ONCE(waiter->vmp->nr_waiters, waiter->vmp->nr_waiters + 1);
		spin_unlock_irqrestore(&waiter->vmp->lock, flags);
		more = next_waiter(waiter, waiter + 1);
	}
}

static void leave(struct vmem_wait *wait)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < wait->count; i++) {
		struct vmem_waiter *waiter = &wait->waiters[i];

		spin_lock_irqsave(&waiter->vmp->lock, flags);
		list_del(&waiter->link);
		WRITE_ONCE(waiter->vmp->nr_waiters, waiter->vmp->nr_waiters - 1);
		spin_unlock_irqrestore(&waiter->vmp->lock, flags);
	}
	kfree(wait->waiters);
}

/* Sleep until there may be space; false when killed. */
static bool sleep_for_space(struct vmem *vmp, struct vmem_wait *wait, int vmflag)
{
	if ((vmflag & VM_KILLABLE) && fatal_signal_pending(current))
		return false;
	if (try_wait_for_completion(&wait->space))
		return true;
	vmem_count(vmp, &vmp->stats.wait);
	trace_vmem_wait(vmp->name, wait->waiters[0].req.size, task_pid_nr(current));
	if (vmflag & VM_KILLABLE)
		return !wait_for_completion_killable(&wait->space);
	wait_for_completion(&wait->space);
	return true;
}

/* Forget wake-ups: whatever they were for, the search to come will see it. */
static void forget(struct vmem_wait *wait)
{
	while (try_wait_for_completion(&wait->space))
		;
}

/**
 * vmem_wait() - Sleep until a request is met.
 * @vmp: The arena.
 * @req: The request, for which everything has been tried once.
 *
 * Return: The address. 0 if it was killed.
 */
unsigned long vmem_wait(struct vmem *vmp, const struct vmem_req *req)
{
	struct vmem_wait wait;
	unsigned long addr;
	bool drain = true;

	enter(&wait, vmp, req);
	do {
		forget(&wait);
		addr = vmem_serve(vmp, req);
		if (!addr)
			addr = vmem_reclaim(vmp, req, drain);
		drain = false;
	} while (!addr && sleep_for_space(vmp, &wait, req->vmflag));
	leave(&wait);
	return addr;
}
