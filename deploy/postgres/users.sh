#!/bin/sh
# Runs once, when the image makes the database: a user for each service, with the rights of its group only, and one for a
# standby. migrations/0030_roles.sql gives the groups their rights, also if the groups exist already.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=auth_password="$POSTGRES_AUTH_PASSWORD" --set=consumer_password="$POSTGRES_CONSUMER_PASSWORD" \
  --set=replication_password="$POSTGRES_REPLICATION_PASSWORD" <<'SQL'
create role parley_auth nologin;
create role parley_consumer nologin;
create role auth login password :'auth_password' in role parley_auth;
create role "ws-consumer" login password :'consumer_password' in role parley_consumer;
create role replicator login replication password :'replication_password';
SQL
echo "host replication replicator all scram-sha-256" >>"$PGDATA/pg_hba.conf"
