#!/bin/sh
# Entry point of the standby (profile `cluster`): at its first start it copies the primary, and tells it to acknowledge a commit
# only when the standby has it too. The primary keeps as much of its write-ahead log as lets the standby catch up. The copy gets its
# name last: whatever ends this before then, the next start begins again.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  copy="$PGDATA.new"
  rm -rf "$PGDATA" "$copy"
  mkdir -p "$copy"
  chmod 700 "$copy"
  export PGPASSWORD="$POSTGRES_REPLICATION_PASSWORD"
  pg_basebackup --dbname="host=postgres user=replicator application_name=standby" --pgdata="$copy" \
    --wal-method=stream --checkpoint=fast --write-recovery-conf
  export PGPASSWORD="$POSTGRES_PASSWORD"
  psql --host=postgres --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --quiet \
    --command="alter system set wal_keep_size = '1GB'" \
    --command="alter system set synchronous_standby_names = 'standby'" \
    --command="select pg_reload_conf()"
  unset PGPASSWORD
  mv "$copy" "$PGDATA"
fi
exec docker-entrypoint.sh "$@"
