# shellcheck shell=bash
# Installing what the test servers need. Read by ../services.sh.
# shellcheck disable=SC2154 # dir is the caller's

readonly RABBITMQ=/usr/lib/rabbitmq/bin/rabbitmq-server
readonly SECANTUS_VERSION=0.7.0b3
readonly CACHE=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/orrery/services
readonly SECANTUS=$CACHE/secantus-$SECANTUS_VERSION

as_root() {
  if ((EUID == 0)); then "$@"; elif command -v sudo >/dev/null; then sudo -- "$@"; else return 1; fi
}

there() { command -v "$1" >/dev/null; }

# Prints the errors in a log and its end, then gives up.
die_with_log() {
  grep -m 5 ERROR "$1" >&2 || :
  tail -n 20 "$1" >&2
  die "$2 (log: $1)"
}

# install_missing NAME...: the packages of these servers
install_missing() {
  local name packages=()
  for name in "$@"; do
    case $name in
      mariadb) there mariadbd && there mariadb-install-db && there mariadb || packages+=(mariadb-server) ;;
      redis) there redis-server || packages+=(redis-server) ;;
      rabbitmq) there "$RABBITMQ" && there epmd || packages+=(rabbitmq-server) ;;
      secantus) [[ -e $SECANTUS/complete ]] || python_with_venv >/dev/null || packages+=(python3-venv) ;;
    esac
  done
  ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
  if [[ " $* " == *' secantus '* ]]; then install_secantus; fi
}

install_packages() {
  local log=$dir/install.log policy=/usr/sbin/policy-rc.d
  command -v apt-get >/dev/null || die "no apt-get here: install $* by hand, or name the servers you need after 'up'"
  as_root true || die "installing $* needs root or sudo: run 'apt-get install $*' as root, then this again"
  say "installing $* (log: $log)"
  # Debian starts a server when it is installed: not here, ours have their own directories and ports.
  if [[ ! -e $policy ]]; then
    # shellcheck disable=SC2064 # the path as it is now
    trap "as_root rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  local install=(as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
  if ! "${install[@]}" >"$log" 2>&1 </dev/null 9<&-; then
    { as_root apt-get update && "${install[@]}"; } >>"$log" 2>&1 </dev/null 9<&- ||
      die_with_log "$log" "apt-get could not install $*"
  fi
}

python_with_venv() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  return 1
}

# A virtual environment under the user's cache, so that the next `up` finds it.
install_secantus() {
  local log=$dir/install-secantus.log
  [[ -e $SECANTUS/complete ]] && return
  say "installing SecantusDB $SECANTUS_VERSION into $SECANTUS"
  mkdir -p "$CACHE"
  (
    flock 8
    [[ ! -e $SECANTUS/complete ]] || exit 0
    "$(python_with_venv)" -m venv --clear "$SECANTUS" &&
      "$SECANTUS/bin/pip" install --disable-pip-version-check "SecantusDB==$SECANTUS_VERSION" &&
      : >"$SECANTUS/complete"
  ) 8>"$CACHE/lock" 9<&- >"$log" 2>&1 ||
    die_with_log "$log" "PyPI did not give SecantusDB: 'up' with the names of the other servers goes without it"
}
