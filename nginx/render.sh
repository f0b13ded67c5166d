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
