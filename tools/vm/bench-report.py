#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tables, bars and a CSV file from what the rulers of bench.sh have measured.

bench-report.py DIR [--partial]: reads DIR/RULER/results, lines of name=value pairs;
prints tables; writes DIR/results.csv with all lines, and DIR/bars, a line "pass TEXT" or
"fail TEXT" for each bar. What was not measured fails, unless the run was a partial one.
"""

import csv
import math
import os
import re
import sys

RULERS = ("path", "time", "scale")
COLUMNS = ("ruler", "peer", "mode", "work", "n", "threads", "ns", "min", "mean", "p50",
           "p99", "max", "search")


def read(directory):
    """All lines of results, as dictionaries; and bars that a ruler judges itself."""
    lines, bars = [], []
    for ruler in RULERS:
        name = os.path.join(directory, ruler, "results")
        if not os.path.exists(name):
            continue
        with open(name, encoding="utf-8") as results:
            for text in results:
                words = text.split()
                if words[:1] == ["bar"]:
                    bars.append((words[1] == "pass", f"{ruler}: " + " ".join(words[2:])))
                elif words and words[0].startswith("peer="):
                    line = dict(word.split("=", 1) for word in words if "=" in word)
                    line["ruler"] = ruler
                    lines.append(line)
    return lines, bars


def write_csv(name, lines):
    columns = list(COLUMNS)
    for line in lines:
        columns += [key for key in line if key not in columns]
    with open(name, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


class Results:
    """The results of a ruler, by what they are of."""

    def __init__(self, lines, ruler):
        ours = [line for line in lines if line["ruler"] == ruler]
        self.checks = [line for line in ours if "check" in line]
        self.lines = [line for line in ours if "check" not in line]

    def find(self, work, peer=None, mode=None, n=None):
        return [line for line in self.lines
                if line["work"] == work
                and (peer is None or line["peer"] == peer)
                and (mode is None or line.get("mode") == mode)
                and (n is None or int(line["n"]) == n)]

    def value(self, key, work, peer, mode, n=None):
        """None if it was not measured."""
        found = [line for line in self.find(work, peer, mode, n) if key in line]
        return float(found[-1][key]) if found else None

    def numbers(self, work, peer=None, mode=None):
        return sorted({int(line["n"]) for line in self.find(work, peer, mode)
                       if "n" in line})

    def works(self):
        return list(dict.fromkeys(line["work"] for line in self.lines))

    def peers(self, work):
        return list(dict.fromkeys((line["peer"], line.get("mode", ""))
                                  for line in self.find(work) if line["peer"] != "none"))


def show(number):
    """In three places or so."""
    if number is None:
        return "-"
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}"


def print_table(title, head, rows):
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head] + rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())


# === Path: a row for each work, a column for each peer ===

def path_table(path):
    peers = list(dict.fromkeys(line["peer"] for line in path.lines
                               if line["peer"] != "none"))
    rows = []
    for work in path.works():
        if work.startswith("empty-"):
            continue
        insns = {line["peer"]: float(line["insns"]) for line in path.find(work)}
        best = min((insns[peer] for peer in ("sbitmap", "iova_fast") if peer in insns),
                   default=None)
        ratio = f"{insns['vmem'] / best:.2f}" if best and "vmem" in insns else "-"
        rows.append([work] + [show(insns.get(peer)) for peer in peers] + [ratio])
    if rows:
        print_table("Path: instructions (ratio: to the better of sbitmap and iova_fast)",
                    ["work"] + peers + ["ratio"], rows)


# === Time: a table for each work, a row for each peer ===

def churn_table(time, work):
    numbers = time.numbers(work)
    head = ["peer", *[f"n={n}" for n in numbers], *[f"p99 {n}" for n in numbers],
            *[f"search {n}" for n in numbers]]
    rows = []
    for peer, mode in time.peers(work):
        row = [f"{peer} {mode}"]
        for key in ("ns", "p99", "search"):
            row += [show(time.value(key, work, peer, mode, n)) for n in numbers]
        rows.append(row)
    # Columns that nobody has anything in.
    keep = [i for i in range(len(head)) if any(row[i] != "-" for row in rows)]
    print_table(f"Time: {work}: ns a pair", [head[i] for i in keep],
                [[row[i] for i in keep] for row in rows])
    notes(time, work)


def notes(time, work):
    """What others do besides: round up, or refuse."""
    for line in time.checks:
        if line["work"] == work and line["rounding"] != "1.00":
            print(f"  {line['peer']} {line['mode']}: takes {line['rounding']} times what "
                  "is asked for")
    for line in time.find(work):
        if line.get("refused", "0") != "0":
            print(f"  {line['peer']} {line['mode']} n={line['n']}: "
                  f"{line['refused']} refused")


def key_table(time, work, title, keys):
    rows = [[f"{line['peer']} {line['mode']}", line["n"]] + [line.get(key, "-")
                                                             for key in keys]
            for line in time.find(work) if line["peer"] != "none"]
    print_table(f"Time: {work}: {title}", ["peer", "n"] + keys, rows)


def ageing_table(time):
    tenths = [str(i) for i in range(1, 11)]
    rows = []
    for peer, mode in time.peers("ageing"):
        cost = {line["tenth"]: float(line["ns"])
                for line in time.find("ageing", peer, mode)}
        rows.append([f"{peer} {mode}"] + [show(cost.get(i)) for i in tenths])
    print_table("Time: ageing: ns an operation, by tenths", ["peer"] + tenths, rows)


def time_tables(time):
    for work in time.works():
        if work == "ageing":
            ageing_table(time)
        elif work == "ageing-end":
            key_table(time, work, "free space", ["free", "largest", "gaps", "refused"])
        elif work.startswith("memory"):
            key_table(time, work, "bytes each", ["bytes", "holes"])
        elif work.startswith("full"):
            key_table(time, work, "percent reached; ns of refusals",
                      ["reached", "first", "longest", "max"])
        else:
            churn_table(time, work)


# === Scale: a row for each work, peer and size, a column for each number of threads ===

def scale_table(scale):
    threads = sorted({int(line["threads"]) for line in scale.lines if "threads" in line})
    rows = []
    keys = dict.fromkeys((line["work"], line["peer"], line.get("n", ""))
                         for line in scale.lines if "ns" in line)
    for work, peer, n in keys:
        ns = {int(line["threads"]): float(line["ns"]) for line in scale.find(work, peer)
              if line.get("n", "") == n and "ns" in line}
        rows.append([work, peer, n] + [show(ns.get(i)) for i in threads])
    if rows:
        print_table("Scale: ns a pair", ["work", "peer", "n"] +
                    [f"{i} thread{'s'[:i > 1]}" for i in threads], rows)


# === Bars ===

class Bars:
    def __init__(self, partial):
        self.lines = []
        self.partial = partial

    def missing(self, text):
        if not self.partial:
            self.judge(f"{text}: not measured", False)

    def known(self, text, *values):
        """Are they all? Otherwise there is nothing to judge."""
        if None in values:
            self.missing(text)
        return None not in values

    def at_most(self, text, reached, limit, unit=""):
        self.judge(f"{text}: {show2(reached)}{unit}, at most {show2(limit)}{unit}",
                   reached <= limit)

    def at_least(self, text, reached, limit, unit=""):
        self.judge(f"{text}: {show2(reached)}{unit}, at least {show2(limit)}{unit}",
                   reached >= limit)

    def judge(self, text, passes):
        self.lines.append((passes, text))


def show2(number):
    return re.sub(r"\.?0+$", "", f"{number:.2f}") if number % 1 else f"{number:.0f}"


def path_bars(path, bars):
    for work, limit in (("cached-pair", 64), ("pair", 300)):
        found = path.find(work, "vmem")
        if found:
            bars.at_most(f"path: {work}", float(found[0]["insns"]), limit, " instructions")
        else:
            bars.missing(f"path: {work}")


def ratio_bar(time, bars, work, mode, limit, neighbours):
    """Of the work and mode, to the fastest of the neighbours, at each n."""
    numbers = time.numbers(work)
    if not numbers:
        bars.missing(f"time: {work} {mode}")
    for n in numbers:
        ours = time.value("ns", work, "vmem", mode, n)
        others = {" ".join(neighbour): time.value("ns", work, *neighbour, n)
                  for neighbour in neighbours}
        others = {name: ns for name, ns in others.items() if ns}
        # Some are too slow to be measured at the largest n.
        best = min(others, key=others.get, default=None)
        if n > 100000 and not (ours and best):
            continue
        if bars.known(f"time: {work} {mode} n={n}", ours, best):
            bars.at_most(f"time: {work} {mode} n={n}: {show(ours)} ns to {best}'s "
                         f"{show(others[best])}", ours / others[best], limit(n), "x")


def churn_bars(time, bars):
    ratio_bar(time, bars, "churn", "instant", lambda n: 0.25 if n <= 10000 else 0.4,
              [("drm_mm", "best"), ("maple", "low")])
    numbers = time.numbers("churn")
    cost = {n: time.value("ns", "churn", "vmem", "instant", n) for n in numbers}
    for n in numbers:
        p99 = time.value("p99", "churn", "vmem", "instant", n)
        if bars.known(f"time: churn instant n={n}: p99", p99):
            bars.at_most(f"time: churn instant n={n}: p99 {show(p99)} ns to mean",
                         p99 / cost[n], 3, "x")
    if 1000 in cost and 1000000 in cost:
        bars.at_most("time: churn instant: growth from 10^3 to 10^6",
                     cost[1000000] / cost[1000], 8, "x")


# Work and mode of vmem, and what does the same for drm_mm.
CONSTRAINED = (
    ("churn", "best", [("drm_mm", "best")]),
    ("churn", "first", [("drm_mm", "low")]),
    ("churn", "next", [("drm_mm", "low")]),
    ("churn-aligned", "instant", [("drm_mm", "best"), ("drm_mm", "low")]),
    ("churn-aligned", "best", [("drm_mm", "best")]),
    ("churn-window", "instant", [("drm_mm", "best"), ("drm_mm", "low")]),
    ("churn-window", "first", [("drm_mm", "low")]),
    ("churn-window", "best", [("drm_mm", "best")]),
)


def search_bars(time, bars):
    """At most log2(n); or, from where it is at the least n, no faster than that grows."""
    for work in time.works():
        if not work.startswith("churn"):
            continue
        for mode in dict.fromkeys(line["mode"] for line in time.find(work, "vmem")):
            numbers = time.numbers(work, "vmem", mode)
            least, most = numbers[0], numbers[-1]
            search = [time.value("search", work, "vmem", mode, n) for n in (least, most)]
            if not bars.known(f"time: {work} {mode}: search", *search):
                continue
            limit = math.log2(most) * max(1, search[0] / math.log2(least))
            bars.at_most(f"time: {work} {mode}: search {show(search[0])} at n={least}; "
                         f"at n={most}", search[1], limit)


# At one moment that is much of an accident: the mean of ten.
def mean_largest(time, peer, mode):
    shares = [float(line["largest"]) / float(line["free"])
              for line in time.find("ageing", peer, mode)]
    return sum(shares) / len(shares)


def ageing_bars(time, bars):
    drm = time.value("largest", "ageing-end", "drm_mm", "best")
    for mode in ("instant", "best"):
        cost = [float(line["ns"]) for line in time.find("ageing", "vmem", mode)]
        if len(cost) == 10:
            bars.at_most(f"time: ageing {mode}: the last tenth to the first",
                         cost[-1] / cost[0], 1.1, "x")
        ours = time.value("largest", "ageing-end", "vmem", mode)
        if bars.known(f"time: ageing {mode}", ours, drm):
            bars.at_least(f"time: ageing {mode}: largest free block to drm_mm best's, "
                          f"mean of ten (at the end {ours / drm:.2f}x)",
                          mean_largest(time, "vmem", mode) /
                          mean_largest(time, "drm_mm", "best"), 1, "x")


def full_bars(time, bars):
    for work in ("full-ids", "full-sizes"):
        reached = time.value("reached", work, "vmem", "cached")
        if bars.known(f"time: {work}", reached):
            bars.at_least(f"time: {work}, with caches: reached", reached, 99, " %")
        for mode in ("cached", "instant"):
            longest = time.value("longest", work, "vmem", mode)
            if bars.known(f"time: {work} {mode}", longest):
                bars.at_most(f"time: {work} {mode}: longest refusal", longest / 1000, 100,
                             " us")


def memory_bars(time, bars):
    for work, mode, limit in (("memory-segments", "instant", 72),
                              ("memory-ids", "cached", 1),
                              ("memory-empty", "instant", 4096)):
        numbers = time.numbers(work, "vmem", mode)
        if not numbers:
            bars.missing(f"time: {work} {mode}")
        for n in numbers:
            bars.at_most(f"time: {work} {mode}" + f" n={n}" * bool(n),
                         time.value("bytes", work, "vmem", mode, n), limit, " bytes")


def check_bars(time, bars):
    """What was handed out was right; and nobody was refused where there was room."""
    wrong = [f"{line['work']} {line['peer']} {line['mode']}" for line in time.checks
             if line["check"] != "ok"]
    bars.judge(f"time: {len(time.checks)} peers hand out nothing twice, and keep "
               f"constraints{': not ' if wrong else ''}{', '.join(wrong)}",
               time.checks and not wrong)
    refused = [f"{line['work']} {line['mode']} n={line['n']}" for line in time.lines
               if line["peer"] == "vmem" and "ns" in line
               and line.get("refused", "0") != "0"]
    bars.judge(f"time: vmem refuses nothing{': ' if refused else ''}"
               f"{', '.join(refused)}", not refused)


def time_bars(time, bars):
    if time.checks or not bars.partial:
        check_bars(time, bars)
    churn_bars(time, bars)
    for work, mode, neighbours in CONSTRAINED:
        ratio_bar(time, bars, work, mode, lambda n: 0.7, neighbours)
    search_bars(time, bars)
    full_bars(time, bars)
    ageing_bars(time, bars)
    memory_bars(time, bars)


def main():
    directory = sys.argv[1]
    partial = sys.argv[2:] == ["--partial"]
    lines, judged = read(directory)
    write_csv(os.path.join(directory, "results.csv"), lines)
    path, time, scale = (Results(lines, ruler) for ruler in RULERS)
    path_table(path)
    time_tables(time)
    scale_table(scale)
    print()

    bars = Bars(partial)
    path_bars(path, bars)
    time_bars(time, bars)
    bars.lines += judged
    if not judged:
        bars.missing("scale")
    with open(os.path.join(directory, "bars"), "w", encoding="utf-8") as file:
        for passes, text in bars.lines:
            file.write(f"{'pass' if passes else 'fail'} {text}\n")


main()
