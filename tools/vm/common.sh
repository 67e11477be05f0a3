# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script of this directory shares: where things are, how progress is
# shown, how a lane ends. Source it, do not run it.

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vmem	# kernels: unpacked, built, kept
OUT=${OUT:-$TOP/out}				# logs and results of this tree
FAILURES=${FAILURES:-$OUT/failures}		# what check.sh repeats at its end
JOBS=${JOBS:-$(nproc)}
STARTED=${STARTED:-$(date +%s)}			# inherited: one clock for all lanes
export STARTED

mkdir -p "$CACHE" "$OUT"

# say TEXT...: a line of progress, after the time since the command was started.
say()
{
	local t=$(($(date +%s) - STARTED))

	printf '[%3d:%02d] %s\n' $((t / 60)) $((t % 60)) "$*"
}

# complain TEXT...: of what has failed; check.sh repeats it at its end.
complain()
{
	say "$*"
	echo "$*" >>"$FAILURES"
}

die()
{
	say "FAILED: $*" >&2
	exit 1
}

# quietly LOG COMMAND...: run with the output in LOG; show its end on failure.
quietly()
{
	local log=$1

	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		die "$* (log: $log)"
	fi
}

# verdict LANE PASSED FAILED [SKIPPED]: the one line by which a lane ends, read
# by check.sh. The lane's exit status follows from it.
verdict()
{
	say "lane $1: $2 passed, $3 failed, ${4:-0} skipped"
	echo "$1 $2 $3 ${4:-0}" >>"$OUT/verdicts"
	[ "$3" -eq 0 ]
}

# project_files [TREE]: the files of the project: all that git would keep, or
# simply all if this is no git tree, such as a copy below $OUT.
project_files()
{
	(
		cd "${1:-$TOP}"
		if [ -e .git ]; then
			git ls-files --cached --others --exclude-standard
		else
			find . -type f ! -path './out/*' ! -name '.*.cmd' \
				! -name '*.o' ! -name '*.ko' ! -name '*.mod*' |
				sed 's|^\./||'
		fi
	) | sort -u
}

# copy_tree DIR [TREE]: a copy of these files. Lanes build in copies, so that the
# tree stays as it is.
copy_tree()
{
	local tree=${2:-$TOP}

	mkdir -p "$1"
	project_files "$tree" | rsync -a --files-from=- --ignore-missing-args \
		"$tree/" "$1/"
}

# What no kernel log may contain.
BAD_LOG='Kernel panic|BUG:|WARNING:|Oops|Call [Tt]race|KASAN|KCSAN|recursive locking|suspicious RCU|UBSAN|suspected memory leak'

# bad_lines LOG: the lines of it that must not be there. Two are expected. Where
# the kernel was made to fail an allocation, it says so with a backtrace. And 6.12
# counts the deadline server of a CPU among its running tasks, but stops it only
# after it has looked, when the CPU goes offline, whether any are left (kernel/sched/
# core.c, sched_cpu_dying()): a warning, twice in 2089 times here.
bad_lines()
{
	awk -v bad="$BAD_LOG" '
		/FAULT_INJECTION: forcing a failure/ { forced = 1 }
		/Dying CPU not properly vacated!/ { forced = dying = 1 }
		/WARNING: .* sched_cpu_dying\+/ && dying { dying = 0; next }
		/Call [Tt]race/ && forced { forced = 0; next }
		$0 ~ bad { print FILENAME ":" FNR ": " $0 }
	' "$1"
}
