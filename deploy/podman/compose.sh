# Sourced by try.sh: Docker Compose on podman's Docker API, health checks, and inspection of containers.
SERVICES=(nats postgres auth-service ws-producer-app ws-consumer-app)
PROJECT=parley-try

start_engine() {
  forwarding=$(cat /proc/sys/net/ipv4/ip_forward)
  podman system service --time 0 "unix://$RUN/podman.sock" >"$CACHE/log/engine.log" 2>&1 9>&- &
  engine=$!
  for _ in $(seq 50); do
    [ -S "$RUN/podman.sock" ] && break
    sleep 0.1
  done
  [ -S "$RUN/podman.sock" ] || fail "podman's service does not start; see $CACHE/log/engine.log"
  check_health 9>&- &
  health=$!
}

stop_engine() {
  local pid
  for pid in $health $engine; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  health= engine=
  rm -f "$RUN/podman.sock"
  [ -z "$forwarding" ] || [ -n "$(podman ps --quiet)" ] || echo "$forwarding" >/proc/sys/net/ipv4/ip_forward
}

# Runs the health check of every container once a second, as Docker does.
check_health() {
  local container
  while true; do
    for container in $(podman ps --quiet --filter "label=com.docker.compose.project=$PROJECT"); do
      podman healthcheck run "$container" >/dev/null 2>&1 || true
    done
    sleep 1
  done
}

compose() {
  DOCKER_HOST=unix://$RUN/podman.sock DOCKER_CONFIG=$CACHE/docker \
    "$COMPOSE" --project-name "$PROJECT" --project-directory "$ROOT" --env-file "$CACHE/secrets.env" "$@" 9>&-
}

# Secrets of its own, and ports that are free now, so that it runs beside anything else.
choose_ports() {
  "$ROOT/deploy/make-secrets.sh" "$CACHE/secrets.env"
  local ports
  read -ra ports < <(cd "$ROOT" && "$NODE" --input-type=module --eval '
    import { findFreePort } from "./packages/devstack/src/ports.ts";
    for (let i = 0; i < 5; i += 1) process.stdout.write(`${await findFreePort()} `);
  ')
  export AUTH_HTTP_PORT=${ports[0]} PRODUCER_HTTP_PORT=${ports[1]} CONSUMER_HTTP_PORT=${ports[2]}
  export NATS_PORT=${ports[3]} POSTGRES_PORT=${ports[4]}
  unset HOST NODE_ENV
}

container_of() {
  podman ps --all --quiet --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=$1"
}

container_field() {
  podman inspect --format "$2" "$(container_of "$1")"
}

container_user() {
  awk '$1 == "Uid:" { print $2 }' "/proc/$(container_field "$1" '{{.State.Pid}}')/status"
}

# The effective and the inheritable bounds of what its first process may do.
capabilities() {
  awk '$1 == "CapBnd:" { print $2 }' "/proc/$(container_field "$1" '{{.State.Pid}}')/status"
}

inside() {
  local name=$1
  shift
  podman exec "$(container_of "$name")" "$@"
}

crash() {
  local name=$1 pid started=$SECONDS
  pid=$(container_field "$name" '{{.State.Pid}}')
  kill -9 "$pid"
  for _ in $(seq 300); do
    if [ "$(container_field "$name" '{{.State.Pid}}')" != "$pid" ] &&
      [ "$(container_field "$name" '{{.State.Health.Status}}')" = healthy ]; then
      say "$name: killed, back and healthy after $((SECONDS - started)) s"
      return
    fi
    sleep 0.2
  done
  fail "$name was killed and did not come back"
}
