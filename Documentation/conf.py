# SPDX-License-Identifier: GPL-2.0-only
#
# For sphinx; tools/vm/docs.sh says where the kernel's source is: its extension for
# kernel-doc comments is used from there.

import os
import sys

kernel = os.environ['KERNEL_SOURCE']
sys.path.insert(0, os.path.join(kernel, 'Documentation', 'sphinx'))
os.environ.setdefault('srctree', os.path.dirname(os.path.abspath('.')))

project = 'vmem'
extensions = ['kerneldoc', 'automarkup']
kerneldoc_bin = os.path.join(kernel, 'scripts', 'kernel-doc')
kerneldoc_srctree = os.environ['srctree']
primary_domain = 'c'
highlight_language = 'none'
