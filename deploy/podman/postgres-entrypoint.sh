#!/bin/sh
# What docker-compose.yml needs of the official image's entry point: an unprivileged server in $PGDATA, made at the
# first start with POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB, which has no port until it is complete.
set -eu

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres "$PGDATA"
  exec gosu postgres "$0" "$@"
fi

if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?is needed to make the database}"
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  mkdir -p "$PGDATA"
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  initdb --username="$user" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256
  rm "$password"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  pg_ctl --wait -o "-c listen_addresses=''" start
  [ "$database" = postgres ] || psql --username="$user" --dbname=postgres --command="create database \"$database\""
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -e "$script" ] || POSTGRES_USER=$user POSTGRES_DB=$database sh "$script"
  done
  pg_ctl --wait --mode=fast stop
fi

[ "${1:-}" != postgres ] || set -- "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
exec "$@"
