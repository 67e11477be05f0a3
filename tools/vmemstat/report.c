// SPDX-License-Identifier: GPL-2.0-only
/*
 * What somebody else has to know to find out what is wrong: the kernel, the module and
 * its parameters, all arenas, and what vmem has said. Segments and blocks are not in it,
 * there may be millions.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "vmemstat.h"

#define MODULE	"/sys/module/vmem"

enum { READ_ALL = 3, SIZE_OF_BUFFER = 10 };	/* of klogctl(), see syslog(2) */

/* Its content, below its name; or why not. */
static void quote(const char *path)
{
	FILE *file = fopen(path, "r");
	char text[4096];
	size_t n;

	printf("\n== %s\n", path);
	if (!file) {
		printf("(%s)\n", strerror(errno));
		return;
	}
	while ((n = fread(text, 1, sizeof(text), file)))
		fwrite(text, 1, n, stdout);
	if (ferror(file))
		printf("(%s)\n", strerror(errno));
	fclose(file);
}

static void quote_in(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	quote(path);
}

static void quote_parameters(void)
{
	DIR *dir = opendir(MODULE "/parameters");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			quote_in(MODULE "/parameters", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* Who uses the module. */
static void list_holders(void)
{
	DIR *dir = opendir(MODULE "/holders");
	struct dirent *entry;

	puts("\n== " MODULE "/holders");
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			puts(entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static void quote_arena(const char *dir)
{
	static const char *const files[] = { "stat", "free", "qcache", "waiters", "callers" };
	unsigned int i;
	char path[4096];

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (!access(path, F_OK))	/* "callers" is there with audits only */
			quote(path);
	}
}

/* Is it about us, and not about the kernel's vmemmap? */
static bool mentions_vmem(const char *line)
{
	while ((line = strstr(line, "vmem"))) {
		line += strlen("vmem");
		if (strncmp(line, "map", 3))
			return true;
	}
	return false;
}

/* Lines of the kernel log that mention vmem. */
static void quote_log(void)
{
	int size = klogctl(SIZE_OF_BUFFER, NULL, 0);
	char *log, *line, *rest;
	int length;

	puts("\n== kernel log, lines with vmem");
	if (size < 0) {
		printf("(%s)\n", strerror(errno));
		return;
	}
	log = allocate(NULL, size + 1);
	length = klogctl(READ_ALL, log, size);
	if (length < 0)
		printf("(%s)\n", strerror(errno));
	log[length < 0 ? 0 : length] = '\0';
	for (rest = log; (line = strsep(&rest, "\n"));) {
		if (mentions_vmem(line))
			puts(line);
	}
	free(log);
}

int show_report(bool live)
{
	bool readable;

	puts("vmem report - version: 1\n"
	     "# Names of arenas, processes and modules are in here, and the kernel's command\n"
	     "# line. Addresses of memory are hashes. Read it before you send it.");
	if (live) {
		quote("/proc/version");
		quote("/proc/cmdline");
		quote("/proc/sys/kernel/tainted");
		quote(MODULE "/version");
		quote(MODULE "/srcversion");
		quote(MODULE "/taint");
		quote_parameters();
		list_holders();
	}
	quote_in(options.dir, "arenas");
	readable = !access(options.dir, R_OK | X_OK);
	if (readable)
		for_each_dir(quote_arena);
	if (live)
		quote_log();
	return !readable;
}
