# shellcheck shell=bash
# Ports and processes of the test servers. Read by ../services.sh.
# shellcheck disable=SC2154 # dir is the caller's

readonly ANSWER_SECONDS=90 STOP_SECONDS=30

# ---- ports: below the range of outgoing connections, so that a server that restarts gets its own port back ----

port_of() {
  local name port
  while read -r name port; do
    if [[ $name == "$1" ]]; then
      echo "$port"
      return
    fi
  done <"$dir/ports"
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    connects "$port" || grep -q " $port\$" "$dir/ports" || break
  done
  echo "$1 $port" >>"$dir/ports"
  echo "$port"
}

has_port() { grep -q "^$1 " "$dir/ports"; }
connects() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ---- processes: each server leads a session of its own, known by process id and start time ----

# Reads /proc/PID/stat from the state on: 0 is the state, 3 the session, 19 the start time.
stat_of() {
  local line
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra stat <<<"${line##*) }"
}

# Prints the process id of a server that we started and that is alive (kill -0 would count zombies too).
pid_of() {
  local pid started stat
  read -r pid started 2>/dev/null <"$dir/$1.process" || return 1
  stat_of "$pid" && [[ ${stat[0]} != [ZX] && ${stat[19]} == "$started" ]] && echo "$pid"
}

# Prints all live processes of a server's session, also those that outlived its leader.
members_of() {
  local pid started stat path
  read -r pid started 2>/dev/null <"$dir/$1.process" || return 0
  if stat_of "$pid" && [[ ${stat[19]} != "$started" ]]; then return 0; fi # the number is another's by now
  for path in /proc/[0-9]*; do
    if stat_of "${path#/proc/}" && [[ ${stat[3]} == "$pid" && ${stat[0]} != [ZX] ]]; then echo "${path#/proc/}"; fi
  done
}

# launch NAME COMMAND...
launch() {
  local name=$1 stat=()
  shift
  (cd "$dir" && exec setsid "$@" >>"$dir/$name.log" 2>&1 </dev/null 9<&-) &
  stat_of $! || :
  echo "$! ${stat[19]:-0}" >"$dir/$name.process"
}

kill_server() {
  local pids tries
  for ((tries = 0; tries < 100; tries++)); do
    mapfile -t pids < <(members_of "$1")
    ((${#pids[@]})) || break
    kill -KILL "${pids[@]}" 2>/dev/null || :
    sleep 0.05
  done
  rm -f "$dir/$1.process"
}

stop_server() {
  local pid tries
  if pid=$(pid_of "$1"); then
    kill -TERM "$pid" 2>/dev/null || :
    for ((tries = 0; tries < STOP_SECONDS * 10; tries++)); do
      pid_of "$1" >/dev/null || break
      sleep 0.1
    done
  fi
  kill_server "$1"
}

# start_server NAME: without waiting for its answer
start_server() {
  pid_of "$1" >/dev/null && return
  kill_server "$1"
  say "starting $1"
  "start_$1"
}

wait_for() {
  local until=$((SECONDS + ANSWER_SECONDS))
  until "answers_$1"; do
    if ! pid_of "$1" >/dev/null || ((SECONDS > until)); then
      die_with_log "$dir/$1.log" "$1 does not answer on port $(port_of "$1")"
    fi
    sleep 0.1
  done
}

# exchange PORT BYTES: sends the bytes (printf escapes) and prints the first line or byte that comes back
exchange() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    # shellcheck disable=SC2059 # the bytes are the format
    printf "$2" >&3
    LC_ALL=C IFS= read -r -t 2 -n 5 -u 3 reply && [[ -n $reply ]] && printf '%s' "$reply"
  ) 2>/dev/null
}
