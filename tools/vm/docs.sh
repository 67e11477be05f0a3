#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The documentation as HTML, by sphinx and the kernel's own extension for
# kernel-doc, and whether it holds every exported symbol.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

dir=$OUT/docs
passed=0
failed=0

"$TOP"/tools/vm/setup.sh python3-sphinx
rm -rf "$dir"
mkdir -p "$dir"
KERNEL_SOURCE=$(cat "$CACHE/source")
export KERNEL_SOURCE srctree=$TOP PYTHONDONTWRITEBYTECODE=1

gate()
{
	local name=$1 log=$dir/${1// /-}.log

	shift
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		say "docs: $name: ok"
	else
		failed=$((failed + 1))
		head -n 40 "$log"
		complain "docs: $name: FAILED (log: $log)"
	fi
}

# Every exported symbol has an entry of its own, not only a mention.
symbols_documented()
{
	local s bad=0

	for s in $(grep -rhoP 'EXPORT_SYMBOL_GPL\(\K\w+' "$TOP/vmem"); do
		grep -rqs "id=\"c\.$s\"" "$dir/html" ||
			{ echo "$s is exported, not documented"; bad=1; }
	done
	return "$bad"
}

gate "html" sphinx-build -b html -q -W --keep-going -d "$dir/doctrees" \
	"$TOP/Documentation" "$dir/html"
gate "exported symbols" symbols_documented
say "docs: $dir/html/index.html"
verdict docs "$passed" "$failed"
