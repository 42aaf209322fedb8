#!/bin/sh
# no-route.sh COMMAND…: runs a command where there is no network but loopback, and prints how often something tried to
# send elsewhere, before it and after it: connections, and questions to the name server. Then once more, after one attempt
# of its own, which shows that attempts are counted. Run it by `unshare --net --mount`.
set -eu
ip link set lo up
resolver=$(mktemp)
trap 'rm -f "$resolver"' EXIT
echo "nameserver 192.0.2.53" >"$resolver"
mount --bind "$resolver" /etc/resolv.conf
attempts() { awk '/^Ip:/ { if (!column) { for (i = 1; i <= NF; i++) if ($i == "OutNoRoutes") column = i } else print $column }' /proc/net/snmp; }
before=$(attempts)
"$@"
after=$(attempts)
node -e 'require("node:dns").lookup("example.org", () => {})'
echo "attempts: $before $after $(attempts)"
