#!/bin/sh
# secrets.sh [FILE]: prints the secrets that deploy/k8s refers to, made of those that `make up` uses: deploy/make-secrets.sh makes
# each that is missing in FILE (default: deploy/k8s/.env), which is to be kept.
#   deploy/k8s/secrets.sh | kubectl apply --namespace parley --filename -
set -eu
here=$(cd "$(dirname "$0")" && pwd)
file=${1:-$here/.env}
# What the environment has is not in the file.
env -i PATH="$PATH" "$here/../make-secrets.sh" "$file" >&2

# secret KIND NAME [OPTION…]: the manifest of a secret; kubectl asks no server for it.
secret() {
  kubectl create secret "$@" --dry-run=client --output yaml
  echo ---
}

# login NAME USER VARIABLE: a user of Postgres, as CloudNativePG wants it. Its password is in no argument, which everybody on
# this machine could read: printf is the shell's own.
login() {
  password=$(sed -n "s/^$3=//p" "$file" | tail -n 1)
  : "${password:?$3 is empty in $file}"
  printf %s "$password" |
    secret generic "$1" --type kubernetes.io/basic-auth --from-literal "username=$2" --from-file password=/dev/stdin
}

secret generic parley --from-env-file "$file"
login postgres-parley parley POSTGRES_PASSWORD
login postgres-auth auth POSTGRES_AUTH_PASSWORD
login postgres-ws-consumer ws-consumer POSTGRES_CONSUMER_PASSWORD
