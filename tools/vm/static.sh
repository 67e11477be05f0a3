#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The gates that need no kernel to run: style, documentation, spelling, and
# builds against the headers of the stock kernels without a warning. Each gate
# counts as one test.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/gates.sh
. "$(dirname "${BASH_SOURCE[0]}")/gates.sh"

# Words that codespell takes for misspellings of others.
WORDS=

lane=static
dir=$OUT/static

# files EXTENDED-REGEX: those of the project whose path matches.
files()
{
	project_files | grep -E "$1" | while read -r f; do
		[ ! -f "$f" ] || echo "$f"
	done
}

# none COMMAND...: what it finds is what is wrong.
none()
{
	! "$@"
}

run_checkpatch()
{
	printf '%s\n' "${code[@]}" Kconfig | checkpatch -f | not_waived
}

run_kernel_doc()
{
	local log=$dir/kernel-doc.out

	"$source/scripts/kernel-doc" -none -Wall \
		"${library[@]}" include/linux/*.h >"$log" 2>&1
	cat "$log"
	[ ! -s "$log" ]
}

run_codespell()
{
	files '' | grep -vE '^COPYING$|^tools/testing/vmem/corpus/' |
		xargs codespell ${WORDS:+--ignore-words-list "$WORDS"}
}

# By what it starts with: a script that lost its suffix counts, too.
run_shellcheck()
{
	files '' | while read -r f; do
		! head -n 2 "$f" | grep -qE '^#!.*/(ba)?sh|shell=(ba)?sh' ||
			echo "$f"
	done | xargs shellcheck --external-sources --source-path="$TOP"
}

# SPDX on the first line, or on the second if the first is for the kernel.
run_spdx()
{
	local f bad=0

	while read -r f; do
		head -n 2 "$f" | awk '
			NR == 1 && /^#!/ { next }
			{ exit !/SPDX-License-Identifier: GPL-2\.0/ }' ||
			{ echo "$f: no SPDX line"; bad=1; }
	done < <(files '\.([ch]|sh|rst|config|py)$|(^|/)(Kbuild|Kconfig|Makefile|run)$')
	return "$bad"
}

linux_includes()
{
	grep -nE '#[[:space:]]*include[[:space:]]*<linux/' "${library[@]}" |
		grep -vE '^vmem/(deps|compat)\.h:'
}

version_tests()
{
	grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION' "${code[@]}" |
		grep -vE '^(vmem/compat|tools/testing/vmem/linux/kernel)\.h:'
}

calls_of_bug()
{
	grep -nE '\<BUG(_ON)?[[:space:]]*\(' "${library[@]}" "${headers[@]}"
}

unfinished()
{
	files '' | grep -v '^tools/vm/static\.sh$' |
		xargs grep -nE '\<(TODO|FIXME|XXX)\>'
}

# build STOCK MAKE-VARIABLE...: modules against the headers of a stock kernel, in a
# copy. A difference between compilers is the machine's and no warning of ours.
build()
{
	local rel copy log

	rel=$(cat "$CACHE/stock-$1")
	copy=$(mktemp -d "$dir/build-$1.XXX")
	log=$copy.out
	shift
	copy_tree "$copy"
	make -C "/usr/src/linux-headers-$rel" M="$copy" -j"$JOBS" "$@" modules \
		>"$log" 2>&1 || { cat "$log"; return 1; }
	if grep -E 'warning:|WARNING|error:' "$log" |
		grep -v 'warning: the compiler differs'; then
		return 1
	fi
	[ -f "$copy/vmem.ko" ]
}

# Exported functions without a hostile caller, and hostile callers of none.
attacked()
{
	diff <(sed -n 's/^EXPORT_SYMBOL_GPL(\(.*\));/\1/p' "${library[@]}" | sort) \
		<(sed -n 's/^\tCALL(\([a-z_]*\),.*/\1/p' kunit/hostile_kunit.c | sort)
}

# The version of the module is that of its packages, and of the newest changes.
one_version()
{
	local version

	version=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' vmem/main.c)
	[ -n "$version" ] && grep -x "PACKAGE_VERSION=\"$version\"" dkms.conf &&
		head -n 1 debian/changelog | grep -F "($version" &&
		grep -m 1 '^## ' CHANGES.md | grep -xF "## $version"
}

cd "$TOP"
rm -rf "$dir"
mkdir -p "$dir"
"$TOP/tools/vm/setup.sh"
source=$(cat "$CACHE/source")
mapfile -t code < <(files '\.[ch]$')
mapfile -t library < <(files '^vmem/.*\.[ch]$')
mapfile -t headers < <(files '^include/.*\.h$')

gate "SPDX lines" run_spdx
gate "kernel headers in deps.h only" none linux_includes
gate "version tests in compat.h only" none version_tests
gate "no BUG" none calls_of_bug
gate "nothing unfinished" none unfinished
gate "hostile calls of all exports" attacked
gate "one version" one_version
gate "spelling" run_codespell
gate "shellcheck" run_shellcheck
gate "kernel-doc" run_kernel_doc
gate "checkpatch" run_checkpatch
gate "sparse and W=1 on 6.12" build 6.12 W=1 C=2 CF=-D__CHECK_ENDIAN__ \
	CONFIG_VMEM_BENCH=m CONFIG_VMEM_CONTEXT_TEST=m CONFIG_VMEM_LEAK_TEST=m
gate "W=1 with audits on 6.1" build 6.1 W=1 CONFIG_VMEM_AUDIT=y
verdict static "$passed" "$failed"
