#!/bin/sh
# unpack-package.sh FOLDER PACKAGE: unpacks a package of Debian's or Ubuntu's development suite into FOLDER/unpacked,
# signed and from the mirror that this machine already uses. It needs no root and changes nothing outside FOLDER.
set -eu
folder=$1 package=$2

fail() { echo "$*" >&2; exit 1; }

command -v apt-get >/dev/null || fail "there is no apt-get here"
case $(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}") in
  ubuntu* | *\ ubuntu*) suite=devel components="main universe" keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
  *debian*) suite=sid components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
  *) fail "this machine is neither Debian nor Ubuntu" ;;
esac
[ -r "$keyring" ] || fail "$keyring is missing, so the package's signature could not be checked"
root=$folder/apt
mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
: >"$root/status"
# The mirrors of the machine's own sources. Those of security updates lack whole suites.
mirrors=$(apt-get -o "Dir::State::lists=$root/lists" update --print-uris | sed -n "s|^'\(.*\)/dists/.*|\1|p" | grep -v security | sort -u)
[ -n "$mirrors" ] || fail "the machine's apt sources name no mirror"
cat >"$root/apt.conf" <<CONF
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$root/lists";
Dir::State::status "$root/status";
Dir::Cache "$root/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
CONF
export APT_CONFIG=$root/apt.conf
cd "$root"
for mirror in $mirrors; do
  echo "deb [signed-by=$keyring] $mirror $suite $components" >"$root/sources.list"
  echo "$package: downloading the package list of $suite and the package"
  apt-get -q update --error-on=any >/dev/null && apt-get -q download "$package" >/dev/null || continue
  dpkg-deb -x "$package"_*.deb "$folder/unpacked"
  exit 0
done
exit 1
