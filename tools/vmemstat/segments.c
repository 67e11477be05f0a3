// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments of an arena, blocks with those who hold them, and who holds most of all.
 */
#include <stdlib.h>
#include <string.h>

#include "vmemstat.h"

#define TOP	20		/* callers */

static bool size_is_wanted(u64 size)
{
	return size >= options.least && size <= options.most;
}

/* Rows of a list, as text or as JSON, and their sum. */
static u64 rows, sum;

static void begin_rows(void)
{
	rows = 0;
	sum = 0;
	if (options.json)
		puts("[");
}

static void begin_row(void)
{
	if (options.json && rows)
		puts(",");
	rows++;
}

static void end_rows(void)
{
	if (options.json)
		puts("\n]");
	else
		printf("%llu, %llu in all\n", rows, sum);
}

/* Is it one of those in options.type, parted by commas? */
static bool type_is_wanted(const char *type)
{
	const char *one = options.type;
	size_t len = strlen(type);

	for (; one; one = strchr(one, ',')) {
		one += *one == ',';
		if (!strncmp(one, type, len) && (!one[len] || one[len] == ','))
			return true;
	}
	return !options.type;
}

static void print_segment(const struct segment *seg)
{
	if (!options.json) {
		printf("%-6s %20s %20llu\n", seg->type, seg->first, seg->size);
		return;
	}
	fputs("  {\"type\": ", stdout);
	json_string(seg->type);
	fputs(", \"first\": ", stdout);
	json_string(seg->first);
	printf(", \"size\": %llu}", seg->size);
}

static void list_segments(const char *dir)
{
	FILE *file = open_file(dir, "segments", 1);
	struct segment seg;

	while (read_segment(file, &seg)) {
		if (!type_is_wanted(seg.type) || !size_is_wanted(seg.size))
			continue;
		begin_row();
		print_segment(&seg);
		if (options.type || strcmp(seg.type, "span")) /* which has the others in it */
			sum += seg.size;
	}
	fclose(file);
}

/* === Blocks, of a kernel with audits === */

struct block {
	char first[32];
	u64 size;
	int pid;
	double seconds;
	char *caller;
	char *comm;
};

/* Caller and name may have spaces: tabs part them. */
static bool read_block(FILE *file, char *line, int size, struct block *block)
{
	char *tab;
	int at;

	do {
		if (!fgets(line, size, file))
			return false;
	} while (line[0] == '#');
	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "%31s %llu %d %lf %n", block->first, &block->size, &block->pid,
		   &block->seconds, &at) != 4 || !(block->seconds >= 0 &&
						   block->seconds < FOREVER))
		die("no block: %s", line);
	block->caller = line + at;
	tab = strchr(block->caller, '\t');
	if (!tab)
		die("no block: %s", line);
	*tab = 0;
	block->comm = tab + 1;
	return true;
}

static bool thread_is_wanted(const struct block *block)
{
	char *end;
	long pid;

	if (!options.thread || strstr(block->comm, options.thread))
		return true;
	pid = strtol(options.thread, &end, 10);
	return end != options.thread && !*end && pid == block->pid;
}

static bool block_is_wanted(const struct block *block)
{
	return size_is_wanted(block->size) &&
	       block->seconds >= options.since && block->seconds <= options.until &&
	       (!options.caller || strstr(block->caller, options.caller)) &&
	       thread_is_wanted(block);
}

/* To fit in a line of 80: the size in brief, and not how long the function is. */
static void print_short(const struct block *block)
{
	const char *module = strchr(block->caller, ' ');

	printf("%-14s %6s %11.6f %s[%d] %.*s%s\n", block->first, brief(block->size),
	       block->seconds, block->comm, block->pid, (int)strcspn(block->caller, "/ "),
	       block->caller, module ? module : "");
}

static void print_block(const struct block *block)
{
	if (!options.json) {
		print_short(block);
		return;
	}
	fputs("  {\"first\": ", stdout);
	json_string(block->first);
	printf(", \"size\": %llu, \"seconds\": %.6f, \"pid\": %d, \"comm\": ", block->size,
	       block->seconds, block->pid);
	json_string(block->comm);
	fputs(", \"caller\": ", stdout);
	json_string(block->caller);
	putchar('}');
}

static void list_blocks(const char *dir)
{
	FILE *file = open_file(dir, "blocks", 1);
	struct block block;
	char line[1024];

	while (read_block(file, line, sizeof(line), &block)) {
		if (!block_is_wanted(&block))
			continue;
		begin_row();
		print_block(&block);
		sum += block.size;
	}
	fclose(file);
}

/* What asks for more than the kernel tells of segments is about blocks. */
int show_segments(const char *arena)
{
	const char *dir = arena_dir(arena);

	begin_rows();
	if (options.blocks)
		list_blocks(dir);
	else
		list_segments(dir);
	end_rows();
	return 0;
}

/* === Who holds most === */

struct holder {
	char *caller;
	u64 blocks, units;
	unsigned int arenas;
	unsigned int last;		/* arena that was counted */
};

static struct holder *holders;
static unsigned int nr_holders, nr_arenas;

static struct holder *holder_of(const char *caller)
{
	unsigned int i;

	for (i = 0; i < nr_holders; i++)
		if (!strcmp(holders[i].caller, caller))
			return &holders[i];
	holders = allocate(holders, (nr_holders + 1) * sizeof(*holders));
	holders[nr_holders] = (struct holder){ .caller = copy(caller) };
	return &holders[nr_holders++];
}

/* An arena may end while we look at it, and without audits none has this. */
static void add_holders(const char *dir)
{
	FILE *file = try_file(dir, "blocks", 1);
	struct block block;
	char line[1024];

	if (!file)
		return;
	nr_arenas++;
	while (read_block(file, line, sizeof(line), &block)) {
		struct holder *holder = holder_of(block.caller);

		holder->blocks++;
		holder->units += block.size;
		if (holder->last != nr_arenas)
			holder->arenas++;
		holder->last = nr_arenas;
	}
	fclose(file);
}

static int more_first(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	return x->units < y->units ? 1 : x->units > y->units ? -1 : 0;
}

int show_top_callers(void)
{
	unsigned int i;

	nr_arenas = 0;
	for_each_dir(add_holders);
	if (!nr_arenas)
		die("no arena tells who holds its blocks: that takes CONFIG_VMEM_AUDIT");
	qsort(holders, nr_holders, sizeof(*holders), more_first);
	printf("%8s %8s %6s %s\n", "units", "blocks", "arenas", "caller");
	for (i = 0; i < nr_holders; i++) {
		if (i < TOP)
			printf("%8s %8s %6u %s\n", brief(holders[i].units),
			       brief(holders[i].blocks), holders[i].arenas,
			       holders[i].caller);
		free(holders[i].caller);
	}
	nr_holders = 0;
	return 0;
}
