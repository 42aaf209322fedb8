#!/bin/sh
# get-nats-server.sh FOLDER VERSION: puts a nats-server of that version or newer into FOLDER, which is empty. No npm
# package carries the program, and Debian's and Ubuntu's development suites do. Where there is no apt, Go builds it.
set -eu
folder=$1 version=$2

with_go() {
  command -v go >/dev/null || { echo "there is no go here" >&2; exit 1; }
  echo "nats-server: building it with Go (a few minutes)"
  GOBIN=$folder GOFLAGS=-modcacherw CGO_ENABLED=0 go install "github.com/nats-io/nats-server/v2@v$version"
}

if /bin/sh "${0%/*}/unpack-package.sh" "$folder" nats-server; then
  mv "$folder/unpacked/usr/sbin/nats-server" "$folder/nats-server"
else
  with_go
fi
