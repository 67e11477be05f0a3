#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench-plot.sh DIR: draw DIR/results.csv, by gnuplot, as DIR/*.svg. What was not
# measured is not drawn.

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

dir=${1:?usage: bench-plot.sh DIR}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

# select_lines COLUMN... WHERE COLUMN=VALUE...: of the CSV file, by names of columns;
# a line that lacks one is left out. "peer mode" comes first, with commas between.
select_lines()
{
	awk -F, -v arguments="$*" '
		NR == 1 {
			for (i = 1; i <= NF; i++)
				column[$i] = i
			count = split(arguments, word, " ")
			next
		}
		$column["peer"] != "none" {
			line = $column["peer"] ($column["mode"] == "" ? "" : " ") \
			       $column["mode"]
			filters = 0
			for (i = 1; i <= count; i++) {
				if (word[i] == "WHERE") {
					filters = 1
				} else if (filters) {
					split(word[i], pair, "=")
					if ($column[pair[1]] != pair[2])
						next
				} else {
					if (!(word[i] in column) ||
					    $column[word[i]] == "")
						next
					line = line "," $column[word[i]]
				}
			}
			print line
		}' "$dir/results.csv"
}

# peers FILE: in the order in which they were measured, those of vmem first.
peers()
{
	awk -F, '!seen[$1]++ { print ($1 !~ /^vmem/) "," $1 }' "$1" |
		sort -s -t, -k1,1 | cut -d, -f2
}

# The same peer has the same colour in all plots; those of vmem are thick and warm.
colour()
{
	case $1 in
	"vmem instant"|vmem)	echo cc0000 ;;
	"vmem cached")		echo c71585 ;;
	"vmem best"|vmem-best)	echo ff7f0e ;;
	"vmem first"|vmem-first) echo b8860b ;;
	"vmem next"|vmem-next)	echo ffbf00 ;;
	vmem*)			echo 8b4513 ;;
	"drm_mm low")		echo 17becf ;;
	"drm_mm high")		echo 9edae5 ;;
	drm*)			echo 1f77b4 ;;
	maple*)			echo 2ca02c ;;
	iova_fast*)		echo 9467bd ;;
	iova*)			echo c5b0d5 ;;
	sbitmap*)		echo 000000 ;;
	ida*)			echo 7f7f7f ;;
	xarray*)		echo 556b2f ;;
	"genalloc best")	echo c7c7c7 ;;
	genalloc*)		echo 98df8a ;;
	*)			echo aaaaaa ;;
	esac
}

# curves FILE COLUMNS: what gnuplot is to draw of it: a curve for each peer.
curves()
{
	local peer style nr=0

	while read -r peer; do
		style="lw 1.5 pt 6"
		[[ $peer != vmem* ]] || style="lw 3 pt 7"
		awk -F, -v peer="$peer" '$1 == peer' "$1" >"$1-$nr"
		[ "$nr" -eq 0 ] || printf ', '
		printf "'%s' using 2:%s with linespoints %s lc rgb '#%s' title '%s'" \
			"$1-$nr" "$2" "$style" "$(colour "$peer")" "$peer"
		nr=$((nr + 1))
	done < <(peers "$1")
}

# draw NAME TITLE FILE COMMANDS: nothing, if there is nothing in FILE.
draw()
{
	rm -f "$dir/$1.svg"
	[ -s "$3" ] || return 0
	cat >"$3.gnuplot" <<-END
		set terminal svg size 960,600 dynamic font 'sans-serif,14' background '#ffffff'
		set output '$dir/$1.svg'
		set datafile separator ','
		set title '$2' noenhanced
		set key outside right top noenhanced
		set grid
		$4
	END
	quietly "$3.log" gnuplot "$3.gnuplot"
	say "plot: $dir/$1.svg"
}

# Cost against live segments. Lines are those of works of the time ruler.
segments()
{
	select_lines n ns WHERE ruler=time "work=$1" >"$data/$1"
	draw "$1" "$2" "$data/$1" "
		set logscale xy
		set xrange [700:*]
		set format x '10^{%L}'
		set xlabel 'live segments'
		set ylabel 'ns a pair of free and allocation'
		plot $(curves "$data/$1" 3)"
}

segments churn 'Random sizes 1 to 64: free one, allocate one'
segments ids 'Single units: free one, allocate one'
segments churn-aligned 'Random sizes and alignments of 1 to 64'
segments churn-window 'Random sizes in windows of a sixteenth'

select_lines ops ns WHERE ruler=time work=ageing >"$data/ageing"
draw ageing 'Ageing: all sizes, a quarter to three quarters in use' "$data/ageing" "
	set xlabel 'operations'
	set format x '%.0s%c'
	set ylabel 'ns an operation'
	set xrange [0:*]
	set yrange [0:*]
	plot $(curves "$data/ageing" 3)"

# Of each peer, at the largest number of segments; ids are another work.
for work in segments ids; do
	select_lines n bytes WHERE ruler=time "work=memory-$work" |
		awk -F, '{ bytes[$1] = $3; if (!seen[$1]++) peer[++count] = $1 }
			END { for (i = 1; i <= count; i++)
				print peer[i] "," bytes[peer[i]] }' >"$data/memory-$work"
	draw "memory-$work" "Memory of a live ${work%s}" "$data/memory-$work" "
		set style fill solid 0.8
		set boxwidth 0.7
		set ylabel 'bytes'
		set offsets 0, 0, graph 0.1, 0
		set yrange [0:*]
		set xtics noenhanced rotate by -30
		unset key
		plot '$data/memory-$work' using 0:2:(strstrt(stringcolumn(1), 'vmem') == 1 ? \
			0xcc0000 : 0x1f77b4):xtic(1) with boxes lc rgb variable, \
			'' using 0:2:2 with labels offset 0,0.7"
done

# Millions of pairs in a second, by all threads together: a plot for each work that was
# done by more than one.
select_lines threads ns work WHERE ruler=scale >"$data/scale"
while read -r work; do
	awk -F, -v work="$work" '$4 == work && $3 > 0' "$data/scale" >"$data/scale-$work"
	draw "scale-$work" "Threads: ${work//_/-}" "$data/scale-$work" "
		set xlabel 'threads'
		set xtics 1
		set xrange [0.8:*]
		set yrange [0:*]
		set ylabel 'million pairs a second'
		plot $(curves "$data/scale-$work" "(1000 * \$2 / \$3)")"
done < <(awk -F, '$2 > 1 && !seen[$4]++ { print $4 }' "$data/scale")
