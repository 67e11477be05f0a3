/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of vmemstat have in common. "dir" is a directory like debugfs's vmem,
 * ARENA what a user calls an arena. A command returns the exit status.
 */
#ifndef _VMEMSTAT_H
#define _VMEMSTAT_H

#include <stdbool.h>
#include <stdio.h>

typedef unsigned long long u64;

/* main.c */
struct options {
	const char *dir;
	bool json;
	bool colour;			/* on the terminal */
	const char *sort_by;		/* column of arenas */
	unsigned int refresh;		/* seconds; 0: once */
	const char *picture;		/* file to draw to */
	bool png;			/* not SVG */
	/* Of segments: */
	const char *type;
	u64 least, most;		/* sizes */
	const char *caller;		/* a part of it */
	const char *thread;		/* process, or a part of its name */
	double since, until;		/* seconds */
	bool blocks;			/* one of the last four was given */
};

#define FOREVER	1e18			/* seconds */

extern struct options options;

void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void *allocate(void *old, size_t size);
char *copy(const char *text);
const char *brief(u64 n);
void json_string(const char *text);
int repeat(int (*show)(void));

/* files.c */
FILE *open_file(const char *dir, const char *name, int version);
FILE *try_file(const char *dir, const char *name, int version);
const char *arena_dir(const char *arena);
void for_each_dir(void (*func)(const char *dir));
int show_file(const char *name, const char *arena);
u64 statistic(const char *dir, const char *name);

struct segment {
	char type[16];
	char first[32];			/* a number, or the hash of one */
	u64 size;
};

bool read_segment(FILE *file, struct segment *seg);

/* arenas.c */
int show_arenas(void);
int show_diff(const char *before, const char *after);

/* segments.c */
int show_segments(const char *arena);
int show_top_callers(void);

/* map.c */
int show_map(const char *arena);

/* trace.c */
int show_trace(const char *file, char **arena, int nr);

/* report.c: of a copy, or of the live system and all that is not in the copy */
int show_report(bool live);

/* picture.c */
void picture_rect(unsigned int x, unsigned int y, unsigned int width, unsigned int height,
		  unsigned int colour, const char *title);
void picture_text(unsigned int x, unsigned int y, const char *text);
void picture_write(void);

#endif /* _VMEMSTAT_H */
