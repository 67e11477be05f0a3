#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.py [-u FILE] JSON...: what all runs together have executed of vmem/, by
# file, from the output of gcov --json-format --branch-probabilities. The same line
# may have other branches where it was compiled with another configuration: counts
# of those that agree are added, and of those that do not, the better covered ones
# are taken. -u: write the lines and branches that never ran to FILE.

import argparse
import gzip
import json
import os
import re
import sys


def is_ours(path):
    return re.search(r'(^|/)vmem/[a-z_]+\.[ch]$', path) and 'include/' not in path \
        and 'testing/' not in path


def add_branches(known, new):
    if len(known) == len(new):
        return [a + b for a, b in zip(known, new)]

    def share(counts):
        return sum(1 for n in counts if n) / len(counts) if counts else 0

    return max(known, new, key=share)


def read(paths):
    files = {}
    for path in paths:
        opener = gzip.open if path.endswith('.gz') else open
        with opener(path, 'rt') as source:
            data = json.load(source)
        for entry in data['files']:
            if not is_ours(entry['file']):
                continue
            lines = files.setdefault(os.path.basename(entry['file']), {})
            # One line is listed for each function that it was inlined into.
            here = {}
            for line in entry['lines']:
                number = line['line_number']
                counts = [b['count'] for b in line['branches'] if not b['throw']]
                count, branches = here.get(number, (0, []))
                if branches and counts:
                    counts = add_branches(branches, counts)
                here[number] = (count + line['count'], counts or branches)
            for number, (count, counts) in here.items():
                known, branches = lines.get(number, (0, []))
                if branches and counts:
                    counts = add_branches(branches, counts)
                lines[number] = (known + count, counts or branches)
    return files


def row(name, lines):
    counts = [count for count, _ in lines]
    branches = [b for _, all_of in lines for b in all_of]
    ran, taken = sum(map(bool, counts)), sum(map(bool, branches))
    return '%-16s %6d %6d %7.1f%% %7d %7d %7.1f%%' % (
        name, ran, len(counts), 100 * ran / len(counts) if counts else 100,
        taken, len(branches), 100 * taken / len(branches) if branches else 100)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-u', dest='unexecuted')
    parser.add_argument('json', nargs='+')
    args = parser.parse_args()

    files = read(args.json)
    if not files:
        sys.exit('coverage: nothing of vmem/ in %d files' % len(args.json))
    print('%-16s %6s %6s %8s %7s %7s %8s' %
          ('file', 'run', 'lines', '', 'taken', 'branch', ''))
    for name in sorted(files):
        print(row(name, files[name].values()))
    print(row('total', [v for f in files.values() for v in f.values()]))
    if args.unexecuted:
        with open(args.unexecuted, 'w') as out:
            for name in sorted(files):
                for number, (count, branches) in sorted(files[name].items()):
                    if not count:
                        out.write('vmem/%s:%d: never ran\n' % (name, number))
                    elif not all(branches):
                        out.write('vmem/%s:%d: branches %s\n' %
                                  (name, number, branches))


main()
