#!/usr/bin/env bash
# Real servers for tests and trials: MariaDB, Redis, RabbitMQ and SecantusDB (MongoDB's protocol), on loopback.
#
#   scripts/services.sh up [NAME...]         install what is missing, start what does not run, print the URLs
#   scripts/services.sh env [--server]       print the URLs for eval: ORRERY_TEST_..., with --server ORRERY_...
#   scripts/services.sh status               one line for each server; exit code 1 when one does not answer
#   scripts/services.sh start|stop|kill NAME one server, keeping its data and its port (kill: as by kill -9)
#   scripts/services.sh down                 end what was started here and remove its data
#
# NAME is mariadb, redis, rabbitmq or secantus. --dir DIR keeps state and data in DIR, so that several sets can
# run side by side. Servers and files that this script did not start or make are never touched. Needs Linux;
# installing needs Debian's apt-get (as root or by sudo) and PyPI. Neither systemd nor a container is needed.
# ORRERY_TEST_MARIADB_OPTIONS names options of mariadbd's, for benchmarks: by default it is as small as tests allow.
#
#   eval "$(scripts/services.sh env)" && npm run test:services
set -euo pipefail
umask 077
PATH=$PATH:/usr/sbin:/sbin

readonly SERVERS=(mariadb redis rabbitmq secantus)
dir=${TMPDIR:-/tmp}/orrery-services-$EUID

say() { printf 'services: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/services
# shellcheck source=services/process.sh
source "$here/process.sh"
# shellcheck source=services/install.sh
source "$here/install.sh"
# shellcheck source=services/servers.sh
source "$here/servers.sh"

# ---- the directory ----

# Makes the directory ours, or refuses one that holds something else, and lets one caller at a time change it.
claim() {
  mkdir -p "$dir"
  [[ -O $dir ]] || die "$dir belongs to another user: name another one with --dir"
  if [[ ! -e $dir/.orrery-services && -n $(ls -A "$dir") ]]; then
    die "$dir holds files that are not ours: name an empty directory with --dir"
  fi
  dir=$(cd "$dir" && pwd -P)
  ((${#dir} < 80)) || die "$dir is too long a path for MariaDB's socket: name a shorter one with --dir"
  lock || claim
  chmod 711 "$dir" # MariaDB's own user must be able to pass through
  [[ -e $dir/ports ]] || : >"$dir/ports"
  [[ -s $dir/secret ]] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/secret"
  : >"$dir/.orrery-services"
}

# Fails when the directory was removed while we waited for it.
lock() {
  exec 9<"$dir"
  flock -w 600 9 || die "another services.sh has held $dir for ten minutes"
  [[ $dir -ef /proc/self/fd/9 ]]
}

is_up() { [[ -e $dir/.orrery-services && -O $dir ]]; }

open_existing() {
  is_up || die "no servers in $dir: run '$0 up' first"
  dir=$(cd "$dir" && pwd -P)
  lock || die "$dir was removed meanwhile"
}

# ---- verbs ----

# print_urls PREFIX DATABASE BEFORE
print_urls() {
  local secret
  secret=$(<"$dir/secret")
  if has_port mariadb; then echo "$3$1DATABASE_URL=mysql://orrery:$secret@127.0.0.1:$(port_of mariadb)/$2"; fi
  if has_port secantus; then echo "$3$1MONGODB_URL=mongodb://127.0.0.1:$(port_of secantus)/$2"; fi
  if has_port redis; then echo "$3$1REDIS_URL=redis://127.0.0.1:$(port_of redis)"; fi
  if has_port rabbitmq; then echo "$3$1AMQP_URL=amqp://orrery:$secret@127.0.0.1:$(port_of rabbitmq)"; fi
}

up() {
  local name names=("$@")
  ((${#names[@]})) || names=("${SERVERS[@]}")
  claim
  install_missing "${names[@]}"
  for name in "${names[@]}"; do start_server "$name"; done
  for name in "${names[@]}"; do wait_for "$name"; done
  print_urls ORRERY_TEST_ orrery_test ''
}

status() {
  local name pid code=0
  for name in "${SERVERS[@]}"; do
    has_port "$name" || continue
    if ! pid=$(pid_of "$name"); then
      echo "$name: not running"
      code=1
    elif "answers_$name"; then
      echo "$name: answers on 127.0.0.1:$(port_of "$name"), process $pid"
    else
      echo "$name: process $pid does not answer on 127.0.0.1:$(port_of "$name")"
      code=1
    fi
  done
  return "$code"
}

# The data goes with the servers, so nothing is gained by waiting for an orderly end.
down() {
  local name
  if ! is_up; then
    say "nothing to end in $dir"
    return
  fi
  open_existing
  for name in "${SERVERS[@]}" epmd; do kill_server "$name"; done
  rm -rf "$dir"
}

known() {
  local name
  for name in "${SERVERS[@]}"; do [[ $name != "$1" ]] || return 0; done
  die "no server is called '$1': it is one of ${SERVERS[*]}"
}

main() {
  local verb='' names=() prefix=ORRERY_TEST_ database=orrery_test name
  while (($#)); do
    case $1 in
      --dir) dir=${2:?--dir needs a directory}; shift ;;
      --dir=*) dir=${1#*=} ;;
      --server) prefix=ORRERY_ database=orrery ;;
      -h | --help) usage; return ;;
      -*) die "unknown option $1: see '$0 --help'" ;;
      *) if [[ -z $verb ]]; then verb=$1; else known "$1"; names+=("$1"); fi ;;
    esac
    shift
  done
  [[ -r /proc/self/stat ]] || die "this needs Linux with /proc"
  case $verb in
    up) up "${names[@]}" ;;
    down) down ;;
    env) open_existing; print_urls "$prefix" "$database" 'export ' ;;
    status) open_existing; status ;;
    start | stop | kill)
      ((${#names[@]})) || die "$verb needs the name of a server: ${SERVERS[*]}"
      open_existing
      for name in "${names[@]}"; do
        has_port "$name" || die "$name was never started in $dir: run '$0 up $name'"
        "${verb}_server" "$name"
        if [[ $verb == start ]]; then wait_for "$name"; fi
      done
      ;;
    *) usage >&2; return 2 ;;
  esac
}

main "$@"
