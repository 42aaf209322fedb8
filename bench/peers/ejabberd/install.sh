#!/bin/sh
# Installs ejabberd and its Postgres driver from Debian's packages. Never part of the product.
set -eu
if dpkg-query -W ejabberd erlang-p1-pgsql >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "ejabberd: needs Debian and root: apt-get install ejabberd erlang-p1-pgsql" >&2
  exit 1
fi
# The package would start it as a service on every interface; the bench starts its own. Undo: systemctl unmask ejabberd.
if command -v systemctl >/dev/null; then systemctl mask ejabberd >/dev/null 2>&1 || true; fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ejabberd erlang-p1-pgsql
