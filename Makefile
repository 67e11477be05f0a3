# SPDX-License-Identifier: GPL-2.0-only
#
# What a person types; "make help" lists it. kbuild reads Kbuild instead.

KDIR ?= /lib/modules/$(shell uname -r)/build
LANES := static docs path tools user uml uml-audit uml-debug smp debian

modules: $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

$(KDIR)/Makefile:
	@echo "No kernel headers in $(KDIR)." >&2
	@echo "Install them (Debian: apt install linux-headers-amd64)," >&2
	@echo "or name others: make KDIR=/usr/src/linux-headers-..." >&2
	@false

# With the library, whose Module.symvers they need.
samples: $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR) CONFIG_VMEM_SAMPLES=m modules

# Installing. A module and its symbols' versions are for one kernel, that of KDIR; the
# source for DKMS, and headers, are for all.
version := $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' vmem/main.c)
# Not include/config/kernel.release, which is not "uname -r" in Debian's 6.1.
release = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h),$(error no kernel built in $(KDIR)))
sdk = $(DESTDIR)/usr/src/vmem-$(version)
dkms-files = dkms.conf Kbuild vmem.mk vmem include tools/dkms

# INSTALL_MOD_PATH is kbuild's own word for what DESTDIR is to the rest.
mod-root = $(or $(INSTALL_MOD_PATH),$(DESTDIR))

install: modules
	install -D -m 644 vmem.ko $(mod-root)/lib/modules/$(release)/updates/vmem.ko
	$(if $(mod-root),depmod -b $(mod-root) $(release),depmod $(release))

uninstall:
	rm -f $(mod-root)/lib/modules/$(release)/updates/vmem.ko
	rmdir --ignore-fail-on-non-empty $(mod-root)/lib/modules/$(release)/updates || true
	$(if $(mod-root),depmod -b $(mod-root) $(release),depmod $(release))
	rm -rf $(sdk)/symvers/$(release)
	rmdir --ignore-fail-on-non-empty $(sdk)/symvers || true
	[ -e $(sdk)/symvers -o -e $(sdk)/dkms.conf ] || rm -rf $(sdk) $(DESTDIR)/usr/src/vmem

# What a driver is built with: it includes /usr/src/vmem/vmem.mk.
headers_install: modules
	install -d $(sdk)
	cp -r include vmem.mk $(sdk)
	install -D -m 644 Module.symvers $(sdk)/symvers/$(release)/Module.symvers
	ln -sfn vmem-$(version) $(DESTDIR)/usr/src/vmem

# The same from DKMS's hands, which builds it for each kernel: "dkms install vmem/...".
dkms_install:
	install -d $(sdk)
	cp -r --parents $(dkms-files) $(sdk)
	ln -sfn vmem-$(version) $(DESTDIR)/usr/src/vmem

deb:
	@tools/vm/deb.sh

run:
	tools/vm/run.sh $(if $(DRIVER),-d "$(DRIVER)")

check:
	@tools/vm/check.sh

$(LANES:%=check-%) check-arch check-intree check-packages: check-%:
	@tools/vm/check.sh $*

soak:
	@tools/vm/smp.sh -s $(or $(TIME),600) kcsan:4 lockdep:4

fuzz:
	@tools/testing/vmem/fuzz.sh new $(or $(TIME),600)

bugs:
	@tools/testing/vmem/bugs.sh

coverage:
	@tools/vm/coverage.sh

docs:
	@tools/vm/docs.sh

bench:
	@tools/vm/bench.sh

graft:
	@tools/vm/graft.sh -p "$(abspath $(KDIR))"

patches:
	@tools/vm/patches.sh

vmemstat:
	$(MAKE) -C tools/vmemstat

clean: $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	rm -rf out

help:
	@echo 'modules          build vmem.ko for the running kernel, or for KDIR=...'
	@echo 'samples          the same, and samples/lessons/'
	@echo 'install          vmem.ko into /lib/modules/..., for KDIR, below DESTDIR'
	@echo 'headers_install  what drivers are built with, into /usr/src/vmem'
	@echo 'dkms_install     the source for DKMS, into /usr/src/vmem'
	@echo 'uninstall        remove what install and headers_install have put there'
	@echo 'deb              Debian packages, in out/deb'
	@echo 'run              boot a stock kernel in QEMU with vmem.ko and a driver'
	@echo '                 DRIVER=dir: with the driver whose Kbuild is there'
	@echo 'check            run all tests:'
	@echo '  check-static     style, documentation, builds without a warning'
	@echo '  check-docs       the documentation as HTML: no warning, no symbol missing'
	@echo '  check-path       instructions of a call: have they become more?'
	@echo '  check-tools      do vmemstat and the helpers for drgn show what is so?'
	@echo '  check-user       the library in a process: sanitizers, fuzzing, models'
	@echo '  check-uml        KUnit under User Mode Linux'
	@echo '  check-uml-audit  the same with CONFIG_VMEM_AUDIT'
	@echo '  check-uml-debug  the same, looking for bad accesses, locks, leaks'
	@echo '  check-smp        KUnit on 2 and 4 CPUs, looking for data races, locks'
	@echo '  check-debian     stock kernels in QEMU: load, use, unload'
	@echo 'check-arch       KUnit on arm64 and on 32 bits (i386); not part of check'
	@echo 'check-intree     as a part of Linux: patches, y, m, allmodconfig; not either'
	@echo 'check-packages   packages on a Debian system: DKMS, upgrade, purge; not either'
	@echo 'soak             TIME=600 seconds of stress on 4 CPUs'
	@echo 'fuzz             TIME=600 seconds of fuzzing'
	@echo 'bugs             put known mistakes in, and see that tests find them'
	@echo 'coverage         lines and branches of vmem/ that tests execute'
	@echo 'docs             the documentation as HTML, in out/docs/html'
	@echo 'bench            vmem and others, by three rulers; QUICK=1: in 3 minutes'
	@echo 'vmemstat         a program that shows arenas (tools/vmemstat)'
	@echo 'graft            put vmem into the kernel tree KDIR=..., as a patch would'
	@echo 'patches          out/patches: a series for Linux 6.12, with a cover letter'
	@echo 'clean            remove what was built here'
	@echo
	@echo 'Tests fetch Debian packages when they need to, and keep kernels in'
	@echo '$${XDG_CACHE_HOME:-~/.cache}/vmem; logs are in out/.'

.DEFAULT_GOAL := modules
.PHONY: modules samples run check $(LANES:%=check-%) check-arch check-intree check-packages \
	install uninstall headers_install dkms_install deb soak \
	fuzz bugs coverage docs bench vmemstat graft patches clean help
