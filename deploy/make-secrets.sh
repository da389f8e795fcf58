#!/bin/sh
# Makes the secrets of deploy/compose.yaml once. What exists is never overwritten.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

make() {
    [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
}

make secret_key "$(head -c 60 /dev/urandom | base64 | tr -d '\n=+/')"
make field_key "$(head -c 32 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_')"
make postgres_password "$(head -c 32 /dev/urandom | base64 | tr -d '\n=+/')"
make database_url "postgres://magflow:$(cat secrets/postgres_password)@db:5432/magflow"
# The containers' account reads them; outside, the folder lets nobody but its owner in.
chmod 644 secrets/*
echo "The secrets are in $(pwd)/secrets. Keep a copy of field_key away from the database."
