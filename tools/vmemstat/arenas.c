// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of arenas, as a tree or sorted, and how two of them differ.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vmemstat.h"

#define COLUMNS		32
#define NAME_WIDTH	26

struct arena {
	unsigned int depth;
	char *name;
	u64 id;
	u64 value[COLUMNS];
};

struct table {
	unsigned int columns;
	char *column[COLUMNS];
	unsigned int nr;
	struct arena *arena;
};

static void read_header(struct table *table, char *line)
{
	char *word = strtok(line, " \n");
	int i;

	for (i = 0; word; i++, word = strtok(NULL, " \n"))
		if (i > 2 && table->columns < COLUMNS)	/* behind "#", "id" and "name" */
			table->column[table->columns++] = copy(word);
}

/* A name may have spaces, so begin at the end, where the numbers are. */
static bool read_arena(const struct table *table, char *line, struct arena *arena)
{
	char *end = line + strlen(line), *name;
	int i;

	for (i = table->columns - 1; i >= 0; i--) {
		while (end > line && isspace((unsigned char)end[-1]))
			*--end = 0;
		while (end > line && !isspace((unsigned char)end[-1]))
			end--;
		arena->value[i] = strtoull(end, NULL, 10);
		*end = 0;
	}
	while (end > line && isspace((unsigned char)end[-1]))
		*--end = 0;
	arena->id = strtoull(line, &name, 10);
	if (name == line || (*name && *name != ' '))
		return false;
	if (*name)			/* an arena may have none */
		name++;
	arena->depth = strspn(name, " ") / 2;
	arena->name = copy(name + 2 * arena->depth);
	return true;
}

static void read_table(struct table *table, const char *dir)
{
	FILE *file = open_file(dir, "arenas", 2);
	char line[1024];

	memset(table, 0, sizeof(*table));
	if (!fgets(line, sizeof(line), file))
		die("%s/arenas: no header", dir);
	read_header(table, line);
	while (fgets(line, sizeof(line), file)) {
		table->arena = allocate(table->arena,
					(table->nr + 1) * sizeof(*table->arena));
		if (!read_arena(table, line, &table->arena[table->nr++]))
			die("%s/arenas: a line that is none", dir);
	}
	fclose(file);
}

static void free_table(struct table *table)
{
	unsigned int i;

	for (i = 0; i < table->columns; i++)
		free(table->column[i]);
	for (i = 0; i < table->nr; i++)
		free(table->arena[i].name);
	free(table->arena);
}

static int column(const struct table *table, const char *name)
{
	unsigned int i;

	for (i = 0; i < table->columns; i++)
		if (!strcmp(table->column[i], name))
			return i;
	die("no column %s", name);
}

static void print_value(const char *name, u64 value)
{
	fputs(", ", stdout);
	json_string(name);
	printf(": %llu", value);
}

static void print_json(const struct table *table)
{
	unsigned int i, k;

	puts("[");
	for (i = 0; i < table->nr; i++) {
		const struct arena *arena = &table->arena[i];

		printf("  {\"id\": %llu, \"depth\": %u, \"name\": ", arena->id, arena->depth);
		json_string(arena->name);
		for (k = 0; k < table->columns; k++)
			print_value(table->column[k], arena->value[k]);
		printf("}%s\n", i + 1 < table->nr ? "," : "");
	}
	puts("]");
}

static int sort_column;

static int larger_first(const void *a, const void *b)
{
	u64 x = ((const struct arena *)a)->value[sort_column];
	u64 y = ((const struct arena *)b)->value[sort_column];

	return x < y ? 1 : x > y ? -1 : 0;
}

/* As a tree; or, sorted, as a list. */
static void print_table(const struct table *table)
{
	int inuse = column(table, "mem_inuse"), total = column(table, "mem_total");
	int largest = column(table, "largest"), waiters = column(table, "waiters");
	int alloc = column(table, "alloc"), fail = column(table, "fail");
	int import = column(table, "mem_import");
	unsigned int i;

	printf("%-*s %6s %6s %4s %6s %7s %6s %5s %4s\n", NAME_WIDTH, "arena", "in use",
	       "total", "use", "import", "largest", "alloc", "fail", "wait");
	for (i = 0; i < table->nr; i++) {
		const struct arena *arena = &table->arena[i];
		unsigned int indent = options.sort_by ? 0 : 2 * arena->depth;
		const u64 *v = arena->value;

		if (indent > NAME_WIDTH / 2)
			indent = NAME_WIDTH / 2;
		printf("%*s%-*.*s %6s %6s %3.0f%% %6s %7s %6s %5s %4s\n", indent, "",
		       NAME_WIDTH - indent, NAME_WIDTH - indent, arena->name,
		       brief(v[inuse]), brief(v[total]),
		       v[total] ? 100.0 * v[inuse] / v[total] : 0.0, brief(v[import]),
		       brief(v[largest]), brief(v[alloc]), brief(v[fail]),
		       brief(v[waiters]));
	}
}

static int show_table(void)
{
	struct table table;

	read_table(&table, options.dir);
	if (options.sort_by) {
		sort_column = column(&table, options.sort_by);
		qsort(table.arena, table.nr, sizeof(*table.arena), larger_first);
	}
	if (options.json)
		print_json(&table);
	else
		print_table(&table);
	free_table(&table);
	return 0;
}

int show_arenas(void)
{
	return repeat(show_table);
}

/* What has changed between two copies, by arena and column. */
int show_diff(const char *before, const char *after)
{
	struct table a, b;
	unsigned int i, k, m;

	read_table(&a, before);
	read_table(&b, after);
	for (i = 0; i < b.nr; i++) {
		const struct arena *now = &b.arena[i], *then = NULL;

		for (m = 0; m < a.nr && !then; m++)
			if (a.arena[m].id == now->id)
				then = &a.arena[m];
		if (!then)
			printf("%s-%llu: new\n", now->name, now->id);
		for (k = 0; then && k < b.columns; k++) {
			u64 is = now->value[k], was;

			was = then->value[column(&a, b.column[k])];
			if (is != was)
				printf("%s-%llu: %s %llu %+lld\n", now->name, now->id,
				       b.column[k], is, (long long)(is - was));
		}
	}
	for (m = 0; m < a.nr; m++) {
		for (i = 0; i < b.nr && b.arena[i].id != a.arena[m].id; i++)
			;
		if (i == b.nr)
			printf("%s-%llu: ended\n", a.arena[m].name, a.arena[m].id);
	}
	free_table(&a);
	free_table(&b);
	return 0;
}
