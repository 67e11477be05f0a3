#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# First process of the UML kernel, after KUnit has run. The root file system is
# the host's, read-only; results go to the host's directory VMEM_OUT. That and
# VMEM_AGAIN are on the kernel command line and so in the environment.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
debugfs=/sys/kernel/debug

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs $debugfs
mount -t hostfs -o "$VMEM_OUT" results /mnt

# Suites that are not in the kernel run when their module is loaded.
for module in vmem vmem_kunit; do
	[ ! -e "$VMEM_OUT/$module.ko" ] || insmod "$VMEM_OUT/$module.ko"
done

# What is left to be seen when all arenas have ended: titles.
cat "$debugfs"/vmem/arenas "$debugfs"/vmem/kstat >/mnt/debugfs.log

# All suites a second time: they must have left nothing behind.
if [ -n "$VMEM_AGAIN" ]; then
	for suite in "$debugfs"/kunit/vmem*; do
		echo 1 >"$suite/run"
		cat "$suite/results"
	done >/mnt/again.log
fi

# A leak is reported when it is older than five seconds. The sample module leaks
# on purpose, and proves that kmemleak would have found ours. Of vmem_leak one
# loading loses nothing, and one loses blocks of vmem's.
if [ -e $debugfs/kmemleak ]; then
	insmod "$VMEM_OUT/vmem_leak.ko"
	rmmod vmem_leak
	insmod "$VMEM_OUT/kmemleak-test.ko"
	insmod "$VMEM_OUT/vmem_leak.ko" leak=1
	sleep 6
	echo scan >$debugfs/kmemleak
	echo scan >$debugfs/kmemleak
	cat $debugfs/kmemleak >/mnt/kmemleak.log
	insmod "$VMEM_OUT/vmem_sleep.ko"
fi

if [ -d $debugfs/gcov ]; then
	(cd $debugfs/gcov && find . -name '*.gcda') | while read -r name; do
		mkdir -p "/mnt/gcov/${name%/*}"
		cat "$debugfs/gcov/$name" >"/mnt/gcov/$name"
	done
fi

touch /mnt/finished
busybox poweroff -f
