// SPDX-License-Identifier: GPL-2.0-only
/*
 * A shadow of a space, a bit for each unit: nothing may be handed out twice, nor
 * outside.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "time.h"

struct bench_shadow {
	size_t quanta;
	unsigned long *taken;
};

struct bench_shadow *bench_shadow_begin(size_t quanta)
{
	struct bench_shadow *shadow = kzalloc(sizeof(*shadow), GFP_KERNEL);

	if (!shadow)
		return NULL;
	shadow->quanta = quanta;
	shadow->taken = kvcalloc(BITS_TO_LONGS(quanta), sizeof(long), GFP_KERNEL);
	if (shadow->taken)
		return shadow;
	kfree(shadow);
	return NULL;
}

void bench_shadow_end(struct bench_shadow *shadow)
{
	if (!shadow)
		return;
	kvfree(shadow->taken);
	kfree(shadow);
}

static bool inside(const struct bench_shadow *shadow, unsigned long address, size_t size)
{
	return address >= BENCH_BASE && size <= shadow->quanta &&
	       address - BENCH_BASE <= shadow->quanta - size;
}

bool bench_shadow_take(struct bench_shadow *shadow, unsigned long address, size_t size)
{
	unsigned long first = address - BENCH_BASE;

	if (!inside(shadow, address, size) ||
	    find_next_bit(shadow->taken, first + size, first) < first + size)
		return false;
	bitmap_set(shadow->taken, first, size);
	return true;
}

bool bench_shadow_give(struct bench_shadow *shadow, unsigned long address, size_t size)
{
	unsigned long first = address - BENCH_BASE;

	if (!inside(shadow, address, size) ||
	    find_next_zero_bit(shadow->taken, first + size, first) < first + size)
		return false;
	bitmap_clear(shadow->taken, first, size);
	return true;
}
