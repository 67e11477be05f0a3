#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The documentation as HTML, by sphinx and the kernel's own extension for
# kernel-doc, and whether it holds every exported symbol.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

lane=docs
dir=$OUT/docs
passed=0
failed=0

"$TOP"/tools/vm/setup.sh python3-sphinx
rm -rf "$dir"
mkdir -p "$dir"
KERNEL_SOURCE=$(cat "$CACHE/source")
export KERNEL_SOURCE srctree=$TOP PYTHONDONTWRITEBYTECODE=1

# Every exported symbol has an entry of its own, not only a mention.
symbols_documented()
{
	local s n=0 bad=0

	while read -r s; do
		n=$((n + 1))
		grep -rqs "id=\"c\.$s\"" "$dir/html" ||
			{ echo "$s is exported, not documented"; bad=1; }
	done < <(grep -rhoP 'EXPORT_SYMBOL_GPL\(\K\w+' "$TOP/vmem")
	echo "$n symbols"
	[ "$n" -gt 0 ] && [ "$bad" -eq 0 ]
}

gate "html" sphinx-build -b html -q -W --keep-going -d "$dir/doctrees" \
	"$TOP/Documentation" "$dir/html"
gate "exported symbols" symbols_documented
say "docs: $dir/html/index.html"
verdict docs "$passed" "$failed"
