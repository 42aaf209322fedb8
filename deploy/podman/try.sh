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
NODE=$CACHE/context/node
PACKAGES=(podman runc crun netavark aardvark-dns iptables debootstrap)
TARGETS=(auth ws-producer ws-consumer web migrate nats edge)
SERVICES=(nats postgres auth-service ws-producer-app ws-consumer-app web edge)
job=

source "$HERE/engine.sh"

main() {
  [ "$(id -u)" = 0 ] || fail "podman needs root here"
  mkdir -p "$CACHE/context" "$CACHE/log"
  exec 9>"$CACHE/lock"
  flock -n 9 || fail "another one is running"
  [ -x "$ROOT/node_modules/.bin/node" ] || fail "run \`make install\` first"
  cp -p "$(readlink -f "$ROOT/node_modules/.bin/node")" "$NODE"
  step "install packages" install_packages
  prepare_engine
  [ "${1:-}" != --fresh ] || podman rmi --all --force >/dev/null
  step "find programs" find_programs
  source "$CACHE/ports.sh"
  for suite in bookworm sid; do
    podman image exists "localhost/debian:$suite" || step "debian $suite" debian_base "$suite"
  done
  for name in node postgres nats caddy; do
    step "stand-in $name" build "$name" "$(official "$name")" "$CACHE/context" --file "$HERE/Containerfile"
  done
  for target in "${TARGETS[@]}"; do step "build $target" build_target "$target"; done
  trap 'take_down $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  start_engine
  compose down --volumes --timeout 5 >/dev/null 2>&1 || true
  step "compose up --wait" compose up --no-build --detach --wait --wait-timeout 120
  check_settings
  check_edge
  talk_through_kills
  step "compose down, volumes stay" compose down --timeout 30
  step "compose up again" compose up --no-build --detach --wait --wait-timeout 120
  "$NODE" "$ROOT/e2e/src/talk.ts" check "$CACHE/talk.json"
  say "everything held, $SECONDS s"
}

# The official image that stands in the Dockerfile or in docker-compose.yml, without its registry.
official() {
  grep -oh "docker.io/library/$1:[^ ]*" "$ROOT/Dockerfile" "$ROOT/docker-compose.yml" | head -n 1 | sed 's|.*/||'
}

install_packages() {
  dpkg -s "${PACKAGES[@]}" >/dev/null 2>&1 && return
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${PACKAGES[@]}"
}

# npm and nats-server for the stand-ins, and Docker Compose from Debian's package (Debian 12 itself has only the old one in
# Python); secrets, and ports that are free now, so that it runs beside anything else.
find_programs() {
  local npm
  cp -p "$HERE/postgres-entrypoint.sh" "$CACHE/context/"
  cd "$ROOT"
  "$NODE" --input-type=module --eval '
    import { copyFileSync, writeFileSync } from "node:fs";
    import { findProgram } from "./packages/devstack/src/find-program.ts";
    import { findFreePort } from "./packages/devstack/src/ports.ts";
    const [, context, ports] = process.argv;
    for (const name of ["nats-server", "caddy"])
      copyFileSync(await findProgram(name, { env: process.env, onProgress: console.log }), `${context}/${name}`);
    const names = ["AUTH_HTTP", "PRODUCER_HTTP", "CONSUMER_HTTP", "WEB", "NATS", "POSTGRES", "EDGE", "EDGE_HTTP"];
    const lines = names.map(async (name) => `export ${name}_PORT=${await findFreePort()}\n`);
    writeFileSync(ports, (await Promise.all(lines)).join(""));
  ' "$CACHE/context" "$CACHE/ports.sh"
  echo "unset HOST NODE_ENV; export COMPOSE_PROFILES=edge EDGE_HOST=localhost" >>"$CACHE/ports.sh"
  deploy/make-secrets.sh "$CACHE/secrets.env"
  npm=$("$NODE" -p 'require("./package.json").packageManager')
  cd "$CACHE/context"
  grep -qs "\"version\": \"${npm#npm@}\"" package/package.json ||
    { npm pack --silent "$npm" && rm -rf package && tar -xzf npm-*.tgz && rm npm-*.tgz; }
  [ ! -x "$CACHE/docker-compose" ] || return 0
  rm -rf "$CACHE/compose" && mkdir -p "$CACHE/compose"
  sh "$ROOT/packages/devstack/scripts/unpack-package.sh" "$CACHE/compose" docker-compose
  cp "$(find "$CACHE/compose/unpacked" -name docker-compose -type f -size +1M)" "$CACHE/docker-compose"
  rm -rf "$CACHE/compose"
}

# npm in the build sees the network as this machine does: its settings, and the certificates it trusts.
build_target() {
  local certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} npmrc=$CACHE/npmrc volumes=()
  grep -v '^nodedir=' ~/.npmrc >"$npmrc" 2>/dev/null || : >"$npmrc"
  if [ -s "$certificates" ]; then
    echo "cafile=/run/certificates.crt" >>"$npmrc"
    volumes+=(--volume "$certificates:/run/certificates.crt:ro")
  fi
  build "$1" "parley-$1" "$ROOT" "${volumes[@]}" --volume "$npmrc:/root/.npmrc:ro"
}

# Checks the settings of the compose file from inside the containers.
check_settings() {
  local name
  for name in "${SERVICES[@]}"; do
    [ "$name" = postgres ] || [ "$(container_field "$name" '{{.HostConfig.ReadonlyRootfs}}')" = true ] ||
      fail "$name can write to its image"
    [ "$(process_field "$name" Uid)" != 0 ] || fail "$name runs as root"
    [ "$(process_field "$name" CapBnd)" = 0000000000000000 ] || fail "$name has capabilities"
  done
  say "all ${#SERVICES[@]} run without root, without capabilities; all but postgres on a read-only image"
  podman exec "$(container_of nats)" wget -q -O - http://127.0.0.1:8222/jsz | grep -q '"sync_always": *true' ||
    fail "NATS does not sync each write"
  say "NATS syncs each write: $(podman exec "$(container_of nats)" nats-server --version)"
}

# Checks that the page and all services answer at the one origin of the edge, also while it reads its settings again.
check_edge() {
  local origin=https://localhost:$EDGE_PORT path
  for path in /auth/health/ready /send/health/ready /listen/health/ready /health/ready; do
    curl --silent --insecure --fail --output /dev/null "$origin$path" || fail "the edge: $path does not answer"
  done
  curl --silent --insecure "$origin/" | grep -q "$origin" || fail "the edge: the page does not know its origin"
  compose exec -T edge caddy reload --force --config /etc/caddy/Caddyfile >/dev/null 2>&1 || fail "the edge cannot read its settings again"
  curl --silent --insecure --fail --output /dev/null "$origin/send/health/ready" || fail "the edge does not answer after a reload"
  say "the page and all services answer at $origin"
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

crash() {
  local name=$1 pid started=$SECONDS
  pid=$(container_field "$name" '{{.State.Pid}}')
  kill -9 "$pid"
  for _ in $(seq 300); do
    case $(container_field "$name" '{{.State.Pid}} {{.State.Health.Status}}') in
      "$pid "*) ;;
      *" healthy")
        say "$name: killed, back and healthy after $((SECONDS - started)) s"
        return
        ;;
    esac
    sleep 0.2
  done
  fail "$name was killed and did not come back"
}

take_down() {
  local code=$1
  trap - EXIT INT TERM
  set +e
  [ -z "$job" ] || kill "$job" 2>/dev/null
  if [ "$code" != 0 ]; then
    compose ps --all >&2
    compose logs --no-color --tail 15 >"$CACHE/log/containers.log" 2>&1
    printf 'try: the ends of the containers'\'' logs are in %s\n' "$CACHE/log/containers.log" >&2
  fi
  compose down --volumes --timeout 10 >/dev/null 2>&1
  stop_engine
  # Layers of old builds take gigabytes; those of today make the next build quick.
  podman image prune --force --filter until=24h >/dev/null 2>&1
  say "taken down; containers left: $(podman ps --all --quiet | wc -l)"
  exit "$code"
}

main "$@"
