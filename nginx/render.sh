#!/bin/sh
# Writes the configuration for the installed nginx: render.sh FOLDER. Settings come from the environment.
set -eu
target=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

# The version as one number: 1030004 for 1.30.4.
version() {
  nginx -v 2>&1 | sed -n 's|^nginx version: [^/]*/\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*|\1 \2 \3|p' | {
    read -r major minor patch || fail "nginx does not print its version."
    echo $((major * 1000000 + minor * 1000 + patch))
  }
}

check() {
  [ -n "$2" ] || fail "$1 must be set."
  case $2 in *[!$3]*) fail "$1 contains characters that are not allowed." ;; esac
}

check SERVER_NAME "${SERVER_NAME:-}" A-Za-z0-9.-
check BACKENDS "${BACKENDS:-}" 'A-Za-z0-9.:_ -'
check ANSWER_DEADLINE_MS "${ANSWER_DEADLINE_MS:-120000}" 0-9

# Coarse limits: of an address, and of all addresses together.
requests_per_second=${REQUESTS_PER_SECOND:-200}
requests_at_once=${REQUESTS_AT_ONCE:-2000}
worker_requests_per_second=${WORKER_REQUESTS_PER_SECOND:-2000}
worker_connections=${WORKER_CONNECTIONS:-16384}
check REQUESTS_PER_SECOND "$requests_per_second" 0-9
check REQUESTS_AT_ONCE "$requests_at_once" 0-9
check WORKER_REQUESTS_PER_SECOND "$worker_requests_per_second" 0-9
check WORKER_CONNECTIONS "$worker_connections" 0-9

# Prints a directive for each address or range of a list that is separated by commas: each NAME LIST BEFORE AFTER.
each() {
  [ -n "$2" ] || return 0
  check "$1" "$2" '0-9A-Fa-f.:/, '
  for address in $(printf '%s' "$2" | tr ',' ' '); do printf '%s%s%s; ' "$3" "$address" "$4"; done
}
balancers=$(each BALANCER_ADDRESSES "${BALANCER_ADDRESSES:-}" 'set_real_ip_from ' '')
workers=$(each WORKER_ADDRESSES "${WORKER_ADDRESSES:-}" '' ' 1')

nginx_version=$(version)

# Containers come and go, so nginx resolves their names again and again, where its version can.
backend_servers() {
  resolve=
  if [ "$nginx_version" -ge 1027003 ] && [ -n "${RESOLVER:-}" ]; then
    check RESOLVER "$RESOLVER" 0-9A-Fa-f.:
    resolve=' resolve'
    printf 'resolver %s valid=5s ipv6=off; ' "$RESOLVER"
  fi
  for server in $BACKENDS; do
    printf 'server %s max_fails=1 fail_timeout=3s%s; ' "$server" "$resolve"
  done
}

# `http2` became a directive of its own in 1.25.1.
if [ "$nginx_version" -ge 1025001 ]; then
  http2_parameter='' http2_directive='http2 on;'
else
  http2_parameter=' http2' http2_directive=''
fi

content_policy=$(grep -v '^#' "$here/content-policy.txt" | paste -s -d ';' - | sed 's/;/; /g')

mkdir -p "$target/servers" "$target/temp"
for file in "$here"/conf/*.conf "$here"/conf/servers/*.conf; do
  sed \
    -e "s|{{SERVER_NAME}}|$SERVER_NAME|g" \
    -e "s|{{BACKEND_SERVERS}}|$(backend_servers)|" \
    -e "s|{{BALANCERS}}|$balancers|" \
    -e "s|{{WORKERS}}|$workers|" \
    -e "s|{{REQUESTS_PER_SECOND}}|$requests_per_second|" \
    -e "s|{{REQUESTS_BURST}}|$((requests_per_second * 5))|" \
    -e "s|{{REQUESTS_AT_ONCE}}|$requests_at_once|" \
    -e "s|{{WORKER_REQUESTS_PER_SECOND}}|$worker_requests_per_second|" \
    -e "s|{{WORKER_REQUESTS_BURST}}|$((worker_requests_per_second * 5))|" \
    -e "s|{{WORKER_CONNECTIONS}}|$worker_connections|" \
    -e "s|{{READ_TIMEOUT_SECONDS}}|$((${ANSWER_DEADLINE_MS:-120000} / 1000 + 30))|" \
    -e "s|{{HTTP_LISTEN}}|${HTTP_LISTEN:-8080}|" \
    -e "s|{{HTTPS_LISTEN}}|${HTTPS_LISTEN:-8443}|" \
    -e "s|{{INTERNAL_LISTEN}}|${INTERNAL_LISTEN:-8081}|" \
    -e "s|{{HTTP2_PARAMETER}}|$http2_parameter|" \
    -e "s|{{HTTP2_DIRECTIVE}}|$http2_directive|" \
    -e "s|{{CONTENT_POLICY}}|$content_policy|" \
    -e "s|{{PAGES_FOLDER}}|${PAGES_FOLDER:-/srv/pages}|" \
    -e "s|{{ACME_FOLDER}}|${ACME_FOLDER:-/var/www/acme}|" \
    -e "s|{{ACCESS_LOG}}|${ACCESS_LOG:-/dev/stdout}|" \
    "$file" >"$target/${file#"$here/conf/"}"
done
