#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# patches.sh [-k KERNEL]: what "graft.sh -p" would do to a kernel, as a series of patches
# with a cover letter, in out/patches. Each file of tools/vm/series but the first, which
# is the letter, is the message of a patch, below lines that say what is in it:
#
#	# files: GLOB...	files of the kernel, each of them in one patch
#	# part: FILE REGEX	of a file that came before, what is held back until now: the
#				lines that match, each with those that are indented below
#
# The kernel builds after each patch: the files of the library come in parts, but what
# builds them in the patch after the last, and the parts of Kconfig and Kbuild for tests
# and benchmark come with these.
#
#	-k	another kernel than Debian's 6.12

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SERIES=$TOP/tools/vm/series
TOUCHED=(lib/Kconfig lib/Makefile MAINTAINERS Documentation/core-api/index.rst
	Documentation/admin-guide/index.rst)

# Who signs off: whoever has told git a name, or else the maintainer. The same tree
# makes the same patches, so time and commits are none.
identity()
{
	local maintainer name email

	maintainer=$(sed -n 's/^M:\t\(.*\)>$/\1/p' "$TOP/MAINTAINERS" | head -n 1)
	name=$(git config user.name || echo "${maintainer% <*}")
	email=$(git config user.email || echo "${maintainer#* <}")
	export GIT_AUTHOR_NAME=$name GIT_COMMITTER_NAME=$name
	export GIT_AUTHOR_EMAIL=$email GIT_COMMITTER_EMAIL=$email
	export GIT_AUTHOR_DATE="@0 +0000" GIT_COMMITTER_DATE="@0 +0000"
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
}

# told KEY MESSAGE...: what lines "# KEY: ..." of messages say.
told()
{
	local key=$1

	shift
	[ $# -eq 0 ] || sed -n "s/^# $key: //p" "$@"
}

# without FILE REGEX: that file, without what is held back.
without()
{
	awk -v regex="$2" '
		/^[^ \t]/ { held = $0 !~ /^#/ && $0 ~ regex }
		/^$/ || !held' "$1" | cat -s | sed '$ { /^$/d }'
}

# held_back FILE MESSAGE...: by these, later, messages, as a regular expression.
held_back()
{
	local file=$1

	shift
	told part "$@" | sed -n "s|^$file ||p" | paste -sd '|'
}

# add_files GLOB...: to the work tree, from the result, what was not there.
add_files()
{
	local glob file

	for glob; do
		while read -r file; do
			mkdir -p "$tree/$(dirname "$file")"
			cp -p "$result/$file" "$tree/$file"
		done < <(cd "$result" && compgen -G "$glob" |
			xargs -r -I{} find {} -type f)
	done
}

# add_patch MESSAGE LATER-MESSAGE...
add_patch()
{
	local message=$1 globs file regex

	read -ra globs < <(told files "$message" | paste -sd ' ') || true
	add_files "${globs[@]}"
	while read -r file _; do
		[ -e "$tree/$file" ] || continue
		regex=$(held_back "$file" "${@:2}")
		if [ -n "$regex" ]; then
			without "$result/$file" "$regex" >"$tree/$file"
		else
			cp -p "$result/$file" "$tree/$file"
		fi
	done < <(told part "$SERIES"/*)
	git -C "$tree" add -A
	! git -C "$tree" diff --cached --quiet || die "${message##*/}: nothing is in it"
	grep -v '^#' "$message" | git -C "$tree" commit -q --signoff -F -
}

# Subject and text of the letter, in the places that git leaves for them.
fill_in_letter()
{
	local letter=$1 message=$2

	awk -v message="$message" -v release="$release" '
		BEGIN {
			while ((getline line < message) > 0) {
				if (line ~ /^#/)
					continue
				gsub(/@RELEASE@/, release, line)
				if (subject == "")
					subject = line
				else if (text != "" || line != "")
					text = text line "\n"
			}
			sub(/\n$/, "", text)
		}
		i = index($0, "*** SUBJECT HERE ***") {
			$0 = substr($0, 1, i - 1) subject
		}
		/^\*\*\* BLURB HERE \*\*\*$/ { $0 = text }
		{ print }' "$letter" >"$letter.new"
	mv "$letter.new" "$letter"
}

kernel=
while getopts k: option; do
	case $option in
	k) kernel=$OPTARG ;;
	*) die "usage: patches.sh [-k KERNEL]" ;;
	esac
done
if [ -z "$kernel" ]; then
	"$TOP/tools/vm/setup.sh"
	kernel=$(cat "$CACHE/source")
fi
[ -f "$kernel/lib/Kconfig" ] || die "$kernel: not a kernel tree"
release=$(make -s -C "$kernel" kernelversion)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
result=$work/result
identity
for dir in "$tree" "$result"; do
	mkdir "$dir"
	(cd "$kernel" && cp --parents "${TOUCHED[@]}" "$dir")
done
git -C "$tree" init -q -b vmem
git -C "$tree" add -A
git -C "$tree" commit -q -m "Linux $release"
git -C "$tree" tag base
"$TOP/tools/vm/graft.sh" -p "$result"

messages=("$SERIES"/[0-9]*)
for ((i = 1; i < ${#messages[@]}; i++)); do
	add_patch "${messages[@]:i}"
done
left=$(diff -rq --exclude=.git "$tree" "$result") ||
	die "no patch has (tools/vm/series): $left"

rm -rf "$OUT/patches"
git -C "$tree" format-patch -q --cover-letter --zero-commit --no-signature \
	--no-thread --stat=75 -o "$OUT/patches" base
fill_in_letter "$OUT/patches/0000-cover-letter.patch" "${messages[0]}"
say "patches: $((${#messages[@]} - 1)) for Linux $release in $OUT/patches"
