# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What lanes have in common that consist of gates: each is a command that succeeds or
# not, and counts as one test. Source it after common.sh, set "lane" and "dir", and
# "source" for checkpatch.

lane=
dir=
source=
passed=0
failed=0

# gate NAME COMMAND...: passes if the command succeeds; shows its output if not.
gate()
{
	local name=$1 log=$dir/${1// /-}.log

	shift
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		say "$lane: $name: ok"
	else
		failed=$((failed + 1))
		head -n 60 "$log"
		complain "$lane: $name: FAILED (log: $log)"
	fi
}

# checkpatch ARGUMENT...: complaints of it about the files that stdin names, one a line,
# as "path:line: LEVEL:TYPE: text".
checkpatch()
{
	xargs -P "$JOBS" -n 6 "$source/scripts/checkpatch.pl" --root="$source" \
		--strict --no-tree --no-summary --terse --quiet --show-types \
		--color=never "$@" || [ $? -eq 123 ]	# it complained
}

# waived COMPLAINT: is there a line in the list of waivers for its path and type?
waived()
{
	local path=${1%%:*} type=${1#*: } glob waiver

	type=${type#*:}
	type=${type%%:*}
	while read -r glob waiver _; do
		# shellcheck disable=SC2053 # the right sides are patterns
		[[ $path == $glob && $type == $waiver ]] && return
	done <"$TOP/tools/vm/config/checkpatch.waivers"
	return 1
}

# not_waived: those of the complaints in stdin that are not in the list. Fails if any is.
not_waived()
{
	local complaint bad=0

	while read -r complaint; do
		waived "$complaint" || { echo "$complaint"; bad=1; }
	done
	return "$bad"
}
