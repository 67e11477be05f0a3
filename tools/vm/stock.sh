# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# vmem and a module that uses it on a distribution's own kernel, as far as run.sh,
# debian.sh and bench.sh have it in common: build both the way a user would,
# boot, do the guest's job, read what came of it. Source it, do not run it.
#
# KERNEL is a name of setup.sh, like 6.12. All is made in $STOCK/KERNEL:
#
#	vmem/		copy of $VMEM_TREE, in which vmem.ko is built: a link, as
#			lanes that want the same share it
#	sdk/		what a driver gets: include/, vmem.mk and Module.symvers
#	driver/		the sources of the example driver, and nothing else
#	bench/		the same of the benchmark
#	guest/		initramfs, console.log, results.log

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

VM=$TOP/tools/vm
STOCK=$OUT/stock
VMEM_TREE=$TOP
CROWD=${CROWD:-1000000}

# Besides what no kernel log may contain: lines of vmem itself are reports of
# misuse or leaks, and neither module misuses anything. The loader has two more to
# say of vmem, on taint; those are expected.
BAD_REPORT='\] vmem: |vmem_(demo|bench).*FAILED'
EXPECTED_REPORT='\] vmem: (.* taint(s|ing) kernel|no space: )'

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

# state_of TREE: what tells it from any other, and from what it was before.
state_of()
{
	(cd "$1" && project_files . | xargs -d '\n' sha256sum 2>/dev/null | sha256sum)
}

# build_vmem KERNEL [VARIABLE=VALUE...]: with the tests for kernels without KUnit, of
# which one lane alone has need. Not again, if another lane did, or a run before.
build_vmem()
{
	local dir shared state

	dir=$(stock_dir "$1")
	shared=$OUT/built/$(tr ' =' - <<<"$*") # make reads "=" as an assignment
	state=$(state_of "$VMEM_TREE")
	mkdir -p "$OUT/built" "$dir"
	rm -rf "$dir/vmem"
	ln -s "$shared" "$dir/vmem"
	(
		flock 8
		[ "$(cat "$shared.state" 2>/dev/null)" != "$state" ] || exit 0
		rm -rf "$shared" "$shared.state"
		copy_tree "$shared" "$VMEM_TREE"
		module_make "$1" "$shared" CONFIG_VMEM_CONTEXT_TEST=m \
			CONFIG_VMEM_SAMPLES=m "${@:2}" \
			>"$shared.log" 2>&1
		echo "$state" >"$shared.state"
	) 8>"$shared.lock"
	cp "$shared.log" "$dir/vmem.log"
	[ -s "$shared/vmem_contexts.ko" ]
}

# build_user KERNEL NAME SOURCES: modules that use the vmem just built, in a copy.
build_user()
{
	local dir

	dir=$(stock_dir "$1")
	rm -rf "$dir/sdk" "${dir:?}/$2"
	mkdir -p "$dir/sdk"
	cp -r "$dir/vmem/include" "$dir/vmem/vmem.mk" "$dir/vmem/Module.symvers" \
		"$dir/sdk"
	copy_tree "$dir/$2" "$3"
	module_make "$1" "$dir/$2" VMEM_DIR="$dir/sdk" \
		>"$dir/$2.log" 2>&1 && [ -s "$dir/$2/modules.order" ]
}

build_driver()
{
	build_user "$1" driver "$TOP/samples/external-driver"
}

build_hello()
{
	build_user "$1" hello "$TOP/samples/hello"
}

build_porting()
{
	build_user "$1" porting "$TOP/samples/porting"
}

build_bench()
{
	build_user "$1" bench "$TOP/bench"
}

# For the guest, and for us.
build_vmemstat()
{
	local dir

	dir=$(stock_dir "$1")/programs/bin
	mkdir -p "$dir"
	make -B -C "$TOP/tools/vmemstat" OUT="$dir" CFLAGS="-O2 -Werror" \
		>"$dir/../vmemstat.log" 2>&1
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

# boot_demo KERNEL [MODULES]: the driver, then these. It is loaded with 30 MiB of
# memory 21 times: that takes half a minute.
boot_demo()
{
	boot_guest "$1" demo "driver/vmem_demo.ko ${2:-}" -t 300 -- "${CARD[@]}"
}

# One instruction is one nanosecond of virtual time: bench/path.c. The arena that is
# looked at has CROWD segments.
boot_bench()
{
	build_vmemstat "$1" &&
	QEMU_ACCEL=tcg,thread=single boot_guest "$1" bench "bench/vmem_bench.ko programs" \
		-c 1 -t 300 -a "tsc=reliable VMEM_CROWD=$CROWD" -- \
		-icount shift=0,sleep=off
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
	NR == 1 { expect("header", $0, "vmem arenas - version: 2"); next }
	NR == 2 { expect("header", $1 " " $2 " " $3, "# id name"); next }
	{
		expect("number of columns", NF, 12)
		expect("waiters", $12, 0)
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

# The files of each arena: its spans are what mem_total says, and consist of its other
# segments; of these, the free ones are those of the histogram; what is allocated is
# no less than mem_inuse, and less than a quantum a segment more, unless a slab has it.
views_sane()
{
	local total

	total=$(shown "$1" views | wc -l)
	[ "$total" -eq "$ARENAS" ] && shown "$1" views | awk '
	{
		for (i = 2; i <= NF; i += 2)
			v[$i] = $(i + 1)
		slack = v["slab"] ? v["slab"] : v["quantum"] * v["blocks"]
		if (v["span"] != v["total"] || v["span"] != v["free"] + v["taken"] ||
		    v["free"] != v["histogram"] || v["taken"] < v["inuse"] ||
		    v["taken"] - v["inuse"] > slack) {
			print "does not add up: " $0
			bad = 1
		}
	}
	END { exit bad }'
}

# vmemstat KERNEL ARGUMENT...: run it on what the guest has shown of the BAR's arena.
vmemstat()
{
	local dir file kernel=$1

	dir=$(stock_dir "$kernel")/debugfs
	shift
	if [ ! -e "$dir" ]; then
		mkdir -p "$dir/bar@card-2"
		build_vmemstat "$kernel"
		shown "$kernel" arenas >"$dir/arenas"
		for file in stat segments free; do
			shown "$kernel" "bar-$file" >"$dir/bar@card-2/$file"
		done
	fi
	"$dir/../programs/bin/vmemstat" -d "$dir" "$@"
}

# png_sane FILE WIDTH HEIGHT: are all parts of the BAR's map as they say, and is it of
# that size?
png_sane()
{
	python3 - "$@" <<-'EOF'
	import struct, sys, zlib
	data = open(sys.argv[1], "rb").read()
	size = tuple(map(int, sys.argv[2:]))
	assert data[:8] == b"\x89PNG\r\n\x1a\n"
	at, part = 8, {}
	while at < len(data):
	    length, name = struct.unpack_from(">I4s", data, at)
	    part[name] = data[at + 8:at + 8 + length]
	    crc, = struct.unpack_from(">I", data, at + 8 + length)
	    assert crc == zlib.crc32(name + part[name])
	    at += 12 + length
	assert struct.unpack_from(">II", part[b"IHDR"]) == size
	assert len(zlib.decompress(part[b"IDAT"])) == (size[0] + 1) * size[1]
	assert name == b"IEND"
	# The first cell of the BAR is full.
	pixel = zlib.decompress(part[b"IDAT"])[1]
	assert part[b"PLTE"][3 * pixel:3 * pixel + 3] == bytes.fromhex("c9302c")
	EOF
}

# What the driver has of its BAR, in each form.
vmemstat_sane()
{
	local dir

	dir=$(stock_dir "$1")/debugfs
	rm -rf "$dir"
	[ "$(vmemstat "$1" segs -t alloc bar@card | tail -n 1)" = "8, 1671168 in all" ] &&
		[ "$(vmemstat "$1" segs -t free -m 45057 -M 262144 bar@card | tail -n 1)" = \
			"2, 385024 in all" ] &&
		[ "$(vmemstat "$1" | wc -l)" -eq $((ARENAS + 1)) ] &&
		[ "$(vmemstat "$1" -s mem_total | awk 'NR == 2 { print $1 }')" = \
			"bar@0000:00:02.0" ] &&
		vmemstat "$1" -j | python3 -m json.tool >/dev/null &&
		vmemstat "$1" -j segs bar@card | python3 -m json.tool >/dev/null &&
		[ "$(vmemstat "$1" -n map bar@card | tail -n +2 | grep -o '[.1-9#]$' |
			wc -l)" -eq 8 ] &&
		[ "$(vmemstat "$1" -n map bar@card | cut -c14- | grep -o '#' | wc -l)" -eq 50 ] &&
		vmemstat "$1" --svg "$dir/bar.svg" map bar@card &&
		[ "$(grep -c '<rect' "$dir/bar.svg")" -eq 512 ] &&
		vmemstat "$1" --png "$dir/bar.png" map bar@card &&
		png_sane "$dir/bar.png" 639 79 &&
		[ -z "$(vmemstat "$1" diff "$dir" "$dir")" ]
}

# Each block that was handed out came back, also from quantum caches; each span that
# was imported was released; and the one request that fails, for the whole BAR of which
# some is in use, tells why.
trace_sane()
{
	shown "$1" traced | awk '
	/vmem: no space: arena "bar@.* size 0x1000000 free 15106048 largest / { told++ }
	$1 == "fail" { fails += $2 == "no_space" && $3 == 15106048 && $4 <= $3 }
	$1 == "alloc" {
		sane = $2 > 300 && $2 == $4 && $6 > 0 && $6 == $8 && !$10 && !$12
	}
	END { exit !(sane && fails == 1 && told == 1) }'
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
files of each arena agree;	views_sane
vmemstat shows them;	vmemstat_sane
events see each block;	trace_sane
events make histograms;	step_ok histograms
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
		complain "  FAILED  $what"
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
		check "$what ($1)" "$how" "$1" "$arg"
	done <<<"$PROPERTIES"
}
