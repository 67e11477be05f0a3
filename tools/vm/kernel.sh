# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Build a kernel with vmem in it, for User Mode Linux or for QEMU, and run the
# former. Source it after common.sh.

# Set by kernel_build: kernel source with vmem grafted into it, for what it is
# built, and where.
KTREE=
KARCH=
BUILD=

# Hard links: 80000 files in seconds. Builds go elsewhere (O=), and graft.sh
# replaces what it changes, so that the pristine source stays so.
graft_tree()
{
	local source

	source=$(cat "$CACHE/source")
	KTREE=$CACHE/graft-${source##*/}
	if [ ! -d "$KTREE" ]; then
		rm -rf "$KTREE.new"
		cp -al "$source" "$KTREE.new"
		mv "$KTREE.new" "$KTREE"
	fi
	"$TOP/tools/vm/graft.sh" "$KTREE"
}

# check_config WANTED BUILD: kconfig drops in silence what it cannot give. Of two
# lines for a symbol, the later one counts; what is not set has none.
check_config()
{
	local missing

	missing=$(awk -F= '
		!/^CONFIG_/ { next }
		NR == FNR { wanted[$1] = $0; next }
		{ given[$1] = $0 }
		END {
			for (s in wanted)
				if (wanted[s] != s "=n" && wanted[s] != given[s] ||
				    wanted[s] == s "=n" && s in given)
					print wanted[s]
		}' "$1" "$2/.config")
	[ -z "$missing" ] || die "not in the configuration of $2: $missing"
}

# kernel_image ARCH: what of a build is booted.
kernel_image()
{
	case $1 in
	um)	echo linux ;;
	x86_64|i386) echo arch/x86/boot/bzImage ;;
	arm64)	echo arch/arm64/boot/Image ;;
	*)	die "no kernel for $1" ;;
	esac
}

kernel_make()
{
	local cross=

	[ "$KARCH" != arm64 ] || cross=aarch64-linux-gnu-
	make -C "$KTREE" ARCH="$KARCH" ${cross:+CROSS_COMPILE="$cross"} \
		O="$BUILD" -j"$JOBS" "$@"
}

# They take turns: there is one tree that vmem is grafted into.
kernel_lock()
{
	exec {build_lock}>"$CACHE/kernel.lock"
	flock -n "$build_lock" ||
		{ say "$1: waiting for another build"; flock "$build_lock"; }
	graft_tree
}

kernel_unlock()
{
	exec {build_lock}>&-
}

# kernel_build ARCH NAME DIR CONFIGS [MAKE-VARIABLE...]: build it and copy to DIR
# what a run needs. The build is kept, by version and configuration, for all
# copies of this project.
kernel_build()
{
	local name=$2 dir=$3 wanted=$3/config image key

	KARCH=$1
	image=$(kernel_image "$KARCH")
	# shellcheck disable=SC2086 # a list of files
	(cd "$TOP/tools/vm/config" && cat $4) >"$wanted"
	shift 4
	kernel_lock "$name"
	key=$(cat "$CACHE/source" "$wanted" | sha256sum | cut -c1-12)
	BUILD=$CACHE/$name-$key
	if [ -e "$BUILD/$image" ]; then
		say "$name: building what has changed"
	else
		say "$name: building a kernel; the first time takes minutes"
		mkdir -p "$BUILD"
		quietly "$dir/config.log" kernel_make \
			KCONFIG_ALLCONFIG="$wanted" allnoconfig
	fi
	quietly "$dir/build.log" kernel_make olddefconfig
	check_config "$wanted" "$BUILD"
	quietly "$dir/build.log" kernel_make all "$@"
	cp "$BUILD/$image" "$dir/"
	find "$BUILD/lib/vmem" "$BUILD/samples" -name '*.ko' \
		-exec cp {} "$dir/" \; 2>/dev/null || true
	kernel_unlock
}

# kernel_again NAME LOG [MAKE-ARGUMENT...]: make something else of what was built.
kernel_again()
{
	local name=$1 log=$2 status=0

	shift 2
	kernel_lock "$name"
	kernel_make "$@" >"$log" 2>&1 || status=$?
	kernel_unlock
	return "$status"
}

# uml_run DIR SECONDS [PARAMETER...]: boot it, run the suites, then uml-init.sh.
# Console and results are in DIR afterwards.
uml_run()
{
	local dir=$1 limit=$2

	shift 2
	timeout --kill-after=5 "$limit" "$dir/linux" mem=1G console=tty0 \
		con=null con0=null,fd:1 \
		root=none rootfstype=hostfs rootflags=/ ro \
		init="$TOP/tools/vm/uml-init.sh" VMEM_OUT="$dir" \
		'kunit.filter_glob=vmem*' "$@" </dev/null >"$dir/console.log" 2>&1
}
