# Sourced by try.sh: podman with folders of its own, so that it neither sees nor changes anything else on the machine,
# and Docker Compose on podman's Docker API. Needs CACHE, where images are kept between runs.
RUN=/run/parley-podman
PROJECT=parley-try
export CONTAINERS_CONF=$CACHE/containers.conf CONTAINERS_STORAGE_CONF=$CACHE/storage.conf
export BUILDAH_FORMAT=docker TMPDIR=$CACHE/tmp
# There may be no systemd to run health checks: check_health does.
export DISABLE_HC_SYSTEMD=true
engine=
health=

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

fail() {
  printf 'try: %s\n' "$*" >&2
  exit 1
}

# step NAME COMMAND…: runs a command with its output in a log; prints how long it took, or the end of the log.
step() {
  local name=$1 log=$CACHE/log/${1// /-}.log started=$SECONDS code=0
  shift
  say "$name …"
  # In the background, because bash ignores errors inside of what an `if` or `||` runs.
  ("$@") >"$log" 2>&1 &
  wait $! || code=$?
  [ "$code" = 0 ] || { tail -n 40 "$log" >&2; fail "$name: failed; the whole output is in $log"; }
  say "$name: $((SECONDS - started)) s"
}

prepare_engine() {
  mkdir -p "$CACHE/store" "$CACHE/networks" "$TMPDIR" "$RUN"
  # Some machines let no process raise these limits, as crun and runc would do by default.
  cat >"$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
compat_api_enforce_docker_hub = true
[network]
network_backend = "netavark"
network_config_dir = "$CACHE/networks"
END
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' "$CACHE/store" "$RUN/storage" >"$CONTAINERS_STORAGE_CONF"
}

# build TARGET TAG FOLDER [OPTION…]; what has not changed comes from the cache of layers.
build() {
  local target=$1 tag=$2 folder=$3
  shift 3
  nice -n 10 podman build --network host --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --layers "$@" \
    --target "$target" --tag "docker.io/library/$tag" "$folder"
}

# debian_base SUITE: a Debian of that suite as localhost/debian:SUITE, from the mirror that this machine's own apt uses.
debian_base() {
  local suite=$1 root=$CACHE/$1 mirror
  mirror=$(apt-get indextargets --format '$(SITE)' | grep -v security | sort -u | head -n 1)
  rm -rf "$root"
  nice -n 10 debootstrap --variant=minbase "$suite" "$root" "$mirror"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  apt-config dump | grep -E '^Acquire::(Check-|https?::)' >"$root/etc/apt/apt.conf.d/90machine" || true
  # No service starts when its package is installed.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  tar -C "$root" -c . | podman import - "localhost/debian:$suite"
  rm -rf "$root"
}

start_engine() {
  forwarding=$(cat /proc/sys/net/ipv4/ip_forward)
  podman system service --time 0 "unix://$RUN/podman.sock" >"$CACHE/log/engine.log" 2>&1 9>&- &
  engine=$!
  for _ in $(seq 50); do
    [ ! -S "$RUN/podman.sock" ] || break
    sleep 0.1
  done
  [ -S "$RUN/podman.sock" ] || fail "podman's service does not start; see $CACHE/log/engine.log"
  check_health 9>&- &
  health=$!
}

stop_engine() {
  local pid
  for pid in $health $engine; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  rm -f "$RUN/podman.sock"
  [ -n "$(podman ps --quiet)" ] || echo "$forwarding" >/proc/sys/net/ipv4/ip_forward
}

# Runs the health check of every container once a second, as Docker does.
check_health() {
  local container
  while sleep 1; do
    for container in $(podman ps --quiet --filter "label=com.docker.compose.project=$PROJECT"); do
      podman healthcheck run "$container" >/dev/null 2>&1 || true
    done
  done
}

compose() {
  DOCKER_HOST=unix://$RUN/podman.sock DOCKER_CONFIG=$CACHE/docker \
    "$CACHE/docker-compose" --project-name "$PROJECT" --project-directory "$ROOT" --env-file "$CACHE/secrets.env" "$@" 9>&-
}

container_of() {
  podman ps --all --quiet --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=$1"
}

container_field() {
  podman inspect --format "$2" "$(container_of "$1")"
}

# process_field SERVICE NAME: a line of the status of its first process, such as Uid.
process_field() {
  awk -v name="$2:" '$1 == name { print $2 }' "/proc/$(container_field "$1" '{{.State.Pid}}')/status"
}
