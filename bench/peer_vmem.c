// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers: vmem, by policy and constraint.
 */
#include <linux/slab.h>
#include <linux/vmem.h>

#include "peer.h"

#define ALIGNED_PHASE	16	/* of 64 */
#define NOCROSS		128

static vmem_t *vmem_space(const struct bench_peer *peer, size_t quanta)
{
	return vmem_create(peer->mode, (void *)BENCH_BASE, quanta, 1, NULL, NULL,
			   NULL, peer->cached, VM_SLEEP | VMC_IDENTIFIER);
}

static void *vmem_begin(const struct bench_peer *peer, size_t quanta)
{
	return vmem_space(peer, quanta);
}

static void vmem_end(void *arena)
{
	vmem_destroy(arena);
}

#define VMEM_PEER(mode_name, peer)					\
	.name = "vmem",							\
	.mode = mode_name,						\
	.create = vmem_begin,						\
	.destroy = vmem_end,						\
	BENCH_PEER(peer)

/* === Policies === */

#define DEFINE_POLICY(peer, policy)					\
static __always_inline unsigned long peer##_take(void *arena, size_t size, \
						 unsigned int aux)	\
{									\
	return (unsigned long)vmem_alloc(arena, size, VM_NOSLEEP | (policy)); \
}									\
									\
static __always_inline void peer##_give(void *arena, unsigned long addr, \
					size_t size)			\
{									\
	vmem_free(arena, (void *)addr, size);				\
}									\
									\
DEFINE_BENCH_LOOPS(peer)

DEFINE_POLICY(instant, 0);
DEFINE_POLICY(best, VM_BESTFIT);
DEFINE_POLICY(first, VM_FIRSTFIT);
DEFINE_POLICY(next, VM_NEXTFIT);
DEFINE_POLICY(end, VM_ENDALLOC);

const struct bench_peer bench_vmem_instant = { VMEM_PEER("instant", instant) };
const struct bench_peer bench_vmem_best = { VMEM_PEER("best", best) };
const struct bench_peer bench_vmem_first = { VMEM_PEER("first", first) };
const struct bench_peer bench_vmem_next = { VMEM_PEER("next", next) };
const struct bench_peer bench_vmem_end = { VMEM_PEER("end", end) };

/* VMEM_NQCACHE_MAX is the most that there can be. */
const struct bench_peer bench_vmem_instant_cached = {
	VMEM_PEER("cached", instant),
	.cached = VMEM_NQCACHE_MAX,
};

/* === Constraints === */

#define DEFINE_CONSTRAINT(peer, align, phase, nocross, policy)		\
static __always_inline unsigned long peer##_take(void *arena, size_t size, \
						 unsigned int aux)	\
{									\
	return (unsigned long)vmem_xalloc(arena, size, align, phase, nocross, \
					  NULL, NULL, VM_NOSLEEP | (policy)); \
}									\
									\
static __always_inline void peer##_give(void *arena, unsigned long addr, \
					size_t size)			\
{									\
	vmem_xfree(arena, (void *)addr, size);				\
}									\
									\
DEFINE_BENCH_LOOPS(peer)

DEFINE_CONSTRAINT(aligned, 1ul << aux, 0, 0, 0);
DEFINE_CONSTRAINT(aligned_best, 1ul << aux, 0, 0, VM_BESTFIT);
DEFINE_CONSTRAINT(phase, 64, ALIGNED_PHASE, 0, 0);
DEFINE_CONSTRAINT(nocross, 0, 0, NOCROSS, 0);

const struct bench_peer bench_vmem_aligned = { VMEM_PEER("instant", aligned) };
const struct bench_peer bench_vmem_aligned_best = {
	VMEM_PEER("best", aligned_best),
	.most = 100000,
};

const struct bench_peer bench_vmem_phase = { VMEM_PEER("instant", phase) };
const struct bench_peer bench_vmem_nocross = { VMEM_PEER("instant", nocross) };

/* === Windows: sixteenths of the space === */

struct vmem_windows {
	vmem_t *arena;
	size_t length;
};

static void *windows_begin(const struct bench_peer *peer, size_t quanta)
{
	struct vmem_windows *win = kzalloc(sizeof(*win), GFP_KERNEL);

	if (!win)
		return NULL;
	win->length = quanta / 16;
	win->arena = vmem_space(peer, quanta);
	if (win->arena)
		return win;
	kfree(win);
	return NULL;
}

static void windows_end(void *allocator)
{
	struct vmem_windows *win = allocator;

	vmem_destroy(win->arena);
	kfree(win);
}

#define DEFINE_WINDOW(peer, policy)					\
static __always_inline unsigned long peer##_take(void *allocator, size_t size, \
						 unsigned int aux)	\
{									\
	struct vmem_windows *win = allocator;				\
	unsigned long from = BENCH_BASE + aux * win->length;		\
									\
	return (unsigned long)vmem_xalloc(win->arena, size, 0, 0, 0,	\
					  (void *)from,			\
					  (void *)(from + win->length),	\
					  VM_NOSLEEP | (policy));	\
}									\
									\
static __always_inline void peer##_give(void *allocator, unsigned long addr, \
					size_t size)			\
{									\
	struct vmem_windows *win = allocator;				\
									\
	vmem_xfree(win->arena, (void *)addr, size);			\
}									\
									\
DEFINE_BENCH_LOOPS(peer)

DEFINE_WINDOW(window, 0);
DEFINE_WINDOW(window_best, VM_BESTFIT);
DEFINE_WINDOW(window_first, VM_FIRSTFIT);

#define WINDOW_PEER(mode_name, peer)					\
	.name = "vmem",							\
	.mode = mode_name,						\
	.create = windows_begin,					\
	.destroy = windows_end,						\
	BENCH_PEER(peer)

const struct bench_peer bench_vmem_window = { WINDOW_PEER("instant", window) };
const struct bench_peer bench_vmem_window_first = { WINDOW_PEER("first", window_first) };

const struct bench_peer bench_vmem_window_best = {
	WINDOW_PEER("best", window_best),
	.most = 100000,
};
