// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address against time, by one scale for all arenas: each block of a trace is a
 * rectangle, from where and when it was allocated to where it ends and when it was freed.
 * The trace is text, as tracefs has it, with the events vmem_alloc and vmem_free, and
 * vmem_fail to count failures.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmemstat.h"

#define WIDTH	400		/* of a panel, in pixels */
#define HEIGHT	256
#define MARGIN	24
#define ACROSS	2		/* panels */

struct block {
	u64 addr, size;
	u64 from, to;			/* events of this arena before it came, went */
	bool live;
};

struct panel {
	const char *arena;
	struct block *block;
	unsigned int nr;
	u64 events;
	u64 failures;
};

static u64 low = ~0ull, high;		/* of all addresses, the last one */

/* Behind "arena=NAME " in a line of that event, or NULL. Names may have spaces. */
static const char *fields(const char *line, const char *event, const char *arena)
{
	size_t len = strlen(arena);
	char text[64];
	const char *at;

	snprintf(text, sizeof(text), ": %s: arena=", event);
	at = strstr(line, text);
	if (!at)
		return NULL;
	at += strlen(text);
	return !strncmp(at, arena, len) && at[len] == ' ' ? at + len + 1 : NULL;
}

static void add(struct panel *panel, u64 addr, u64 size)
{
	if (!(panel->nr & (panel->nr - 1)))
		panel->block = allocate(panel->block,
					(2 * panel->nr + 1) * sizeof(*panel->block));
	panel->block[panel->nr++] = (struct block){ addr, size, panel->events++, 0, true };
	if (addr < low)
		low = addr;
	if (addr + size - 1 > high)
		high = addr + size - 1;
}

/* The youngest of that address. Those from before the trace are not known. */
static void end(struct panel *panel, u64 addr)
{
	unsigned int i;

	panel->events++;
	for (i = panel->nr; i--; ) {
		if (panel->block[i].live && panel->block[i].addr == addr) {
			panel->block[i].live = false;
			panel->block[i].to = panel->events;
			return;
		}
	}
}

static void read_line(struct panel *panel, const char *line)
{
	const char *at;
	u64 addr, size;

	at = fields(line, "vmem_alloc", panel->arena);
	if (at && sscanf(at, "addr=%llx size=%llu", &addr, &size) == 2 && size &&
	    size - 1 <= ~0ull - addr)
		add(panel, addr, size);
	at = fields(line, "vmem_free", panel->arena);
	if (at && sscanf(at, "addr=%llx", &addr) == 1)
		end(panel, addr);
	if (fields(line, "vmem_fail", panel->arena))
		panel->failures++;
}

static unsigned int colour_of(u64 size)
{
	static const unsigned int colour[] = {
		0xfde725, 0xaadc32, 0x5dc863, 0x27ad81, 0x21908d, 0x2c728e, 0x3b528b,
		0x472d7b, 0x440154,
	};
	unsigned int order = 0;

	while (size >>= 1)
		order++;
	return colour[order < 8 ? order : 8];
}

static unsigned int scale(double n, double whole, unsigned int pixels)
{
	return n / whole * pixels;
}

/* Of a block that is too small for it, one pixel. */
static unsigned int at_least_one(unsigned int from, unsigned int *to)
{
	if (*to <= from)
		*to = from + 1;
	return *to - from;
}

/* Low addresses are at the bottom. Short blocks come first, so that they stay together. */
static void draw(const struct panel *panel, unsigned int x, unsigned int y)
{
	double range = (double)(high - low) + 1;
	unsigned int i, order;
	char text[256];

	snprintf(text, sizeof(text), "%s: %llu events, %llu failed", panel->arena,
		 panel->events, panel->failures);
	picture_text(x, y - 6, text);
	picture_rect(x, y, WIDTH, HEIGHT, 0xf0f0f0, NULL);
	for (order = 0; order <= 8; order++) {
		for (i = 0; i < panel->nr; i++) {
			const struct block *b = &panel->block[i];
			u64 to = b->live ? panel->events : b->to;
			unsigned int left = scale(b->from, panel->events, WIDTH);
			unsigned int right = scale(to, panel->events, WIDTH);
			unsigned int bottom = scale(b->addr - low, range, HEIGHT);
			unsigned int top = scale((double)(b->addr - low) + b->size, range,
						 HEIGHT);
			unsigned int width = at_least_one(left, &right);
			unsigned int height = at_least_one(bottom, &top);

			if (colour_of(b->size) == colour_of(1ull << order))
				picture_rect(x + left, y + HEIGHT - top, width, height,
					     colour_of(b->size), NULL);
		}
	}
}

int show_trace(const char *name, char **arena, int nr)
{
	FILE *file = fopen(name, "r");
	struct panel *panel = allocate(NULL, nr * sizeof(*panel));
	char line[1024];
	int i;

	if (!file)
		die("%s: %s", name, strerror(errno));
	for (i = 0; i < nr; i++)
		panel[i] = (struct panel){ .arena = arena[i] };
	while (fgets(line, sizeof(line), file))
		for (i = 0; i < nr; i++)
			read_line(&panel[i], line);
	fclose(file);
	for (i = 0; i < nr; i++) {
		if (!panel[i].nr)
			die("%s: no blocks of arena %s", name, arena[i]);
		if (options.picture)
			draw(&panel[i], i % ACROSS * (WIDTH + MARGIN),
			     i / ACROSS * (HEIGHT + MARGIN) + MARGIN);
		else
			printf("%s: %llu events, %u blocks, %llu failures\n", arena[i],
			       panel[i].events, panel[i].nr, panel[i].failures);
		free(panel[i].block);
	}
	if (options.picture)
		picture_write();
	free(panel);
	return 0;
}
