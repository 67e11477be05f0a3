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

# Installed, vmem may have been built for several kernels.
vmem-symvers := $(firstword \
	$(wildcard $(vmem-dir)/symvers/$(KERNELRELEASE)/Module.symvers) \
	$(vmem-dir)/Module.symvers)

ccflags-y += -I$(vmem-dir)/include
KBUILD_EXTRA_SYMBOLS += $(vmem-symvers)
