#!/bin/sh
# get-nats-server.sh FOLDER VERSION: puts a nats-server of that version or newer into FOLDER, which is empty.
# Reason for the private apt root: no npm package of the project carries the program, and Debian's and Ubuntu's
# development suites do, signed and from the mirror that this machine already uses. It needs no root and changes
# nothing outside FOLDER. Where there is no apt, Go builds the program.
set -eu
folder=$1 version=$2

fail() { echo "$*" >&2; exit 1; }

from_distribution() (
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
  cat >"$root/apt.conf" <<END
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
END
  export APT_CONFIG=$root/apt.conf
  cd "$root"
  for mirror in $mirrors; do
    echo "deb [signed-by=$keyring] $mirror $suite $components" >"$root/sources.list"
    echo "nats-server: downloading the package list of $suite and the package (about 16 MB)"
    apt-get -q update --error-on=any >/dev/null && apt-get -q download nats-server >/dev/null || continue
    dpkg-deb -x nats-server_*.deb unpacked
    mv unpacked/usr/sbin/nats-server "$folder/nats-server"
    exit 0
  done
  exit 1
)

with_go() (
  command -v go >/dev/null || fail "there is no go here"
  echo "nats-server: building it with Go (a few minutes)"
  GOBIN=$folder GOFLAGS=-modcacherw CGO_ENABLED=0 go install "github.com/nats-io/nats-server/v2@v$version"
)

# Each runs in a process of its own, because `set -e` has no effect inside a condition.
case ${3:-} in
  apt) from_distribution ;;
  go) with_go ;;
  *) /bin/sh "$0" "$folder" "$version" apt || /bin/sh "$0" "$folder" "$version" go ;;
esac
