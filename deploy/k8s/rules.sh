#!/bin/sh
# rules.sh: prints our alert rules (deploy/observe/rules.yml) as Prometheus' operator wants them. A test compares it with
# components/monitoring/rules.yaml: after a change of the rules, `deploy/k8s/rules.sh > deploy/k8s/components/monitoring/rules.yaml`.
set -eu
cd "$(dirname "$0")/../observe"
cat <<'END'
# Made by deploy/k8s/rules.sh of deploy/observe/rules.yml.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: parley }
spec:
END
sed 's/^\(.\)/  \1/' rules.yml
