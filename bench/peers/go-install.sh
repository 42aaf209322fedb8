#!/bin/sh
# go-install.sh <peer> <module@version> <package>:<program>... [-- build flags]
# Builds a peer's programs from its released source into bench/peers/<peer>/bin. Never part of the product.
# `go install` would do, but it first asks for the list of all versions, which not every module proxy gives.
set -eu
bin="$(cd "$(dirname "$0")" && pwd)/$1/bin"
module=$2
shift 2
if ! command -v go >/dev/null; then
  echo "needs Go to build $module: https://go.dev/doc/install" >&2
  exit 1
fi
source=$(go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
programs=
for word; do
  shift
  if [ "$word" = -- ]; then break; fi
  programs="$programs $word"
done
mkdir -p "$bin"
for program in $programs; do
  [ -x "$bin/${program#*:}" ] || (cd "$source" && go build -buildvcs=false "$@" -o "$bin/${program#*:}" "${program%%:*}")
done
