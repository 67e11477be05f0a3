#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# graft.sh [-p] KERNEL: put vmem into a kernel tree, as lib/vmem. Again is fine, and
# touches only what has changed, so that the next build of it is a short one.
#
#	-p	as a patch would have it (patches.sh): what the kernel has a place for
#		goes there, so that any driver just includes <linux/vmem.h>, and what
#		runs the tests stays out. Otherwise all of this tree is lib/vmem.
#
# Below lib/vmem it is laid out as here, so that a fix goes either way by
# "git am --directory=lib/vmem" or "git am -p3".

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

export LC_ALL=C		# the order of MAINTAINERS

# kernel_path FILE: where a patch would put a file of ours; nothing if nowhere.
kernel_path()
{
	case $1 in
	include/linux/*|include/trace/*)	echo "$1" ;;
	Documentation/core-api/vmem.rst)	echo "$1" ;;
	Documentation/core-api/vmem-choosing.rst)
						echo "$1" ;;
	Documentation/admin-guide/vmem.rst)	echo "$1" ;;
	tools/vmemstat/*|tools/drgn/*)		echo "$1" ;;
	Kbuild|Kconfig|include/sys/*)		echo "lib/vmem/$1" ;;
	vmem/*|kunit/*|bench/*)			echo "lib/vmem/$1" ;;
	samples/lessons/*)			echo "lib/vmem/$1" ;;
	esac
}

# edit FILE LINE SED-SCRIPT: add LINE to FILE, once. FILE is replaced and not
# written to, as it may be a hard link shared with another tree.
edit()
{
	! grep -qxF "$2" "$1" || return 0
	sed "$3" "$1" >"$1.new"
	grep -qxF "$2" "$1.new" || die "$1: found no place for \"$2\""
	mv "$1.new" "$1"
}

# maintainers: our entry, with the paths that the kernel has of our files.
maintainers()
{
	sed '1,/^-----/d' "$TOP/MAINTAINERS" | grep -v -e '^F:' -e '^$'
	sed -n 's/^F:\t//p' "$TOP/MAINTAINERS" | while read -r file; do
		kernel_path "$file"
	done | sed 's|^lib/vmem/.*|lib/vmem/|; s/^/F:\t/' | sort -u
}

# add_maintainers: where its title sorts, or instead of the one that is there. Entries
# are parted by empty lines, and begin behind a heading.
add_maintainers()
{
	local new=$kernel/MAINTAINERS.new

	awk -v entry="$(maintainers)" '
		BEGIN { title = entry; sub(/\n.*/, "", title) }
		/^Maintainers List/ { list = 1 }
		first && $0 == title { ours = 1 }
		list && first && !done && $0 > title && /^[A-Z0-9]/ {
			print entry "\n"
			done = 1
		}
		{ first = $0 == "" }
		!ours
		first { ours = 0 }' "$kernel/MAINTAINERS" >"$new"
	grep -q "^F:	lib/vmem/$" "$new" || die "MAINTAINERS: found no place"
	if cmp -s "$kernel/MAINTAINERS" "$new"; then
		rm "$new"
	else
		mv "$new" "$kernel/MAINTAINERS"
	fi
}

# by_content FROM TO: without times: make must see a changed file as new, even if it
# is older than the object that another copy of it has left.
by_content()
{
	rsync -r --checksum --delete --executability "$1/" "$2/"
}

as_lib_vmem()
{
	copy_tree "$stage"
	by_content "$stage" "$kernel/lib/vmem"
}

as_patch()
{
	local file to

	project_files | while read -r file; do
		to=$(kernel_path "$file")
		[ -n "$to" ] || continue
		mkdir -p "$stage/$(dirname "$to")"
		cp "$TOP/$file" "$stage/$to"
	done
	by_content "$stage/lib/vmem" "$kernel/lib/vmem"
	rm -rf "${stage:?}/lib"
	rsync -r --checksum --executability "$stage/" "$kernel/"
	edit "$kernel/Documentation/core-api/index.rst" '   vmem' '/^   idr$/a \   vmem'
	edit "$kernel/Documentation/core-api/index.rst" '   vmem-choosing' \
		'/^   vmem$/a \   vmem-choosing'
	edit "$kernel/Documentation/admin-guide/index.rst" '   vmem' \
		'/^   video-output$/a \   vmem'
	add_maintainers
}

layout=as_lib_vmem
if [ "${1:-}" = -p ]; then
	layout=as_patch
	shift
fi
kernel=${1:?usage: graft.sh [-p] KERNEL}
[ -f "$kernel/lib/Kconfig" ] || die "$kernel: not a kernel tree"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
"$layout"
edit "$kernel/lib/Kconfig" 'source "lib/vmem/Kconfig"' \
	'/^endmenu/i source "lib/vmem/Kconfig"\n'
edit "$kernel/lib/Makefile" 'obj-y += vmem/' "\$a obj-y += vmem/"
