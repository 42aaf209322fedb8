# Sourced by try.sh: base images under their official names, made from Debian's packages and the npm package `node`.
# They stand in for images that cannot be pulled, and resemble the official ones as far as needed.

# The mirror that this machine's own apt uses.
debian_mirror() {
  apt-get indextargets --format '$(SITE)' | grep -v security | sort -u | head -n 1
}

# A Debian of that suite as localhost/debian:<suite>.
debian_base() {
  local suite=$1 root=$CACHE/$1
  rm -rf "$root"
  nice -n 10 debootstrap --variant=minbase "$suite" "$root" "$(debian_mirror)"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  apt-config dump | grep -E '^Acquire::(Check-|https?::)' >"$root/etc/apt/apt.conf.d/90machine" || true
  # No service starts when its package is installed.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  tar -C "$root" -c . | podman import - "localhost/debian:$suite"
  rm -rf "$root"
}

# node and npm on Debian 12, with the user `node` (1000) of the official image.
node_base() {
  local context=$CACHE/node
  rm -rf "$context" && mkdir -p "$context"
  cp "$NODE" "$context/node"
  (cd "$context" && npm pack --silent "npm@$NPM_VERSION" && tar -xzf npm-*.tgz && rm npm-*.tgz)
  cat >"$context/Containerfile" <<'END'
FROM localhost/debian:bookworm
RUN useradd --uid 1000 --create-home --shell /bin/bash node
COPY node /usr/local/bin/node
COPY package /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && chmod +x /usr/local/bin/node /usr/local/lib/node_modules/npm/bin/npm-cli.js && npm --version
CMD ["node"]
END
  build_base "$context" docker.io/library/node:24-bookworm-slim
}

# Postgres 18 of Debian sid; postgres-entrypoint.sh does what is needed of the official entry point.
postgres_base() {
  local context=$CACHE/postgres
  rm -rf "$context" && mkdir -p "$context"
  cp "$HERE/postgres-entrypoint.sh" "$context/docker-entrypoint.sh"
  cat >"$context/Containerfile" <<'END'
FROM localhost/debian:sid
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid postgres --home-dir /var/lib/postgresql postgres \
 && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold postgresql-18 gosu \
 && rm -rf /var/lib/apt/lists/* \
 && rm -rf /var/lib/postgresql && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql \
 && install -d -o postgres -g postgres -m 3777 /var/run/postgresql
ENV PATH=/usr/lib/postgresql/18/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/18/docker LANG=C.UTF-8
COPY docker-entrypoint.sh /usr/local/bin/
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
END
  build_base "$context" docker.io/library/postgres:18
}

# nats-server with BusyBox's wget, as on Alpine.
nats_base() {
  local context=$CACHE/nats
  rm -rf "$context" && mkdir -p "$context"
  cp "$NATS_SERVER" "$context/nats-server"
  cat >"$context/Containerfile" <<'END'
FROM localhost/debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends busybox-static && rm -rf /var/lib/apt/lists/* \
 && ln -s /bin/busybox /usr/local/bin/wget
COPY nats-server /usr/local/bin/nats-server
EXPOSE 4222 8222 6222
CMD ["nats-server"]
END
  build_base "$context" docker.io/library/nats:2.15-alpine
}

build_base() {
  nice -n 10 podman build --network host "${ULIMITS[@]}" --tag "$2" "$1"
}
