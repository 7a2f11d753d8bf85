#!/usr/bin/env bash
# Makes the secrets that compose.yaml needs, each by chance: .env and secrets/admin-token. Never changes those
# that are there: stores keep the password that they were first started with.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
umask 077

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

if [[ -e .env ]]; then
  echo '.env is there already: nothing changed' >&2
  exit 0
fi
mkdir -p secrets
if [[ ! -e secrets/admin-token ]]; then
  random 32 >secrets/admin-token
  # The server's user in the container must be able to read it; the directory keeps others out on this host.
  chmod 644 secrets/admin-token
fi
cat >.env.new <<END
ORRERY_MYSQL_PASSWORD=$(random 24)
ORRERY_MONGODB_PASSWORD=$(random 24)
ORRERY_MONGODB_KEY=$(random 64)
ORRERY_REDIS_PASSWORD=$(random 24)
ORRERY_AMQP_PASSWORD=$(random 24)
ORRERY_ADMIN_TOKEN_FILE=./secrets/admin-token
END
mv .env.new .env
echo 'wrote .env and secrets/admin-token' >&2
