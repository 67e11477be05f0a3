#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian packages of this tree, in out/deb: vmem-dkms, vmem-dev, vmem-tools, vmem-doc.
#
#	deb.sh [VERSION [SED-SCRIPT FILE]]	another than that of the tree, to try an
#						upgrade; with something changed

# shellcheck source=tools/vm/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=$(sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' "$TOP/vmem/main.c")
dir=$OUT/deb

"$TOP/tools/vm/setup.sh" debhelper dh-dkms dpkg-dev libc6-dev
rm -rf "$dir/tree"
copy_tree "$dir/tree"
if [ -n "${1:-}" ]; then
	sed -i "s/^\(MODULE_VERSION(\"\|PACKAGE_VERSION=\"\|vmem (\)$version/\1$1/" \
		"$dir"/tree/{vmem/main.c,dkms.conf,debian/changelog}
	version=$1
	if [ $# -eq 3 ]; then
		sed -i "$2" "$dir/tree/$3"
		! cmp -s "$TOP/$3" "$dir/tree/$3" || die "deb: nothing changed in $3"
	fi
fi
grep -q "^vmem ($version)" "$dir/tree/debian/changelog" ||
	die "deb: debian/changelog is not of version $version"
grep -q "^PACKAGE_VERSION=\"$version\"" "$dir/tree/dkms.conf" ||
	die "deb: dkms.conf is not of version $version"

say "deb: building packages of vmem $version"
cd "$dir/tree"
quietly "$dir/build-$version.log" dpkg-buildpackage -b -us -uc
cd ..
rm -rf tree
for deb in ./*_"$version"_*.deb; do
	say "deb: $(realpath --relative-base="$TOP" "$deb")"
done
