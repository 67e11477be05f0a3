#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# headers.sh KERNEL DIR SOURCE...: fill DIR with the headers that the sources
# include as <linux/...> and the like: the kernel's own where they can do without a
# kernel, empty files otherwise (kernel.h has what is in them).

set -euo pipefail

kernel=$1 dir=$2
shift 2

# All others would bring half a kernel along.
REAL="
linux/align.h linux/args.h linux/const.h linux/container_of.h linux/glob.h
linux/hash.h linux/kconfig.h linux/list.h linux/llist.h linux/log2.h
linux/math.h linux/minmax.h linux/overflow.h linux/poison.h linux/prandom.h
linux/rbtree.h linux/rbtree_augmented.h linux/rbtree_types.h linux/gfp_types.h
linux/sizes.h  linux/stringify.h linux/xarray.h
vdso/const.h uapi/linux/const.h
kunit/assert.h kunit/attributes.h kunit/device.h kunit/resource.h
kunit/static_stub.h kunit/test-bug.h kunit/test.h kunit/try-catch.h
kunit/visibility.h
"

# But for what each source may have defined before it includes anything.
EMPTY='#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif'

rm -rf "$dir"
for header in $REAL ${MORE_HEADERS:-}; do
	mkdir -p "$dir/${header%/*}"
	ln -s "$kernel/include/$header" "$dir/$header"
done
find -L "$dir" -name '*.h' -exec cat {} + | cat - "$@" |
	sed -n 's|^#[ ]*include <\([a-z-]*/[a-z_0-9/-]*\.h\)>.*|\1|p' | sort -u |
	while read -r header; do
		[ -e "$dir/$header" ] && continue
		case $header in
		linux/vmem.h|linux/id_space.h|sys/*) continue ;;
		esac
		mkdir -p "$dir/${header%/*}"
		echo "$EMPTY" >"$dir/$header"
	done
