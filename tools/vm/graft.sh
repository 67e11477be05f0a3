#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# graft.sh KERNEL: put vmem into a kernel tree, as lib/vmem. Again is fine, and
# touches only what has changed, so that the next build of it is a short one.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# edit FILE LINE SED-SCRIPT: add LINE to FILE, once. FILE is replaced and not
# written to, as it may be a hard link shared with another tree.
edit()
{
	! grep -qxF "$2" "$1" || return 0
	sed "$3" "$1" >"$1.new"
	mv "$1.new" "$1"
}

kernel=${1:?usage: graft.sh KERNEL}
[ -f "$kernel/lib/Kconfig" ] || die "$kernel: not a kernel tree"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
copy_tree "$stage"
# By content and without times: make must see a changed file as new, even if
# it is older than the object that another copy of it has left.
rsync -r --checksum --delete --executability "$stage/" "$kernel/lib/vmem/"
edit "$kernel/lib/Kconfig" 'source "lib/vmem/Kconfig"' \
	'/^endmenu/i source "lib/vmem/Kconfig"\n'
edit "$kernel/lib/Makefile" 'obj-y += vmem/' "\$a obj-y += vmem/"
