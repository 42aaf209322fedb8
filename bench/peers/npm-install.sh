#!/bin/sh
# Installs what a peer needs into its own folder, from its own lock. Never part of the product.
set -eu
cd "$(dirname "$0")/$1"
npm ci --ignore-scripts --no-audit --no-fund --silent
