// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps: of each span of an arena, how much of each cell is allocated.
 */
#include <string.h>

#include "vmemstat.h"

#define MAP_WIDTH	64
#define MAP_CELLS	(MAP_WIDTH * 8)		/* of a span */
#define CELL		10			/* pixels of a picture */

struct map {
	char first[32];
	u64 size;			/* of the span */
	u64 quantum;
	u64 at;				/* offset of the next segment */
	unsigned int cells;
	u64 taken[MAP_CELLS];
};

static u64 border(const struct map *map, unsigned int cell)
{
	/* Quanta first, so that nothing overflows and no cell cuts one. */
	u64 quanta = map->size / map->quantum;

	return (quanta / map->cells * cell + quanta % map->cells * cell / map->cells) *
	       map->quantum;
}

static void begin_map(struct map *map, const struct segment *span, u64 quantum)
{
	u64 quanta = span->size / quantum;

	memset(map, 0, sizeof(*map));
	snprintf(map->first, sizeof(map->first), "%s", span->first);
	map->size = span->size;
	map->quantum = quantum;
	map->cells = quanta < MAP_CELLS ? quanta : MAP_CELLS;
}

/* What an arena in use says of its segments may take more than its span. */
static void add_to_map(struct map *map, const struct segment *seg)
{
	u64 quanta = seg->size / map->quantum + !!(seg->size % map->quantum);
	unsigned int low = 0, high = map->cells - 1;
	u64 left = map->size - map->at, end;

	if (!map->cells || !left)
		return;
	end = quanta > left / map->quantum ? map->size : map->at + quanta * map->quantum;
	/* The last cell that begins no later. */
	while (low < high) {
		unsigned int mid = (low + high + 1) / 2;

		if (border(map, mid) <= map->at)
			low = mid;
		else
			high = mid - 1;
	}
	for (; strcmp(seg->type, "free") && map->at < end && low < map->cells; low++) {
		u64 to = border(map, low + 1);

		if (to > end)
			to = end;
		map->taken[low] += to - map->at;
		map->at = to;
	}
	map->at = end;
}

/* How full, in tenths: 0 if nothing is taken, 10 only if all is. */
static unsigned int tenths(const struct map *map, unsigned int cell)
{
	u64 size = border(map, cell + 1) - border(map, cell);
	u64 taken = map->taken[cell];
	double part = (double)taken / size;

	if (!taken || taken >= size)
		return taken ? 10 : 0;
	return part < 0.1 ? 1 : part * 10;
}

static void print_map(const struct map *map)
{
	static const char digits[] = ".123456789#";
	static const int shade[] = { 236, 22, 28, 34, 70, 106, 142, 178, 172, 166, 160 };
	unsigned int i;

	printf("span %s size %llu, %llu a cell\n", map->first, map->size,
	       border(map, 1) - border(map, 0));
	for (i = 0; i < map->cells; i++) {
		unsigned int full = tenths(map, i);

		if (i % MAP_WIDTH == 0)
			printf("%12s ", brief(border(map, i)));
		if (options.colour)
			printf("\033[48;5;%dm%c\033[0m", shade[full], digits[full]);
		else
			putchar(digits[full]);
		if (i % MAP_WIDTH == MAP_WIDTH - 1 || i + 1 == map->cells)
			putchar('\n');
	}
}

static void draw_map(const struct map *map, unsigned int row)
{
	static const unsigned int fill[] = {
		0xe8e8e8, 0xc6e2c3, 0xa9d6a4, 0x8ac985, 0xb5cf6b, 0xdbd35a, 0xf2c94c,
		0xf0ad4e, 0xea8f45, 0xe0703e, 0xc9302c,
	};
	unsigned int i;

	for (i = 0; i < map->cells; i++) {
		unsigned int full = tenths(map, i);
		char title[64];

		snprintf(title, sizeof(title), "%llu: %u%%", border(map, i), 10 * full);
		picture_rect(i % MAP_WIDTH * CELL, (row + i / MAP_WIDTH) * CELL,
			     CELL - 1, CELL - 1, fill[full], title);
	}
}

static void end_map(const struct map *map, unsigned int *rows)
{
	if (!map->cells)
		return;
	if (!options.picture) {
		print_map(map);
		return;
	}
	draw_map(map, *rows);
	*rows += (map->cells + MAP_WIDTH - 1) / MAP_WIDTH + 1;
}

int show_map(const char *arena)
{
	const char *dir = arena_dir(arena);
	u64 quantum = statistic(dir, "quantum");
	FILE *file = open_file(dir, "segments", 1);
	struct map map = { .quantum = quantum };
	struct segment seg;
	unsigned int rows = 0;

	if (!quantum)
		die("%s: a quantum of 0", dir);
	while (read_segment(file, &seg)) {
		if (strcmp(seg.type, "span")) {
			add_to_map(&map, &seg);
			continue;
		}
		end_map(&map, &rows);
		begin_map(&map, &seg, quantum);
	}
	end_map(&map, &rows);
	fclose(file);
	if (options.picture)
		picture_write();
	return 0;
}
