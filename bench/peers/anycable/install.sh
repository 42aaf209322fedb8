#!/bin/sh
# Builds AnyCable's server from its released source, and installs what the application behind it needs.
set -eu
cd "$(dirname "$0")/.."
./npm-install.sh anycable
exec ./go-install.sh anycable github.com/anycable/anycable-go@v1.5.6 ./cmd/anycable-go:anycable-go
