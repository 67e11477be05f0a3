#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "intree": vmem as a part of Linux 6.12. The series of patches.sh is applied to
# the source of Debian, passes checkpatch, builds after each patch, and ends as graft.sh
# -p does; and that tree builds in configurations that the other lanes do not have:
#
#	y	User Mode Linux with all of vmem built in, linked
#	m	the same as modules, seen by modpost; and a driver that just includes
#		<linux/vmem.h>
#	none	x86_64 without debugfs, tracepoints, printk, modules, on one CPU
#	i386	32 bits, with tests and audits
#	allmod	x86_64, allmodconfig
#
# Of the last three only vmem is compiled, with W=1; the last two also go through sparse,
# which does not understand raw_spin_trylock() of a kernel for one CPU.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=tools/vm/kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/kernel.sh"
# shellcheck source=tools/vm/gates.sh
. "$(dirname "${BASH_SOURCE[0]}")/gates.sh"

SPARSE=(C=2 CF=-D__CHECK_ENDIAN__)
MODULES=(vmem vmem_kunit vmem_contexts vmem_fail vmem_leak vmem_sleep)

lane=intree
dir=$OUT/intree
patches=$OUT/patches

# === The series ===

# Hard links, and git knows of the files alone that patches change.
git_tree()
{
	local file

	rm -rf "$git_tree"
	cp -al "$source" "$git_tree" &&
		git -C "$git_tree" init -q -b vmem &&
		sed -n 's|^--- a/||p' "$patches"/*.patch | sort -u |
		while read -r file; do
			[ ! -e "$git_tree/$file" ] || echo "$file"
		done |
		git -C "$git_tree" add -f --pathspec-from-file=- &&
		in_git commit -q -m "Linux"
}

in_git()
{
	git -C "$git_tree" -c user.name=intree -c user.email=intree@localhost "$@"
}

# quiet_build MAKE-ARGUMENT...: a build without a warning, whose output is shown.
quiet_build()
{
	local log

	log=$(mktemp "$dir/build.XXXX")
	if ! kernel_make "$@" >"$log" 2>&1; then
		grep -iE -A8 '\<error\>' "$log" || cat "$log"
		return 1
	fi
	cat "$log"
	! grep -E 'warning:|WARNING:|error:' "$log" >/dev/null
}

# What it has of a configuration; kconfig drops symbols that are not there yet.
configure_step()
{
	kernel_make KCONFIG_ALLCONFIG="$TOP/tools/vm/config/intree-m.config" allnoconfig
}

# Apply one patch after the other, and build what each has changed of lib/.
apply()
{
	local patch built=0

	KTREE=$git_tree KARCH=um BUILD=$CACHE/intree-steps
	mkdir -p "$BUILD"
	git_tree || return 1
	for patch in "$patches"/*.patch; do
		[[ $patch != */0000-* ]] || continue
		in_git am -q --whitespace=error "$patch" || return 1
		[ -e "$git_tree/lib/vmem/Kbuild" ] || continue
		in_git diff --quiet HEAD^ -- lib && continue
		if ! configure_step || ! quiet_build prepare lib/vmem/; then
			echo "does not build: $patch"
			return 1
		fi
		built=$((built + 1))
	done
	echo "built $built times"
	[ "$built" -gt 0 ]
}

series_checkpatch()
{
	printf '%s\n' "$patches"/*.patch | checkpatch --showfile | sed 's|^lib/vmem/||' | not_waived
}

# The tree that is kept, for builds to be short; made anew if it is not what it should
# be, as a file may have gone since.
grafted()
{
	[ -d "$KTREE" ] || cp -al "$source" "$KTREE"
	"$TOP/tools/vm/graft.sh" -p "$KTREE" || return 1
	diff -rq --exclude=.git "$git_tree" "$KTREE"
}

same_as_graft()
{
	grafted && return
	rm -rf "$KTREE"
	grafted
}

# === Builds of the tree ===

# configure NAME ARCH BASE: for kernel_make().
configure()
{
	local wanted=$TOP/tools/vm/config/intree-$1.config

	KARCH=$2 BUILD=$CACHE/intree-$1-$(cat "$CACHE/source" "$wanted" | sha256sum | cut -c1-12)
	mkdir -p "$BUILD"
	kernel_make KCONFIG_ALLCONFIG="$wanted" "$3" &&
		(check_config "$wanted" "$BUILD")
}

built_in()
{
	configure y um allnoconfig && quiet_build linux &&
		nm "$BUILD/linux" | grep ' [tT] vmem_alloc$' &&
		nm "$BUILD/linux" | grep ' [tT] vmem_bench_init$'
}

as_modules()
{
	local module

	configure m um allnoconfig && quiet_build all || return 1
	for module in "${MODULES[@]}"; do
		find "$BUILD/lib/vmem" -name "$module.ko" | grep . || return 1
	done
}

# A driver in another directory, without a path to vmem.
just_include()
{
	local driver=$dir/driver

	mkdir -p "$driver"
	echo 'obj-m := user.o' >"$driver/Kbuild"
	cat >"$driver/user.c" <<-'END'
	#include <linux/id_space.h>
	#include <linux/module.h>
	#include <linux/vmem.h>

	static int __init user_init(void)
	{
		vmem_t *ids = vmem_create("ids", (void *)1, 64, 1, NULL, NULL, NULL, 0,
					  VM_SLEEP | VMC_IDENTIFIER);

		vmem_destroy(ids);
		return 0;
	}
	module_init(user_init);

	MODULE_DESCRIPTION("user of vmem");
	MODULE_LICENSE("GPL");
	END
	quiet_build M="$driver" modules && [ -f "$driver/user.ko" ]
}

# compiles NAME ARCH BASE MAKE-ARGUMENT...: vmem alone.
compiles()
{
	configure "$1" "$2" "$3" && quiet_build W=1 "${@:4}" prepare lib/vmem/ &&
		[ -s "$BUILD/lib/vmem/vmem/arena.o" ]
}

# Sparse was there, and divisions of 64 bits are not left to libgcc, which a kernel
# does not have.
compiles_32()
{
	compiles i386 i386 allnoconfig "${SPARSE[@]}" || return 1
	! find "$BUILD/lib/vmem" -name '*.o' -exec nm -uA {} + |
		grep -E ' __u?(div|mod|divmod)[ds]i[34]$'
}

seen_by_sparse()
{
	local name

	for name in i386 allmod; do
		grep 'CHECK .*/vmem/arena\.c' "$dir/$name.log" || return 1
	done
}

rm -rf "$dir"
mkdir -p "$dir"
"$TOP/tools/vm/setup.sh"
exec {intree_lock}>"$CACHE/intree.lock"
flock -n "$intree_lock" || { say "$lane: waiting for another"; flock "$intree_lock"; }
source=$(cat "$CACHE/source")
git_tree=$CACHE/series-${source##*/}
graft=$CACHE/intree-${source##*/}

gate "series" "$TOP/tools/vm/patches.sh" -k "$source"
gate "checkpatch" series_checkpatch
gate "git am" apply
KTREE=$graft
gate "same as graft" same_as_graft
gate "y" built_in
gate "m" as_modules
gate "include" just_include
gate "none" compiles none x86_64 allnoconfig
gate "i386" compiles_32
gate "allmod" compiles allmod x86_64 allmodconfig "${SPARSE[@]}"
gate "sparse" seen_by_sparse
rm -rf "$git_tree"
verdict intree "$passed" "$failed"
