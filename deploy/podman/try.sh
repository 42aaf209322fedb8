#!/bin/bash
# Builds the images and runs docker-compose.yml on a Debian machine without Docker, as root: podman is the engine,
# Docker Compose itself reads the file. Then two users exchange messages while every container is killed once, and all
# acknowledged messages must be in history. Ends with 0 if so; leaves nothing running.
#
#   deploy/podman/try.sh           images are kept for the next time
#   deploy/podman/try.sh --fresh   the base images are made again
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
CACHE=${PARLEY_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/parley}/podman
# A copy of the Node in node_modules.
NODE=$CACHE/bin/node
PACKAGES=(podman runc crun netavark aardvark-dns iptables debootstrap curl)
TARGETS=(auth ws-producer ws-consumer web migrate nats)
STARTED=$SECONDS
engine=
health=
job=
forwarding=

source "$HERE/engine.sh"
source "$HERE/bases.sh"
source "$HERE/compose.sh"

main() {
  local option=${1:-}
  [ "$(id -u)" = 0 ] || fail "podman needs root here"
  mkdir -p "$CACHE/bin"
  exec 9>"$CACHE/lock"
  flock -n 9 || fail "another one is running"
  [ ! -x "$ROOT/node_modules/.bin/node" ] || cp "$(readlink -f "$ROOT/node_modules/.bin/node")" "$NODE"
  [ -x "$NODE" ] || fail "run \`make install\` first"
  step "install packages" install_packages
  prepare_engine
  trap 'take_down $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  [ "$option" != --fresh ] || podman rmi --all --force >/dev/null
  prepare_tools
  prepare_bases
  for target in "${TARGETS[@]}"; do step "build $target" build_target "$target"; done
  podman images --format '{{.Repository}}:{{.Tag}}  {{.Size}}' | grep -E 'parley-' || true
  start_engine
  choose_ports
  compose down --volumes --timeout 5 >/dev/null 2>&1 || true
  step "compose up --wait" compose up --no-build --detach --wait --wait-timeout 120
  check_settings
  register_and_log_in
  talk_through_kills
  step "compose down, volumes stay" compose down --timeout 30
  step "compose up again" compose up --no-build --detach --wait --wait-timeout 120
  "$NODE" "$ROOT/e2e/src/talk.ts" check "$CACHE/talk.json"
  say "everything held, $((SECONDS - STARTED)) s"
}

install_packages() {
  local missing=()
  for package in "${PACKAGES[@]}"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} = 0 ] && return
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# The programs that go into the stand-ins, and Docker Compose.
prepare_tools() {
  NPM_VERSION=$("$NODE" -p 'require("'"$ROOT"'/package.json").packageManager.split("@")[1]')
  step "find nats-server" find_nats_server
  NATS_SERVER=$(cat "$CACHE/nats-server-path")
  COMPOSE=$CACHE/docker-compose
  [ -x "$COMPOSE" ] || step "get docker compose" get_compose
  say "$("$COMPOSE" version), $(podman --version)"
}

find_nats_server() {
  (cd "$ROOT" && "$NODE" --input-type=module --eval '
    import { writeFileSync } from "node:fs";
    import { findNatsServer } from "./packages/devstack/src/nats-binary.ts";
    writeFileSync(process.argv[1], await findNatsServer({ env: process.env, onProgress: console.log }));
  ' "$CACHE/nats-server-path")
}

# From Debian's package; Debian 12 itself has only the old one in Python.
get_compose() {
  rm -rf "$CACHE/compose" && mkdir -p "$CACHE/compose"
  sh "$ROOT/packages/devstack/scripts/unpack-package.sh" "$CACHE/compose" docker-compose
  cp "$(find "$CACHE/compose/unpacked" -name docker-compose -type f -size +1M)" "$COMPOSE"
  rm -rf "$CACHE/compose"
}

prepare_bases() {
  local made_by
  made_by=$(cat "$HERE/bases.sh" "$HERE/postgres-entrypoint.sh" | sha256sum)
  if [ "$made_by" != "$(cat "$CACHE/made-by" 2>/dev/null)" ]; then
    podman rmi --force docker.io/library/{node:24-bookworm-slim,postgres:18,nats:2.15-alpine} >/dev/null 2>&1 || true
    printf '%s\n' "$made_by" >"$CACHE/made-by"
  fi
  podman image exists localhost/debian:bookworm || step "debian bookworm" debian_base bookworm
  podman image exists localhost/debian:sid || step "debian sid" debian_base sid
  podman image exists docker.io/library/node:24-bookworm-slim || step "stand-in node" node_base
  podman image exists docker.io/library/postgres:18 || step "stand-in postgres" postgres_base
  podman image exists docker.io/library/nats:2.15-alpine || step "stand-in nats" nats_base
}

# npm in the build sees the network as this machine does: its settings, and the certificates it trusts.
build_target() {
  local certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} npmrc=$CACHE/npmrc volumes=()
  grep -v '^nodedir=' ~/.npmrc >"$npmrc" 2>/dev/null || : >"$npmrc"
  if [ -s "$certificates" ]; then
    echo "cafile=/run/certificates.crt" >>"$npmrc"
    volumes+=(--volume "$certificates:/run/certificates.crt:ro")
  fi
  nice -n 10 podman build --network host "${ULIMITS[@]}" --layers "${volumes[@]}" --volume "$npmrc:/root/.npmrc:ro" \
    --target "$1" --tag "docker.io/library/parley-$1" "$ROOT"
}

# Checks the settings of the compose file from inside the containers.
check_settings() {
  local name
  for name in "${SERVICES[@]}"; do
    [ "$name" = postgres ] || [ "$(container_field "$name" '{{.HostConfig.ReadonlyRootfs}}')" = true ] ||
      fail "$name can write to its image"
    [ "$(container_user "$name")" != 0 ] || fail "$name runs as root"
    [ "$(capabilities "$name")" = 0000000000000000 ] || fail "$name has capabilities"
  done
  say "all ${#SERVICES[@]} run without root, without capabilities; all but postgres on a read-only image"
  inside nats wget -q -O - http://127.0.0.1:8222/jsz | grep -q '"sync_always": *true' || fail "NATS does not sync each write"
  say "NATS syncs each write: $(inside nats nats-server --version)"
  say "Postgres: $(inside postgres psql -U parley -tAc 'select version()' | cut -d' ' -f1-2)"
}

# Registers two users by curl, as in the documents.
register_and_log_in() {
  local name token answer
  for name in alice bob; do
    answer=$(curl -sS -X POST "localhost:$AUTH_HTTP_PORT/api/v1/register" -H 'content-type: application/json' \
      -d '{"username":"'$name'","password":"correct horse '$name'"}')
    token=$(curl -sS -X POST "localhost:$AUTH_HTTP_PORT/api/v1/login" -H 'content-type: application/json' \
      -d '{"username":"'$name'","password":"correct horse '$name'"}' | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
    [ -n "$token" ] || fail "no token for $name; registering said: $answer"
    say "$name is registered and logged in"
  done
}

# Kills the first process of each container, as a crash would; the restart policy must bring it back.
talk_through_kills() {
  local name
  "$NODE" "$ROOT/e2e/src/talk.ts" talk "$CACHE/talk.json" 9>&- &
  job=$!
  sleep 3
  for name in "${SERVICES[@]}"; do
    crash "$name"
    sleep 2
    kill -0 "$job" 2>/dev/null || break
  done
  kill -TERM "$job" 2>/dev/null || true
  wait "$job" || fail "the conversation did not hold"
  job=
}

take_down() {
  local code=$1
  trap - EXIT INT TERM
  set +e
  [ -z "$job" ] || kill "$job" 2>/dev/null
  if [ "$code" != 0 ] && [ -n "$engine" ]; then
    compose ps --all >&2
    compose logs --no-color --tail 15 >"$CACHE/log/containers.log" 2>&1
    printf 'try: the ends of the containers'\'' logs are in %s\n' "$CACHE/log/containers.log" >&2
  fi
  [ -z "$engine" ] || compose down --volumes --timeout 10 >/dev/null 2>&1
  stop_engine
  # Layers of old builds take gigabytes; those of today make the next build quick.
  podman image prune --force --filter until=24h >/dev/null 2>&1
  say "taken down; containers left: $(podman ps --all --quiet | wc -l)"
  exit "$code"
}

main "$@"
