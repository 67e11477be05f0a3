// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: what a live segment takes, and what a space takes with nothing in it.
 *
 * It is counted in pages that are no longer free, so everything is in it: slab objects
 * and what slabs waste, tables, memory per CPU. That is exact for very many segments
 * only, and there must be nobody else who takes memory. What slabs have kept from
 * others would be missing: so another space, that is not counted, has taken it before.
 * Segments are packed: none has been freed. "holes" is with every other one of twice as
 * many freed.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "time.h"

#define SIZE		64
#define ROOM		2ul	/* times what is allocated at most */
#define BALLAST		300000u
#define ARENAS		256

struct memory {
	const char *name;
	unsigned int size;	/* at most */
	const struct bench_peer *peer[12];
};

static const struct memory memories[] = {
	{
		.name = "memory-segments",
		.size = SIZE,
		.peer = {
			&bench_vmem_instant,
			&bench_vmem_best,
			&bench_drm_best,
			&bench_maple,
			&bench_iova,
			&bench_genalloc,
		},
	}, {
		.name = "memory-ids",
		.size = 1,
		.peer = {
			&bench_vmem_instant_cached,
			&bench_vmem_instant,
			&bench_sbitmap,
			&bench_ida,
			&bench_xarray,
			&bench_iova_fast,
			&bench_drm_best,
			&bench_maple,
		},
	},
};

static const struct bench_peer *const arenas[] = {
	&bench_vmem_instant,
	&bench_vmem_instant_cached,
	&bench_ida,
	&bench_xarray,
	&bench_sbitmap,
	&bench_maple,
	&bench_iova,
	&bench_genalloc,
	NULL
};

static long pages_free(void)
{
	drain_all_pages(NULL);
	return global_zone_page_state(NR_FREE_PAGES);
}

/* Less than nothing is what others have given back meanwhile. */
static u64 tenths_of_bytes(long pages, unsigned int n)
{
	return pages <= 0 ? 0 : div_u64(10ull * PAGE_SIZE * pages, n);
}

static void memory_fill(struct bench_seat *seat, unsigned int size, unsigned int n)
{
	struct bench_live *live;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, bench_options.seed);
	for (i = 0; i < n; i++) {
		live = &seat->run.live[i];
		live->size = 1 + prandom_u32_state(&rnd) % size;
		live->handle = seat->peer->take(seat->allocator, live->size, 0);
		seat->run.refused += !bench_got(live->handle);
		if (i % BENCH_CHUNK == 0)
			bench_rest(seat->peer);
	}
	bench_rest(seat->peer);
}

static void memory_holes(struct bench_seat *seat, unsigned int n)
{
	unsigned int i;

	for (i = 1; i < n; i += 2) {
		if (!bench_got(seat->run.live[i].handle))
			continue;
		seat->peer->give(seat->allocator, seat->run.live[i].handle,
				 seat->run.live[i].size);
		seat->run.live[i].handle = 0;
		if (i % BENCH_CHUNK == 1)
			bench_rest(seat->peer);
	}
	bench_rest(seat->peer);
}

static int memory_count(struct bench_seat *seat, const struct memory *memory,
			unsigned int n)
{
	const struct bench_peer *peer = seat->peer;
	long before = pages_free(), packed, holes;

	seat->allocator = peer->create(peer, ROOM * memory->size * n);
	if (!seat->allocator)
		return -ENOMEM;
	memory_fill(seat, memory->size, n);
	packed = before - pages_free();
	memory_holes(seat, n);
	holes = before - pages_free();
	bench_line(peer, memory->name);
	bench_add(" n=%u", n);
	bench_add_tenths("bytes", tenths_of_bytes(packed, n));
	bench_add_tenths("holes", tenths_of_bytes(holes, n / 2));
	bench_add(" refused=%llu", seat->run.refused);
	bench_print();
	bench_give_all(seat, n);
	peer->destroy(seat->allocator);
	return 0;
}

static int memory_measure(const struct bench_peer *peer, const struct memory *memory,
			  unsigned int n, struct bench_seat *seat, struct bench_seat *ballast)
{
	int ret = -ENOMEM;

	if (!bench_seat_open(ballast, peer, ROOM * BALLAST, BALLAST))
		return -ENOMEM;
	memory_fill(ballast, 1, BALLAST);
	if (bench_seat_take(seat, peer, n)) {
		ret = memory_count(seat, memory, n);
		bench_seat_leave(seat);
	}
	bench_give_all(ballast, BALLAST);
	bench_seat_close(ballast);
	return ret;
}

static int memory_all(const struct memory *memory, struct bench_seat *seats)
{
	const struct bench_peer *const *peer;
	unsigned int n;
	int ret = 0;

	if (!bench_work(memory->name))
		return 0;
	for (n = 100000; n <= max(bench_options.most, 100000u) && !ret; n *= 10) {
		for (peer = memory->peer; *peer && !ret; peer++) {
			if (bench_wanted(*peer) && (!(*peer)->most || n <= (*peer)->most))
				ret = memory_measure(*peer, memory, n, &seats[0],
						     &seats[1]);
		}
	}
	return ret;
}

/* === With nothing in them === */

static int arenas_measure(const struct bench_peer *peer)
{
	void **allocator = kvcalloc(ARENAS, sizeof(*allocator), GFP_KERNEL);
	unsigned int count;
	long before;

	if (!allocator)
		return -ENOMEM;
	before = pages_free();
	for (count = 0; count < ARENAS; count++) {
		allocator[count] = peer->create(peer, 4096);
		if (!allocator[count])
			break;
	}
	if (count == ARENAS) {
		bench_line(peer, "memory-empty");
		bench_add(" n=0");
		bench_add_tenths("bytes", tenths_of_bytes(before - pages_free(), ARENAS));
		bench_print();
	}
	while (count)
		peer->destroy(allocator[--count]);
	kvfree(allocator);
	return 0;
}

static int arenas_all(void)
{
	const struct bench_peer *const *peer;
	int ret = 0;

	if (!bench_work("memory-empty"))
		return 0;
	for (peer = arenas; *peer && !ret; peer++) {
		if (bench_wanted(*peer))
			ret = arenas_measure(*peer);
	}
	return ret;
}

int bench_memory(void)
{
	struct bench_seat *seats = kvcalloc(2, sizeof(*seats), GFP_KERNEL);
	unsigned int i;
	int ret;

	if (!seats)
		return -ENOMEM;
	ret = arenas_all();
	for (i = 0; i < ARRAY_SIZE(memories) && !ret; i++)
		ret = memory_all(&memories[i], seats);
	kvfree(seats);
	return ret;
}
