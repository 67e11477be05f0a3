#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lane "tools": does tools/drgn/vmem.py see in a running kernel what debugfs shows? It
# runs on a stock Debian kernel, with Debian's drgn and no debugging information but
# that of vmem.ko. And does vmemstat find who holds what, when vmem audits?
#
#	tools.sh

# shellcheck source=tools/vm/stock.sh
. "$(dirname "${BASH_SOURCE[0]}")/stock.sh"

KERNEL=6.12
STOCK=$OUT/tools
MODULES="driver/vmem_demo.ko bench/vmem_bench.ko"
PYTHON=/usr/lib/python3.11
PACKAGES=/usr/lib/python3/dist-packages

# libraries FILE...: what they are linked with.
libraries()
{
	ldd "$@" | awk '/=> \// { print $3 } /^\t\// { print $1 }' | sort -u
}

# python DIR: this machine's Python and drgn, without what drgn does not need.
python()
{
	local dir=$1 file

	mkdir -p "$dir/usr/bin" "$dir$PYTHON" "$dir$PACKAGES"
	rsync -a --exclude={test,unittest,asyncio,idlelib,lib2to3,distutils,pydoc_data} \
		--exclude={__pycache__,'config-*'} "$PYTHON/" "$dir$PYTHON"
	cp "$(readlink -f /usr/bin/python3)" "$dir/usr/bin/python3"
	cp -r "$PACKAGES"/{drgn,_drgn*.so} "$dir$PACKAGES"
	libraries "$dir/usr/bin/python3" "$PACKAGES"/_drgn*.so \
		"$PYTHON"/lib-dynload/{readline,_ctypes}.*.so |
	while read -r file; do
		mkdir -p "$dir$(dirname "$file")"
		cp -L "$file" "$dir$file"
	done
}

# vmem.ko and the driver once more, with audits.
build_audit()
{
	local dir

	dir=$(stock_dir "$1")
	mkdir -p "$dir/programs/audit"
	build_vmem "$1" CONFIG_VMEM_AUDIT=y && build_driver "$1" &&
		cp "$dir/vmem/vmem.ko" "$dir/driver/vmem_demo.ko" "$dir/programs/audit"
}

boot_tools()
{
	local dir

	dir=$(stock_dir "$KERNEL")
	python "$dir/python"
	cp "$TOP/tools/drgn/vmem.py" "$dir"
	cp "$VM/guest/look.py" "$dir"
	boot_guest "$KERNEL" tools "$MODULES vmem.py look.py python programs" -m 1024 -t 300 -- "${CARD[@]}"
}

# === What it has seen: each takes the name of the kernel first ===

# same KERNEL SHOWN SHOWN: two commands print the same about something shown.
same()
{
	[ -n "$1" ] && [ "$1" = "$2" ]
}

# Name, in use, total, allocated, failed.
arenas_agree()
{
	same "$(shown "$1" arenas | awk '/^ / { print $2, $3, $5, $6, $9 }')" \
		"$(shown "$1" vmem | awk '/^0x/ { print $2, $3, $4, $5, $6 }')"
}

# Type, start, size: identifiers show as what they are.
identifiers_agree()
{
	same "$(shown "$1" crowd-segments | awk '/^[a-z]+ 0x/')" \
		"$(shown "$1" crowd | awk '/^0x/ { print $2, $3, $4 }')" &&
		[ "$(shown "$1" crowd | wc -l)" -gt 1000 ]
}

# Type and size: debugfs shows hashes of addresses.
addresses_agree()
{
	same "$(shown "$1" bar-segments | awk 'NR > 2 { print $1, $3 }')" \
		"$(shown "$1" bar | awk '/^0x/ { print $2, $4 }')"
}

filters_work()
{
	[ "$(shown "$1" filtered | awk '/^0x/ { print $2, $4 }')" = \
		$'free 122880\nfree 262144' ] &&
		shown "$1" around |
		awk '/^0x/ { n++; if ($2 != "span" && $3 != "0xfd0d1000") exit 1 }
			END { exit n != 2 }'
}

walks_agree()
{
	same "$(shown "$1" walk)" \
		"$(shown "$1" crowd-segments | awk '$1 == "free" { print $2 }')"
}

# says KERNEL NAME=TEXT...: a line of what is shown as NAME has that text.
says()
{
	local pair

	for pair in $2; do
		shown "$1" "${pair%%=*}" | tr ' ' _ |
			grep -F -e "${pair#*=}" >/dev/null || return 1
	done
}

# A block of an arena that imports is one of its source, too.
knows_what_is()
{
	[ "$(shown "$1" whatis-ring | wc -l)" -eq 2 ] && says "$1" \
		"whatis-ring=size_768,_allocated,_in_ring@
		whatis-ring=size_4096,_allocated,_in_bar@
		whatis-magazine=size_1,_free_in_a_magazine_of_CPU_
		whatis-slab=size_1,_free_in_its_slab,_in_crowd
		whatis-block=0x5_is_0x1+0x4,_size_8,_allocated,_in_crowd
		whatis-free=0xc_is_0x9+0x3,_size_8,_free,_in_crowd"
}

refuses()
{
	says "$1" "absent=vmem:_no_symbol_vmem_roots unknown=vmem:_no_arenas_nowhere" &&
		! results "$1" | grep Traceback
}

# last KERNEL NAME: the last line of what is shown.
last()
{
	shown "$1" "$2" | tail -n 1
}

# The driver's 6 windows take 1662976 bytes, two of them 768 KiB each; its 8 rings have
# 768 bytes.
holders_agree()
{
	[ "$(last "$1" by-caller)" = "6, 1662976 in all" ] &&
		[ "$(last "$1" by-thread)" = "2, 1572864 in all" ] &&
		[ "$(last "$1" by-time)" = "0, 0 in all" ] &&
		[ "$(shown "$1" by-json | python3 -c '
import json, sys
print(sum(block["size"] for block in json.load(sys.stdin)))')" = 6144 ] &&
		shown "$1" top | awk 'NR == 2 { exit !($1 == "1.6M" && $2 == 6 && $3 == 1 &&
			$4 ~ /^demo_windows_add\+/) }'
}

# Kernel, module, parameters, users, arenas with their files, log; but no segments. It says
# what it can where there is no vmem.
report_complete()
{
	says "$1" "report=vmem_report_-_version:_1
		report=$(stock_release "$1")
		report===_/sys/module/vmem/srcversion
		report===_/sys/module/vmem/parameters/fail_vmem
		report=vmem_demo
		report===_/sys/kernel/debug/vmem/arenas
		report=/stat
		report=/qcache
		report=/callers
		report=demo_windows_add+
		report===_kernel_log
		report=vmem:_loading_out-of-tree
		report-without=$(stock_release "$1")
		report-without===_kernel_log" || return 1
	! shown "$1" report | grep '^== .*/\(segments\|blocks\)$' &&
		! shown "$1" report-without | grep '^== .*/stat$'
}

PROPERTIES='
modules load;			step_ok load-crowd
arenas are those of debugfs;	arenas_agree
identifiers are those of debugfs;	identifiers_agree
segments are those of debugfs;	addresses_agree
filters leave what is asked for;	filters_work
walks are as debugfs has it;	walks_agree
addresses are told by what they are;	knows_what_is
what is not there is refused;	refuses
modules unload;			step_ok unload-vmem
holders are those of the driver;	holders_agree
what a report needs is there;	report_complete
modules with audits unload;	step_ok unload-audit
guest powers off by itself;	step_ok finished
kernel log is clean;		log_clean
'

"$VM/setup.sh" python3-drgn
say "tools: kernel $KERNEL ($(stock_release "$KERNEL"))"
for module in audit vmemstat vmem driver bench; do
	"build_$module" "$KERNEL" || die "building $module (log: $(stock_dir "$KERNEL"))"
done
boot_tools || say "  $KERNEL: the guest did not come to its end"
check_guest "$KERNEL"
verdict tools "$PASSED" "$FAILED"
