# SPDX-License-Identifier: GPL-2.0-only
#
# What a driver outside the vmem tree needs, the headers at compile time and the
# symbol versions at link time. Its Kbuild says
#
#	include $(VMEM_DIR)/vmem.mk
#
# where VMEM_DIR is an absolute path: that of a tree in which vmem.ko was built, or
# of an installed vmem, which has versions for more than one kernel.

vmem-mk-dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

ccflags-y += -I$(vmem-mk-dir)/include
KBUILD_EXTRA_SYMBOLS += $(firstword $(wildcard \
	$(vmem-mk-dir)/symvers/$(KERNELRELEASE)/Module.symvers) \
	$(vmem-mk-dir)/Module.symvers)
