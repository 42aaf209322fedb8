# Sourced by the scripts of this folder: podman with separate folders, so that it neither sees nor changes anything
# else on the machine. Needs CACHE, where images are kept between runs.
: "${CACHE:?}"
STORE=$CACHE/store
RUN=/run/parley-podman
export CONTAINERS_CONF=$CACHE/containers.conf CONTAINERS_STORAGE_CONF=$CACHE/storage.conf
export BUILDAH_FORMAT=docker TMPDIR=$CACHE/tmp
# There may be no systemd to run health checks; try.sh does.
export DISABLE_HC_SYSTEMD=true
# Some machines let no process raise these limits, as crun and runc would do by default.
ULIMITS=(--ulimit nofile=1024:1024 --ulimit nproc=4096:4096)

prepare_engine() {
  mkdir -p "$STORE" "$TMPDIR" "$RUN" "$CACHE/networks"
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
  cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$STORE"
runroot = "$RUN/storage"
END
}

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

fail() {
  printf 'try: %s\n' "$*" >&2
  exit 1
}

# Runs a command with its output in a log; prints how long it took, or the end of the log.
step() {
  local name=$1 log started code=0
  shift
  log=$CACHE/log/$(printf '%s' "$name" | tr -c 'a-z0-9\n' '-').log
  mkdir -p "$CACHE/log"
  started=$SECONDS
  say "$name …"
  # In the background, because bash ignores errors inside of what an `if` or `||` runs.
  ("$@") >"$log" 2>&1 &
  wait $! || code=$?
  if [ "$code" != 0 ]; then
    tail -n 40 "$log" >&2
    fail "$name: failed after $((SECONDS - started)) s; the whole output is in $log"
  fi
  say "$name: $((SECONDS - started)) s"
}
