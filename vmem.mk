# SPDX-License-Identifier: GPL-2.0-only
#
# A driver outside this tree needs the headers when it is compiled, and the versions
# of the symbols when it is linked. Its Kbuild says, after its own ccflags-y:
#
#	include /usr/src/vmem/vmem.mk
#
# or names any other place where vmem is: a tree in which vmem.ko was built for the
# same kernel, or what "make headers_install" has left.

vmem-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

# Installed, vmem may have been built for several kernels. KERNELRELEASE is not what
# "uname -r" says of each: Debian's 6.1 calls itself 6.1.0-56-amd64, and this 6.1.192.
vmem-release := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(objtree)/include/generated/utsrelease.h)
vmem-symvers := $(firstword \
	$(wildcard $(vmem-dir)/symvers/$(vmem-release)/Module.symvers) \
	$(vmem-dir)/Module.symvers)

ccflags-y += -I$(vmem-dir)/include
KBUILD_EXTRA_SYMBOLS += $(vmem-symvers)
