#!/bin/sh
# Installs the dependencies of the whole repository (`npm ci`) and says that it is alive while it works.
set -eu
cd "$(dirname "$0")/../../.."

command -v node >/dev/null 2>&1 || { echo "make: Node is not installed; install Node 20 or newer (it only starts the installation, Parley itself runs on the Node 24 that is installed with it)" >&2; exit 1; }
command -v npm >/dev/null 2>&1 || { echo "make: npm is not installed; it comes with Node 20 or newer" >&2; exit 1; }
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || { echo "make: this Node is $(node --version); 20 or newer is needed to install" >&2; exit 1; }

started=$(date +%s)
log=$(mktemp)
npm ci --no-audit --no-fund --loglevel=error >"$log" 2>&1 &
npm=$!
trap 'kill "$npm" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
echo "install: npm ci (about a minute with an empty cache)"
told=0
while kill -0 "$npm" 2>/dev/null; do
  sleep 1
  now=$(($(date +%s) - started))
  if [ $((now - told)) -ge 5 ]; then
    told=$now
    echo "install: $now s, $(ls node_modules 2>/dev/null | wc -l | tr -d ' ') packages in place"
  fi
done
if wait "$npm"; then
  cat "$log"
  echo "install: done in $(($(date +%s) - started)) s"
else
  code=$?
  cat "$log" >&2
  echo "make: npm ci failed (above)" >&2
  exit "$code"
fi
