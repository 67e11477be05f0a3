# SPDX-License-Identifier: GPL-2.0-only
"""
vmem arenas of a running kernel, or of a dump, by drgn.

    drgn [-c DUMP] -s vmem.ko tools/drgn/vmem.py COMMAND [ARGUMENT...]

    vmem                                all arenas, each below its source
    vmem_seg [-v] [FILTER...] ARENA     its segments; -v: and who holds them, but those
                                        of slabs
    walk alloc|free|span|seg ARENA      addresses, and nothing else
    whatis ADDRESS                      which arenas know it, and as what

    FILTER: -t TYPE, -m LEAST, -M MOST (size), -a ADDRESS (is in it)

Commands are called as in mdb, ARENA is a name or the address of a struct vmem. At
drgn's prompt, "import vmem": arenas(), segments() and whatis() are what the commands
are made from, and main() runs one. After vmem was loaded again, call
symbols.cache_clear().

For a running kernel the debugging information in vmem.ko is enough. With -v, which
needs audits, and for a dump, drgn has to have that of the kernel, too.
"""
import argparse
import bisect
import functools
import sys
from collections import namedtuple

import drgn
from drgn.helpers.linux.list import list_for_each_entry

Segment = namedtuple("Segment", "tag type first size len")


# === Symbols ===

def kallsyms():
    """What a running kernel tells root: addresses with their names."""
    with open("/proc/kallsyms", encoding="ascii") as lines:
        for line in lines:
            addr, _, name = line.split()[:3]
            yield int(addr, 16), name


def module_symbols(prog):
    """The same of modules in a dump, whose places not all versions of drgn find."""
    for mod in list_for_each_entry("struct module", prog["modules"].address_of_(), "list"):
        table = mod.kallsyms
        for nr in range(table.num_symtab.value_()):
            symbol = table.symtab[nr]
            text = table.strtab + symbol.st_name
            yield symbol.st_value.value_(), text.string_().decode()


def is_live(prog):
    return bool(prog.flags & drgn.ProgramFlags.IS_LIVE)


@functools.cache
def symbols(prog):
    """All that can be known, by address."""
    return sorted(kallsyms() if is_live(prog) else module_symbols(prog))


def address_of(prog, name):
    """Of a variable, of the kernel or of vmem."""
    for addr, symbol in symbols(prog):
        if symbol == name:
            return addr
    if is_live(prog):
        raise LookupError(f"no symbol {name}")
    return prog[name].address_


def describe(prog, addr):
    """A code address as name+offset."""
    try:
        symbol = prog.symbol(addr)
        start, name = symbol.address, symbol.name
    except LookupError:
        nr = bisect.bisect(symbols(prog), (addr, "\uffff")) - 1
        start, name = symbols(prog)[nr] if nr >= 0 else (0, "")
        if addr - start > 1 << 20:  # of a module that has gone
            return f"{addr:#x}"
    return f"{name}+{addr - start:#x}"


def cpu_offsets(prog):
    """By what per-CPU data of each CPU is away from its pointer."""
    word = 8 if prog.platform.flags & drgn.PlatformFlags.IS_64_BIT else 4
    first = address_of(prog, "__per_cpu_offset")
    nr = prog.read_u32(address_of(prog, "nr_cpu_ids"))
    return [prog.read_word(first + word * cpu) for cpu in range(nr)]


# === Arenas ===

def _below(head, depth):
    for vmp in list_for_each_entry("struct vmem", head, "siblings"):
        yield vmp, depth
        yield from _below(vmp.children.address_of_(), depth + 1)


def arenas(prog):
    """All arenas with their depth, each before those that import from it."""
    roots = drgn.Object(prog, "struct list_head", address=address_of(prog, "vmem_roots"))
    return _below(roots.address_of_(), 0)


def name_of(vmp):
    return vmp.name.string_().decode(errors="replace")


def find_arena(prog, what):
    """By name or address; the address must be that of an arena."""
    found = [vmp for vmp, _ in arenas(prog)
             if name_of(vmp) == what or f"{vmp.value_():#x}" == what]
    if len(found) != 1:
        raise SystemExit(f"vmem: {len(found) or 'no'} arenas {what}")
    return found[0]


# === Segments ===

TYPES = {
    "VMEM_SEG_SPAN": "span",
    "VMEM_SEG_FREE": "free",
    "VMEM_SEG_ALLOCATED": "alloc",
    "VMEM_SEG_OBJECT": "object",
    "VMEM_SEG_SLAB": "slab",
}


def type_names(prog):
    """The names by which debugfs calls the values of vmem_seg::type."""
    return {e.value: TYPES[e.name] for e in prog.type("enum vmem_seg_type").enumerators}


def segments(vmp):
    """All segments in address order, those of a span behind it."""
    names = type_names(vmp.prog_)
    quantum = vmp.quantum.value_()
    for tag in list_for_each_entry("struct vmem_seg", vmp.anchor.order.address_of_(),
                                   "order"):
        kind, first = names[tag.type.value_()], tag.first.value_()
        if kind == "slab":
            size = vmp.caches.slab_size.value_()
        elif kind in ("alloc", "object"):
            size = tag.size.value_()
        else:
            size = tag.last.value_() - first + 1
        yield Segment(tag, kind, first, size, -(-size // quantum) * quantum)


def magazines(vmp):
    """All magazines with the number of their cache and who has them."""
    if not vmp.caches:
        return
    nr = vmp.caches.nr.value_()
    for cpu, offset in enumerate(cpu_offsets(vmp.prog_)):
        slots = drgn.Object(vmp.prog_, vmp.cpu.type_, vmp.cpu.value_() + offset)
        for i in range(nr):
            mag = slots.loaded[i]
            while mag:
                yield mag, i, f"CPU {cpu}"
                mag = mag.next
    for i in range(nr):
        mag = vmp.caches.cache[i].depot.full.first
        while mag:
            yield mag, i, "the depot"
            mag = mag.next


# === What is at an address? ===

def object_state(vmp, seg, addr):
    """An object of a slab: its start, its size, and whether it is free."""
    cache = vmp.caches.cache[seg.tag.member_("class").value_()]
    size = cache.size.value_()
    nr = (addr - seg.first) // size
    first = seg.first + nr * size
    if nr >= cache.capacity.value_():
        return first, seg.first + seg.len - first, "behind the last object of its slab"
    if seg.tag.free.value_() >> nr & 1:
        return first, size, "free in its slab"
    for mag, i, owner in magazines(vmp):
        if i == cache.member_("class").value_() and first in (
                mag.round[k].value_() for k in range(mag.rounds.value_())):
            return first, size, f"free in a magazine of {owner}"
    return first, size, "allocated"


def whatis(prog, addr):
    """For each arena that has a span with @addr: the arena, first, size, state."""
    for vmp, _ in arenas(prog):
        for seg in segments(vmp):
            if seg.type == "span" or not 0 <= addr - seg.first < seg.len:
                continue
            if seg.type == "slab":
                yield vmp, *object_state(vmp, seg, addr)
            elif seg.type == "free":
                yield vmp, seg.first, seg.size, "free"
            else:
                yield vmp, seg.first, seg.size, "allocated"
            break


def holder(vmp, seg):
    """With audits: who has allocated a segment, as text."""
    from drgn.helpers.linux.xarray import xa_load

    index = seg.first >> vmp.quantum_shift.value_()
    record = drgn.cast("struct record *", xa_load(vmp.audit.address_of_(), index))
    if not record:
        return ""
    comm = record.comm.string_().decode(errors="replace") or "interrupt"
    caller = describe(vmp.prog_, record.caller.value_())
    return (f"{caller} pid {record.pid.value_()} ({comm}) "
            f"at {record.when.value_() / 1e9:.6f}")


# === Commands ===

def cmd_vmem(prog, _args):
    print(f"{'ADDR':>18} {'NAME':<30} {'INUSE':>14} {'TOTAL':>14} {'SUCCEED':>10} FAIL")
    for vmp, depth in arenas(prog):
        name = "  " * depth + name_of(vmp)
        print(f"{vmp.value_():#18x} {name:<30} {vmp.inuse.value_():>14} "
              f"{vmp.total.value_():>14} {vmp.allocs.value_():>10} "
              f"{vmp.stats.fail.value_()}")


def wanted(seg, args):
    return ((not args.type or seg.type == args.type) and
            args.least <= seg.size <= args.most and
            (args.addr is None or 0 <= args.addr - seg.first < seg.len))


def cmd_vmem_seg(prog, args):
    vmp = find_arena(prog, args.arena)
    print(f"{'ADDR':>18} {'TYPE':<6} {'START':>18} {'SIZE':>14}")
    for seg in segments(vmp):
        if not wanted(seg, args):
            continue
        who = holder(vmp, seg) if args.verbose and seg.type in ("alloc", "object") else ""
        print(f"{seg.tag.value_():#18x} {seg.type:<6} {seg.first:#18x} {seg.size:>14} "
              f"{who}".rstrip())


WALKS = {
    "alloc": ("alloc", "object", "slab"),
    "free": ("free",),
    "span": ("span",),
    "seg": tuple(TYPES.values()),
}


def cmd_walk(prog, args):
    for seg in segments(find_arena(prog, args.arena)):
        if seg.type in WALKS[args.walk]:
            print(f"{seg.first:#x}")


def cmd_whatis(prog, args):
    for vmp, first, size, state in whatis(prog, args.addr):
        print(f"{args.addr:#x} is {first:#x}+{args.addr - first:#x}, size {size}, "
              f"{state}, in {name_of(vmp)} ({vmp.value_():#x})")


def number(text):
    return int(text, 0)


def parse(argv):
    parser = argparse.ArgumentParser(prog="vmem.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("vmem").set_defaults(run=cmd_vmem)
    seg = commands.add_parser("vmem_seg")
    seg.add_argument("-v", dest="verbose", action="store_true")
    seg.add_argument("-t", dest="type", choices=TYPES.values())
    seg.add_argument("-m", dest="least", type=number, default=0)
    seg.add_argument("-M", dest="most", type=number, default=2 ** 64)
    seg.add_argument("-a", dest="addr", type=number)
    seg.add_argument("arena")
    seg.set_defaults(run=cmd_vmem_seg)
    walk = commands.add_parser("walk")
    walk.add_argument("walk", choices=WALKS)
    walk.add_argument("arena")
    walk.set_defaults(run=cmd_walk)
    what = commands.add_parser("whatis")
    what.add_argument("addr", type=number)
    what.set_defaults(run=cmd_whatis)
    return parser.parse_args(argv)


def main(prog, argv):
    """Run a command, such as ["vmem_seg", "-t", "free", "ids"]."""
    args = parse(argv)
    try:
        args.run(prog, args)
    except (LookupError, drgn.FaultError) as unknown:
        raise SystemExit(f"vmem: {unknown}: is vmem there, is this its debugging "
                         "information, and did nobody change the arena?") from None


if __name__ == "__main__":
    main(prog, sys.argv[1:])  # drgn gives its scripts "prog"
