#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The documentation as HTML, by sphinx and the kernel's own extension for kernel-doc. And
# is it true, as far as that can be told? What is exported, can be set, is counted or
# traced is in it, and what it names is there.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/gates.sh
. "$(dirname "${BASH_SOURCE[0]}")/gates.sh"

lane=docs
dir=$OUT/docs

"$TOP"/tools/vm/setup.sh python3-sphinx
rm -rf "$dir"
mkdir -p "$dir"
KERNEL_SOURCE=$(cat "$CACHE/source")
export KERNEL_SOURCE srctree=$TOP PYTHONDONTWRITEBYTECODE=1

# each_of COMMAND TEST...: TEST succeeds with each word that COMMAND writes, and there is
# one at least.
each_of()
{
	local word n=0 bad=0

	while read -r word; do
		n=$((n + 1))
		"${@:2}" "$word" || bad=1
	done < <("$1" | sort -u)
	echo "$n"
	[ "$n" -gt 0 ] && [ "$bad" -eq 0 ]
}

exported()
{
	grep -rhoP 'EXPORT_SYMBOL_GPL\(\K\w+' vmem
}

# An entry of its own, not only a mention; a test; and a driver to copy from.
known()
{
	grep -rqs "id=\"c\.$1\"" "$dir/html" || { echo "$1: no documentation"; return 1; }
	grep -rqw "$1" kunit || { echo "$1: no test"; return 1; }
	grep -rqw "$1" samples || { echo "$1: no sample"; return 1; }
}

# Parameters, statistics, events, labels of reports: what administrators see.
seen()
{
	grep -rhoP '^module_param(_cb|_named)?\(\K\w+' vmem
	grep -oP '^(TRACE_EVENT(_FN)?\(|DEFINE_EVENT\(\w+, )\K\w+' include/trace/events/vmem.h
	sed -n 's/^\t\[VMEM_STAT_.*"\(.*\)",$/\1/p' vmem/stats.c
}

explained()
{
	grep -qw "$1" Documentation/admin-guide/vmem.rst || { echo "$1: not explained"; return 1; }
}

# Files of this tree that texts name, and targets of make.
named_files()
{
	grep -rhoP '(?<![\w/.<-])(Documentation/(core-api|admin-guide|process|vmem)|samples|kunit|bench|tools)/[\w./*-]*\w' \
		README.md CHANGES.md Documentation vmem include |
		grep -v '^Documentation/process/submitting-patches'
}

there()
{
	compgen -G "$1" >/dev/null || { echo "$1: is named, and is not there"; return 1; }
}

named_targets()
{
	grep -rhoP '(`|^\s+)make \K[a-z][a-z_-]*(?![\w=])' README.md CHANGES.md Documentation
}

made()
{
	grep -q "^$1:" "$dir/makefile" || { echo "make $1: no such target"; return 1; }
}

gate "html" sphinx-build -b html -q -W --keep-going -d "$dir/doctrees" \
	"$TOP/Documentation" "$dir/html"
cd "$TOP"
make --question --print-data-base help >"$dir/makefile" 2>/dev/null || true
gate "what is exported is documented, tested, shown" each_of exported known
gate "what administrators see is explained" each_of seen explained
gate "files that are named are there" each_of named_files there
gate "targets of make that are named are there" each_of named_targets made
say "docs: $dir/html/index.html"
verdict docs "$passed" "$failed"
