# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# vmem and a module that uses it on a distribution's own kernel, as far as run.sh,
# debian.sh and bench.sh have it in common: build both the way a user would,
# boot, do the guest's job, read what came of it. Source it, do not run it.
#
# KERNEL is a name of setup.sh, like 6.12. All is made in $STOCK/KERNEL:
#
#	vmem/		copy of $VMEM_TREE, in which vmem.ko is built
#	sdk/		what a driver gets: include/ and Module.symvers
#	driver/		the sources of the example driver, and nothing else
#	bench/		the same of the benchmark
#	guest/		initramfs, console.log, results.log

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

VM=$TOP/tools/vm
STOCK=$OUT/stock
VMEM_TREE=$TOP

# Besides what no kernel log may contain: lines of vmem itself are reports of
# misuse or leaks, and neither module misuses anything. The loader has two more to
# say of vmem, on taint; those are expected.
BAD_REPORT='\] vmem: |vmem_(demo|bench).*FAILED'
EXPECTED_REPORT='\] vmem: .* taint(s|ing) kernel'

# These modules are built out of tree (bit 12) and not signed (bit 13). Nothing
# else may taint the kernel.
TAINT=12288

CARD=(
	-object "memory-backend-ram,id=card,size=16M,share=on"
	-device "ivshmem-plain,memdev=card"
)

ARENAS=8	# of the driver

COUNTERS="mem_inuse mem_import mem_total vmem_source alloc free wait fail
lookup search populate_wait populate_fail contains contains_search misuse"

stock_dir()
{
	echo "$STOCK/$1"
}

stock_release()
{
	cat "$CACHE/stock-$1"
}

# module_make KERNEL DIR [VARIABLE=VALUE...]: build the modules in DIR.
module_make()
{
	local headers

	headers=/usr/src/linux-headers-$(stock_release "$1")
	make -C "$headers" -j "$JOBS" M="$2" W=1 "${@:3}" modules
}

build_vmem()
{
	local dir

	dir=$(stock_dir "$1")
	rm -rf "$dir/vmem"
	copy_tree "$dir/vmem" "$VMEM_TREE"
	module_make "$1" "$dir/vmem" >"$dir/vmem.log" 2>&1 &&
		[ -s "$dir/vmem/vmem.ko" ]
}

# build_user KERNEL NAME SOURCES MODULE: a module that uses the vmem just built.
build_user()
{
	local dir

	dir=$(stock_dir "$1")
	rm -rf "$dir/sdk" "${dir:?}/$2"
	mkdir -p "$dir/sdk" "$dir/$2"
	cp -r "$dir/vmem/include" "$dir/vmem/Module.symvers" "$dir/sdk"
	find "$3" -maxdepth 1 \( -name 'Kbuild' -o -name 'Makefile' \
		-o -name '*.[ch]' ! -name '*.mod.c' \) -exec cp {} "$dir/$2" \;
	module_make "$1" "$dir/$2" VMEM_DIR="$dir/sdk" \
		>"$dir/$2.log" 2>&1 && [ -s "$dir/$2/$4.ko" ]
}

build_driver()
{
	build_user "$1" driver "$TOP/samples/external-driver" vmem_demo
}

build_bench()
{
	build_user "$1" bench "$TOP/bench" vmem_bench
}

# no_warnings LOG: of the compiler ("file:line: warning:") or modpost.
no_warnings()
{
	! grep -E ': warning:|WARNING:' "$1"
}

# boot_guest KERNEL JOB MODULES [QEMU.SH OPTIONS]: vmem.ko and others.
boot_guest()
{
	local dir rel module modules=()

	dir=$(stock_dir "$1")
	rel=$(stock_release "$1")
	for module in $3; do
		modules+=("$dir/$module")
	done
	rm -rf "$dir/guest"
	mkdir -p "$dir/guest"
	"$VM/initramfs.sh" "$dir/guest/initramfs.cpio.gz" "$VM/guest/$2" \
		"$dir/vmem/vmem.ko" "${modules[@]}" &&
	"$VM/qemu.sh" -k "$CACHE/images/$rel/boot/vmlinuz-$rel" \
		-i "$dir/guest/initramfs.cpio.gz" -o "$dir/guest" "${@:4}"
}

# The driver is loaded with 30 MiB of memory 21 times: that takes half a minute.
boot_demo()
{
	boot_guest "$1" demo driver/vmem_demo.ko -t 300 -- "${CARD[@]}"
}

# One instruction is one nanosecond of virtual time: bench/path.c.
boot_bench()
{
	QEMU_ACCEL=tcg,thread=single boot_guest "$1" bench bench/vmem_bench.ko \
		-c 1 -t 300 -a tsc=reliable -- -icount shift=0,sleep=off
}

# === What came of it: each takes the name of the kernel first ===
#
# No "grep -q" at the end of a pipe: it may end early, and the pipe then fails.

# Nothing, if the guest was never booted: then every question gets a no.
results()
{
	cat "$(stock_dir "$1")/guest/results.log" 2>/dev/null
}

console()
{
	cat "$(stock_dir "$1")/guest/console.log" 2>/dev/null
}

# step_ok KERNEL STEP
step_ok()
{
	results "$1" | grep -x "@ok $2" >/dev/null
}

# shown KERNEL NAME: what the guest showed under that name.
shown()
{
	results "$1" | sed -n "/^@begin $2\$/,/^@end\$/p" | sed '1d;$d'
}

# What the driver said when it was loaded and unloaded for the first time.
driver_lines()
{
	console "$1" | sed -n '/step: load-driver$/,/step: load-driver-again/p' |
		sed -n 's/^\[ *[0-9.]*\] \(vmem_demo\)/\1/p'
}

# driver_says KERNEL PATTERN
driver_says()
{
	driver_lines "$1" | grep "$2" >/dev/null
}

# Each port says what it was told, and no other port was told that.
ports_ok()
{
	[ "$(shown "$1" ports | wc -l)" -eq 8 ] &&
		! shown "$1" ports | grep -vx '\([0-9]*\) says hello \1'
}

# The table of arenas says what is known of the driver. Its windows are 6 and
# take 1662976 bytes of 16 MiB; 8 rings of 768 bytes fit in two pages, imported
# one by one; one request, for the whole BAR, has failed. Of 256 commands the tags
# are not in use; two tables, of 6144 bytes and of 256 KiB, are got apart; five
# bounce buffers of 768 bytes fit in a slab of a page, 64 descriptors of 64 bytes
# in another page.
arenas_sane()
{
	shown "$1" arenas | awk -v arenas="$ARENAS" '
	function expect(what, is, wanted) {
		if (is == wanted)
			return
		printf "arenas: %s: %s is %s, not %s\n", $2, what, is, wanted
		bad = 1
	}
	function in_use(segments, bytes, total, imported, failed) {
		expect("inuse", $3, bytes)
		expect("import", $4, imported)
		expect("total", $5, total)
		expect("alloc - free", $6 - $7, segments)
		expect("fail", $9, failed)
		known++
	}
	NR == 1 { expect("header", $0, "vmem arenas - version: 1"); next }
	NR == 2 { expect("header", $1 " " $2 " " $3, "# id name"); next }
	{
		expect("number of columns", NF, 10)
		expect("wait", $8, 0)
		expect("misuse", $10, 0)
	}
	$2 == "vmem_demo_minor" { in_use(8, 8, 64, 0, 0) }
	$2 ~ /^tag@/ { in_use(0, 0, 256, 0, 0) }
	$2 ~ /^table@/ { in_use(2, 6144 + 262144, 270336, 270336, 0) }
	$2 ~ /^bounce@/ { in_use(52, 212992, 212992, 212992, 0) }
	$2 ~ /^bar@/ {
		in_use(6 + 2, 1662976 + 8192, 16777216, 0, 1)
		column = index($0, "bar@")
	}
	$2 ~ /^ring@/ {
		in_use(8, 6144, 8192, 8192, 0)
		expect("column", index($0, "ring@"), column + 2)
	}
	$2 ~ /^dma@/ {
		in_use(0, 0, 0, 0, 0)
		column = index($0, "dma@")
	}
	$2 ~ /^desc@/ {
		in_use(256, 16384, 16384, 16384, 0)
		expect("column", index($0, "desc@"), column + 2)
	}
	END {
		$2 = "all"
		expect("arenas of the driver", known, arenas)
		exit bad
	}'
}

# Every arena of the driver shows each of the counters once.
kstat_sane()
{
	local name

	[ "$(shown "$1" kstat | head -n 1)" = "vmem kstat - version: 1" ] ||
		return 1
	for name in $COUNTERS; do
		[ "$(shown "$1" kstat | grep -cw "$name")" -eq "$ARENAS" ] ||
			return 1
	done
}

# no_arenas KERNEL NAME: the table shown under that name is just two headers.
no_arenas()
{
	[ "$(shown "$1" "$2" | wc -l)" -eq 2 ]
}

# memory_shows KERNEL AWK-CONDITION: of pages "before" the driver was loaded many
# times, when it was "in-use" for the last time, and "after".
memory_shows()
{
	shown "$1" memory | awk '
	NR > 1 { free[$1] = $2; vmalloc[$1] = $3; imported[$1] = $4 }
	END {
		taken = free["before"] - free["in-use"]
		missing = free["before"] - free["after"]
		if (NR == 4 && ('"$2"'))
			exit
		printf "memory: %d pages taken, %d imported, %d missing\n",
			taken, imported["in-use"], missing
		exit 1
	}'
}

# More than 28 MiB, and no less than arenas say.
memory_taken()
{
	memory_shows "$1" 'taken > 7168 && taken >= imported["in-use"]'
}

# Loads add up: if a page in 600 stayed away each time, it would show. What the
# kernel keeps for itself comes to about 100 pages.
memory_back()
{
	memory_shows "$1" 'missing <= 256 && missing >= -256'
}

# The kernel tells who has them, so this is exact. The largest table has 4096.
vmalloc_back()
{
	memory_shows "$1" 'vmalloc["before"] == 0 && vmalloc["after"] == 0 &&
		vmalloc["in-use"] >= 4096'
}

log_clean()
{
	local log bad

	log=$(stock_dir "$1")/guest/console.log
	[ -s "$log" ] || return 1
	bad=$(
		bad_lines "$log"
		grep -E "$BAD_REPORT" "$log" | grep -Ev "$EXPECTED_REPORT"
	) || true
	[ -z "$bad" ] || printf '%s\n' "$bad"
	[ -z "$bad" ]
}

taint_clean()
{
	[ "$(shown "$1" taint-before)" = 0 ] &&
		[ "$(shown "$1" taint)" = "$TAINT" ]
}

# === The properties, one a line: what it is; how to ask the above for it ===

PROPERTIES='
vmem.ko loads;			step_ok load-vmem
its table is empty at first;	no_arenas idle
driver loads;			step_ok load-driver
driver is content;		driver_says :.ok:.*windows.*ports
asked-for minor is had;		driver_says port.0:.minor.42
memory keeps what is written;	driver_says :.ok:.memory.keeps
descriptors have bus addresses;	driver_says descriptor.*at.bus.0x
ports keep what is written;	ports_ok
arenas add up;			arenas_sane
kstat is readable;		kstat_sane
vmem is not unloaded in use;	step_ok unload-vmem-in-use
driver unloads;			step_ok unload-driver
driver returns all;		driver_says :.ok:.all.returned
no arena is left;		no_arenas afterwards
driver loads again;		step_ok load-driver-again
driver unloads again;		step_ok unload-driver-again
its arenas take real memory;	memory_taken
memory of pages, kvmalloc and DMA is back;	memory_back
vmalloc is back to the last page;	vmalloc_back
vmem unloads;			step_ok unload-vmem
debugfs is clean;		step_ok debugfs-gone
guest powers off by itself;	step_ok finished
kernel log is clean;		log_clean
taint is 12288 only;		taint_clean
'

PASSED=0
FAILED=0

# check WHAT COMMAND...: one property.
check()
{
	local what=$1

	shift
	if "$@"; then
		say "  ok      $what"
		PASSED=$((PASSED + 1))
	else
		say "  FAILED  $what"
		FAILED=$((FAILED + 1))
	fi
}

# check_guest KERNEL
check_guest()
{
	local what how arg

	while IFS=';' read -r what how; do
		[ -n "$what" ] || continue
		read -r how arg <<<"$how"
		check "$what" "$how" "$1" "$arg"
	done <<<"$PROPERTIES"
}
