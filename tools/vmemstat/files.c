// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of vmem in debugfs, or in a copy.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmemstat.h"

/*
 * See that a file is one of ours, in a format that we know. NULL if there is none, or its
 * arena has ended.
 */
FILE *try_file(const char *dir, const char *name, int version)
{
	char path[4096], line[128], what[64];
	FILE *file;
	int is;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	if (!fgets(line, sizeof(line), file)) {
		int error = ferror(file) ? errno : ENOENT;

		fclose(file);
		errno = error;
		return NULL;
	}
	if (sscanf(line, "vmem %63s - version: %d", what, &is) != 2)
		die("%s: not a file of vmem", path);
	if (is != version)
		die("%s: version %d, but this vmemstat reads %d", path, is, version);
	return file;
}

FILE *open_file(const char *dir, const char *name, int version)
{
	FILE *file = try_file(dir, name, version);

	if (!file)
		die("%s/%s: %s", dir, name, strerror(errno));
	return file;
}

/* Is @entry the directory of an arena called @name? */
static bool names(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(entry, name, len) && entry[len] == '-' &&
	       strspn(entry + len + 1, "0123456789") == strlen(entry + len + 1);
}

/* By NAME-ID, or else by a name that there is once. */
const char *arena_dir(const char *arena)
{
	static char path[4096];
	char *name = copy(arena), *slash;
	struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	while ((slash = strchr(name, '/')))
		*slash = '!';

	dir = opendir(options.dir);
	if (!dir)
		die("%s: %s", options.dir, strerror(errno));
	while ((entry = readdir(dir))) {
		bool exact = !strcmp(entry->d_name, name);

		if (!exact && !names(entry->d_name, name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", options.dir, entry->d_name);
		nr++;
		if (exact) {
			nr = 1;
			break;
		}
	}
	closedir(dir);
	free(name);
	if (!nr)
		die("no arena %s", arena);
	if (nr > 1)
		die("%u arenas %s: say which, as NAME-ID", nr, arena);
	return path;
}

int show_file(const char *name, const char *arena)
{
	FILE *file = open_file(arena_dir(arena), name, 1);
	char line[1024];

	while (fgets(line, sizeof(line), file))
		fputs(line, stdout);
	fclose(file);
	return 0;
}

u64 statistic(const char *dir, const char *name)
{
	FILE *file = open_file(dir, "stat", 1);
	char is[64];
	u64 value;

	while (fscanf(file, "%63s %llu", is, &value) == 2) {
		if (!strcmp(is, name)) {
			fclose(file);
			return value;
		}
	}
	die("%s/stat has no %s", dir, name);
}

/* Call @func for each arena. */
void for_each_dir(void (*func)(const char *dir))
{
	char path[4096];
	struct dirent *entry;
	DIR *dir = opendir(options.dir);

	if (!dir)
		die("%s: %s", options.dir, strerror(errno));
	while ((entry = readdir(dir))) {
		const char *id = strrchr(entry->d_name, '-');

		if (!id || strspn(id + 1, "0123456789") != strlen(id + 1))
			continue;
		snprintf(path, sizeof(path), "%s/%s", options.dir, entry->d_name);
		func(path);
	}
	closedir(dir);
}

bool read_segment(FILE *file, struct segment *seg)
{
	char line[128];

	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		if (sscanf(line, "%15s %31s %llu", seg->type, seg->first, &seg->size) != 3)
			die("no segment: %s", line);
		return true;
	}
	return false;
}
