#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which lines of vmem/ do the KUnit suites execute? Prints a table by file, and
# leaves in $OUT/coverage the sources with counts (ours/*.gcov) and the lines
# that never ran (unexecuted).

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"

dir=$OUT/coverage

# Counters are read from the running kernel, notes come from its build: gcov
# wants them side by side.
collect()
{
	local data=$dir/data notes=$BUILD/lib/vmem/vmem

	mkdir -p "$data"
	find "$dir/gcov" -path '*/lib/vmem/vmem/*.gcda' -exec cp {} "$data" \;
	cp "$notes"/*.gcno "$data"
	[ -n "$(find "$data" -name '*.gcda')" ] ||
		die "the kernel gave no counters (log: $dir/console.log)"
	cd "$dir"
	quietly "$dir/gcov.log" gcov --preserve-paths --object-directory "$data" \
		"$data"/*.gcda
}

# NAME.gcov of our own sources; those of kernel headers are dropped. A column is
# "count:line:text", where "-" is no code and "#####" code that never ran.
keep_ours()
{
	local f name

	for f in *.gcov; do
		name=$(sed -n '1s|.*Source:.*/lib/vmem/vmem/\([a-z_]*\.[ch]\)$|\1|p' "$f")
		if [ -n "$name" ] && [ "${name%.c}" != "$name" ]; then
			mv "$f" "ours/$name.gcov"
		else
			rm "$f"
		fi
	done
}

table()
{
	awk -F: -v unexecuted="$dir/unexecuted" '
		function row(name, run, all) {
			printf "%-16s %6d %6d %7.1f%%\n", name, run, all,
			       all ? 100 * run / all : 100
		}
		function flush() {
			if (file != "")
				row(file, run, all)
			sum_run += run; sum_all += all; run = all = 0
		}
		FNR == 1 {
			flush()
			file = FILENAME
			sub(/.*\//, "", file); sub(/\.gcov$/, "", file)
		}
		{ text = $0; gsub(/ /, "", $1); line = $2 + 0 }
		line == 0 || $1 == "-" { next }
		{ all++ }
		$1 ~ /^[#=]+$/ {
			sub(/^[^:]*:[^:]*:/, "", text)
			printf "vmem/%s:%d:%s\n", file, line, text >unexecuted
			next
		}
		{ run++ }
		END { flush(); row("total", sum_run, sum_all) }
	' ours/*.gcov
}

rm -rf "$dir"
mkdir -p "$dir/ours"
"$TOP/tools/vm/setup.sh"
kernel_build um coverage "$dir" \
	"kunit.config uml.config coverage.config" VMEM_GCOV=y
say "coverage: running"
uml_run "$dir" 600 || die "the kernel hung or died (log: $dir/console.log)"
collect
keep_ours
: >unexecuted
printf '%-16s %6s %6s %8s\n' file run lines covered
table
say "lines that never ran: $dir/unexecuted"
