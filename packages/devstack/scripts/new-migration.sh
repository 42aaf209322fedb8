#!/usr/bin/env bash
# NAME=room_topics new-migration.sh [folder]: makes the next migration, prints its path. Numbers go up in tens, so that two
# branches can be told apart and a correction fits between.
set -euo pipefail
cd "${1:-"$(dirname "${BASH_SOURCE[0]}")/../../../migrations"}"

fail() { echo "new-migration: $1" >&2; exit 1; }
[[ ${NAME:-} =~ ^[a-z][a-z0-9]*(_[a-z0-9]+)*$ ]] ||
  fail "NAME is lower-case words joined by '_', as in: make new-migration NAME=room_topics"
for file in ????_"$NAME".sql; do
  [ ! -e "$file" ] || fail "$file has this name already"
done
last=$(printf '%s\n' [0-9][0-9][0-9][0-9]_*.sql | sort | tail -n 1)
[[ $last =~ ^[0-9]{4}_ ]] || last=0000_
number=$(((10#${last%%_*} / 10 + 1) * 10))
[ "$number" -le 9999 ] || fail "there is no number after $last"
file=$(printf '%04d_%s.sql' "$number" "$NAME")
set -o noclobber
cat > "$file" <<'SQL'
-- Why this change is needed, in a line. Runs once, in a transaction. A table is never changed in the file that made it, and
-- every schema, table and column gets its COMMENT.
SQL
echo "migrations/$file"
