#!/bin/sh
# Entry point of the standby (profile `cluster`): at its first start it copies the primary, and tells it to acknowledge a commit
# only when the standby has it too. The primary keeps as much of its write-ahead log as lets the standby catch up.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  export PGPASSWORD="$POSTGRES_REPLICATION_PASSWORD"
  pg_basebackup --dbname="host=postgres user=replicator application_name=standby" --pgdata="$PGDATA" \
    --wal-method=stream --checkpoint=fast --write-recovery-conf
  export PGPASSWORD="$POSTGRES_PASSWORD"
  psql --host=postgres --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --quiet \
    --command="alter system set wal_keep_size = '1GB'" \
    --command="alter system set synchronous_standby_names = 'standby'" \
    --command="select pg_reload_conf()" || {
    rm -rf "$PGDATA"
    exit 1
  }
  unset PGPASSWORD
fi
exec docker-entrypoint.sh "$@"
