# shellcheck shell=bash
# How each test server is started (start_NAME) and asked whether it answers (answers_NAME). Read by ../services.sh.
# shellcheck disable=SC2154 # dir is the caller's

# ---- MariaDB ----

start_mariadb() {
  local home=$dir/mariadb account port options=()
  # By default as small as tests allow; later options of the same name win.
  read -ra options <<<"${ORRERY_TEST_MARIADB_OPTIONS:-}"
  port=$(port_of mariadb)
  account=$(mariadb_account)
  if [[ ! -e $home/prepared ]]; then
    rm -rf "$home"
    make_mariadb_home
    # The user may make databases: each test file has one of its own.
    printf '%s;\n' 'CREATE DATABASE IF NOT EXISTS orrery CHARACTER SET utf8mb4' \
      'CREATE DATABASE IF NOT EXISTS orrery_test CHARACTER SET utf8mb4' \
      "CREATE USER IF NOT EXISTS orrery@127.0.0.1 IDENTIFIED BY '$(<"$dir/secret")'" \
      'GRANT ALL ON *.* TO orrery@127.0.0.1' >"$home/init.sql"
    if ((EUID == 0)); then chown "$account:" "$home/init.sql"; fi
    mariadb-install-db --no-defaults --user="$account" --datadir="$home/data" --tmpdir="$home/tmp" --skip-test-db \
      --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" --skip-name-resolve \
      --innodb-log-file-size=16M >"$dir/mariadb.log" 2>&1 || die_with_log "$dir/mariadb.log" 'mariadb-install-db failed'
    : >"$home/prepared"
  fi
  make_mariadb_home # also of data that an older version of this script made
  launch mariadb mariadbd --no-defaults --user="$account" --datadir="$home/data" --tmpdir="$home/tmp" \
    --socket="$home/socket" --pid-file="$home/pid" --init-file="$home/init.sql" --bind-address=127.0.0.1 \
    --port="$port" --skip-name-resolve --character-set-server=utf8mb4 --innodb-flush-log-at-trx-commit=1 --innodb-flush-method=fsync \
    --innodb-log-file-size=16M --innodb-buffer-pool-size=64M --performance-schema=OFF --max-connections=300 \
    "${options[@]}"
}

# With a temporary directory of its own: a server that starts removes every #sql file there, and in one that servers
# share it takes them from under the others, whose installation fails then, or who die of signal 11.
make_mariadb_home() {
  mkdir -p "$home/tmp"
  if ((EUID == 0)); then chown "$account:" "$home" "$home/tmp"; fi
}

# Who runs mariadbd: not root, unless the directory lies where its own user may not go.
mariadb_account() {
  if ((EUID == 0)) && setpriv --reuid=mysql --regid=mysql --clear-groups test -x "$dir" 2>/dev/null; then
    echo mysql
  else
    id -un
  fi
}

answers_mariadb() {
  MYSQL_PWD=$(<"$dir/secret") mariadb --no-defaults --connect-timeout=2 --host=127.0.0.1 \
    --port="$(port_of mariadb)" --user=orrery --execute='SELECT 1' >/dev/null 2>&1
}

# ---- Redis ----

start_redis() {
  mkdir -p "$dir/redis"
  launch redis redis-server --bind 127.0.0.1 --port "$(port_of redis)" --save '' --appendonly no \
    --dir "$dir/redis" --daemonize no
}

answers_redis() { [[ $(exchange "$(port_of redis)" 'PING\r\n') == +PONG ]]; }

# ---- RabbitMQ, with a name server (epmd) of its own ----

start_rabbitmq() {
  local home=$dir/rabbitmq port names
  port=$(port_of rabbitmq)
  names=$(port_of epmd)
  mkdir -p "$home"
  [[ -e $home/.erlang.cookie ]] || cp "$dir/secret" "$home/.erlang.cookie"
  chmod 400 "$home/.erlang.cookie"
  echo '[].' >"$home/plugins"
  printf 'default_user = orrery\ndefault_pass = %s\n' "$(<"$dir/secret")" >"$home/rabbitmq.conf"
  if ! pid_of epmd >/dev/null; then
    launch epmd epmd -address 127.0.0.1 -port "$names"
    until connects "$names"; do
      pid_of epmd >/dev/null || die_with_log "$dir/epmd.log" "epmd did not start on port $names"
      sleep 0.05
    done
  fi
  # `detached` makes the start script become the Erlang machine instead of waiting beside it.
  launch rabbitmq env detached=yes HOME="$home" RABBITMQ_NODENAME="orrery$port@localhost" \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT="$(port_of rabbitmq-dist)" \
    ERL_EPMD_PORT="$names" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_MNESIA_BASE="$home/mnesia" \
    RABBITMQ_LOG_BASE="$home/log" RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" \
    RABBITMQ_CONF_ENV_FILE="$home/none" RABBITMQ_CONFIG_FILE="$home/rabbitmq" RABBITMQ_PID_FILE="$home/pid" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none' "$RABBITMQ"
}

answers_rabbitmq() { [[ -n $(exchange "$(port_of rabbitmq)" 'AMQP\0\0\x09\x01' | tr -d '\0') ]]; }

# ---- SecantusDB ----

start_secantus() {
  mkdir -p "$dir/secantus"
  : >"$dir/secantus.toml" # a file of our own, so that it does not look for the user's
  launch secantus "$SECANTUS/bin/secantusd-py" --config "$dir/secantus.toml" --host 127.0.0.1 \
    --port "$(port_of secantus)" --storage-path "$dir/secantus" --cache-size 256M --sync-on-commit
}

# Sends an OP_MSG with {hello: 1, $db: "admin"}.
answers_secantus() {
  local header='\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0' document
  # shellcheck disable=SC2016 # $db is a field's name
  document='\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0'
  [[ -n $(exchange "$(port_of secantus)" "$header\0\0\0\0\0$document" | tr -d '\0') ]]
}
