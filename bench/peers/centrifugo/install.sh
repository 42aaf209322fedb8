#!/bin/sh
set -eu
cd "$(dirname "$0")"
# As the releases are built; their binary is told its version, too.
CGO_ENABLED=0 ../go-install.sh centrifugo github.com/centrifugal/centrifugo/v5@v5.4.9 .:centrifugo -- \
  -ldflags "-s -w -X github.com/centrifugal/centrifugo/v5/internal/build.Version=5.4.9"
