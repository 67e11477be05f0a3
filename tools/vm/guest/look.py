# SPDX-License-Identifier: GPL-2.0-only
"""For drgn in a guest: all commands of vmem.py, in one process, as starting it takes long."""
import sys

sys.path.insert(0, "/")
import vmem

BAR = "bar@0000:00:02.0"
RING = "ring@0000:00:02.0"


def show(name, *argv):
    print(f"@begin {name}")
    try:
        vmem.main(prog, [str(arg) for arg in argv])
    except SystemExit as refusal:
        print(refusal)
    print("@end")


def first(arena, kind):
    for seg in vmem.segments(vmem.find_arena(prog, arena)):
        if seg.type == kind:
            return seg.first


show("crowd", "vmem_seg", "crowd")
show("bar", "vmem_seg", BAR)
show("filtered", "vmem_seg", "-t", "free", "-m", "0x10000", "-M", "1000000", BAR)
show("around", "vmem_seg", "-a", "0xfd0d1fff", BAR)
show("walk", "walk", "free", "crowd")
show("unknown", "walk", "alloc", "nowhere")
show("whatis-ring", "whatis", first(RING, "alloc"))

# Of 64 objects of a slab the first few are in a magazine.
slab = first("crowd", "slab")
show("whatis-magazine", "whatis", slab)
show("whatis-slab", "whatis", slab + 63)
show("whatis-block", "whatis", 5)
show("whatis-free", "whatis", 12)
