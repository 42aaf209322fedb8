#!/bin/sh
# make-secrets.sh [FILE]: adds a random value for each secret that docker-compose.yml, with what it includes, requires to FILE
# (default: .env), unless the file or the environment has one. The file is for its owner only. Prints which it made.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
file=${1:-$root/.env}
umask 077
touch "$file"
chmod 600 "$file"
[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
for name in $(sed -n 's/.*\${\([A-Z_]*\):?.*/\1/p' "$root/docker-compose.yml" "$root"/deploy/compose/*.yml | sort -u); do
  if grep -q "^$name=." "$file" || [ -n "$(printenv "$name")" ]; then continue; fi
  # A letter first: nats-server takes a value like 12e3 for a number.
  echo "$name=p$(od -An -N18 -tx1 /dev/urandom | tr -d ' \n')" >>"$file"
  echo "secrets: made $name in $file"
done
