#!/bin/sh
# Builds AnyCable's server from its released source.
set -eu
cd "$(dirname "$0")/.."
exec ./go-install.sh anycable github.com/anycable/anycable-go@v1.5.6 ./cmd/anycable-go:anycable-go
