#!/bin/sh
# Installs the dependencies of the whole repository (`npm ci`), with a line every five seconds.
set -eu
cd "$(dirname "$0")/../../.."

fail() { echo "make: $*" >&2; exit 1; }
command -v node >/dev/null && command -v npm >/dev/null ||
  fail "Node and npm are not installed; install Node 20 or newer (it only starts the installation, which brings the Node 24 that Parley runs on)"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || fail "this Node is $(node --version); 20 or newer is needed to install"

started=$(date +%s) log=$(mktemp)
echo "install: npm ci (about a minute with an empty cache)"
# Waits between attempts are 0.5, 1 and 2 s; npm's own are 10 and 60.
npm ci --no-audit --no-fund --loglevel=error --fetch-retries=3 --fetch-retry-factor=2 \
  --fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=2000 >"$log" 2>&1 &
npm=$!
trap 'kill "$npm" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
while kill -0 "$npm" 2>/dev/null; do
  sleep 1
  now=$(($(date +%s) - started))
  [ $((now % 5)) -ne 0 ] || echo "install: $now s, $(ls node_modules 2>/dev/null | wc -l | tr -d ' ') packages in place"
done
code=0
wait "$npm" || code=$?
cat "$log"
if [ "$code" -ne 0 ] && grep -qE 'E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|NETUNREACH)' "$log"; then
  fail "npm's registry cannot be reached, and the packages come from there: connect this machine, then try again"
fi
[ "$code" -eq 0 ] || fail "npm ci failed (above)"
echo "install: done in $(($(date +%s) - started)) s"
