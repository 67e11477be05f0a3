// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmemstat: look at vmem arenas from user space, by what is in debugfs.
 *
 * It needs no library and no terminal: linked statically it works in an initramfs.
 * With -d it reads a copy of the directory that was saved elsewhere.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmemstat.h"

static const char usage_text[] =
	"vmemstat [-j] [-s COLUMN] [-r SECONDS]         all arenas\n"
	"vmemstat segs [FILTER...] [-j] ARENA           segments\n"
	"vmemstat map [-c|-n] [--svg|--png FILE] ARENA  what is allocated where\n"
	"vmemstat hist|callers|waiters|stat|qcache ARENA\n"
	"vmemstat top callers [-r SECONDS]              who holds most of all arenas\n"
	"vmemstat trace [--svg|--png FILE] TRACE ARENA...  address against time\n"
	"vmemstat diff DIR DIR                          what has changed between copies\n"
	"vmemstat report                                all that a report of a fault needs\n"
	"\n"
	"ARENA    a name, or NAME-ID if there are more of that name\n"
	"FILTER   -t TYPE, -m LEAST, -M MOST (size); of blocks, with audits:\n"
	"         --caller TEXT, --thread PID|TEXT, --since, --until SECONDS\n"
	"-d DIR   a copy of /sys/kernel/debug/vmem\n"
	"-j       JSON\n"
	"-c, -n   with colours, without; by default with, on a terminal\n";

static const char default_dir[] = "/sys/kernel/debug/vmem";

struct options options = {
	.dir = default_dir,
	.most = ~0ull,
	.until = FOREVER,
};

/* === What all parts use === */

void die(const char *fmt, ...)
{
	va_list args;

	fputs("vmemstat: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void *allocate(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new)
		die("no memory");
	return new;
}

char *copy(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(allocate(NULL, size), text, size);
}

/* In six characters: as it is, or by powers of 1024. */
const char *brief(u64 n)
{
	static char text[8][16];
	static unsigned int turn;
	char *to = text[turn++ % 8];
	const char *unit = "KMGTPE";
	double d = n;

	if (n < 100000) {
		snprintf(to, 16, "%llu", n);
		return to;
	}
	for (d /= 1024; d >= 1000; d /= 1024)
		unit++;
	snprintf(to, 16, d < 100 ? "%.1f%c" : "%.0f%c", d, *unit);
	return to;
}

void json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			printf("\\u%04x", (unsigned char)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

/* Show something as often as the user wants it. */
int repeat(int (*show)(void))
{
	int status = show();

	while (options.refresh && !status) {
		fflush(stdout);
		sleep(options.refresh);
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
		status = show();
	}
	return status;
}

/* === The command line === */

static void __attribute__((noreturn)) usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static int run(int argc, char **argv)
{
	const char *what = argv[0];

	if (!argc)
		return show_arenas();
	if (argc == 1 && !strcmp(what, "report"))
		return show_report(options.dir == default_dir);
	if (argc == 3 && !strcmp(what, "diff"))
		return show_diff(argv[1], argv[2]);
	if (argc >= 3 && !strcmp(what, "trace"))
		return show_trace(argv[1], argv + 2, argc - 2);
	if (argc != 2)
		usage();
	if (!strcmp(what, "top") && !strcmp(argv[1], "callers"))
		return repeat(show_top_callers);
	if (!strcmp(what, "segs"))
		return show_segments(argv[1]);
	if (!strcmp(what, "map"))
		return show_map(argv[1]);
	if (!strcmp(what, "hist"))
		return show_file("free", argv[1]);
	if (!strcmp(what, "callers") || !strcmp(what, "waiters") ||
	    !strcmp(what, "stat") || !strcmp(what, "qcache"))
		return show_file(what, argv[1]);
	usage();
}

enum {
	OPTION_SVG = 256,
	OPTION_PNG,
	OPTION_CALLER,
	OPTION_THREAD,
	OPTION_SINCE,
	OPTION_UNTIL,
};

static const struct option long_options[] = {
	{ "dir",	required_argument,	NULL, 'd' },
	{ "json",	no_argument,		NULL, 'j' },
	{ "sort",	required_argument,	NULL, 's' },
	{ "refresh",	required_argument,	NULL, 'r' },
	{ "colour",	no_argument,		NULL, 'c' },
	{ "color",	no_argument,		NULL, 'c' },
	{ "no-colour",	no_argument,		NULL, 'n' },
	{ "no-color",	no_argument,		NULL, 'n' },
	{ "type",	required_argument,	NULL, 't' },
	{ "least",	required_argument,	NULL, 'm' },
	{ "most",	required_argument,	NULL, 'M' },
	{ "caller",	required_argument,	NULL, OPTION_CALLER },
	{ "thread",	required_argument,	NULL, OPTION_THREAD },
	{ "since",	required_argument,	NULL, OPTION_SINCE },
	{ "until",	required_argument,	NULL, OPTION_UNTIL },
	{ "svg",	required_argument,	NULL, OPTION_SVG },
	{ "png",	required_argument,	NULL, OPTION_PNG },
	{}
};

static u64 number(const char *text)
{
	char *end;
	u64 n = strtoull(text, &end, 0);

	if (end == text || *end)
		die("no number: %s", text);
	return n;
}

static double seconds(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end)
		die("no time: %s", text);
	return n;
}

int main(int argc, char **argv)
{
	int option;

	options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	while ((option = getopt_long(argc, argv, "cd:jm:M:nr:s:t:", long_options,
				     NULL)) != -1) {
		switch (option) {
		case 'c': options.colour = true; break;
		case 'd': options.dir = optarg; break;
		case 'j': options.json = true; break;
		case 'm': options.least = number(optarg); break;
		case 'M': options.most = number(optarg); break;
		case 'n': options.colour = false; break;
		case 'r': options.refresh = number(optarg); break;
		case 's': options.sort_by = optarg; break;
		case 't': options.type = optarg; break;
		case OPTION_CALLER: options.caller = optarg; break;
		case OPTION_THREAD: options.thread = optarg; break;
		case OPTION_SINCE: options.since = seconds(optarg); break;
		case OPTION_UNTIL: options.until = seconds(optarg); break;
		case OPTION_SVG: options.picture = optarg; break;
		case OPTION_PNG: options.picture = optarg; options.png = true; break;
		default: usage();
		}
		options.blocks |= option >= OPTION_CALLER && option <= OPTION_UNTIL;
	}
	if (options.blocks && options.type)
		die("--type is of segments, and another filter of blocks");
	return run(argc - optind, argv + optind);
}
