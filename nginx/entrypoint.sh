#!/bin/sh
# Renders the configuration, chooses a certificate and runs nginx. Reloads nginx when the certificate changes.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
run=${RUN_FOLDER:-/tmp/nginx}
issued=${CERTIFICATE_FOLDER:-/etc/letsencrypt/live/deepbot}

"$here/render.sh" "$run"
mkdir -p -m 700 "$run/tls"

# Self-signed, until Let's Encrypt has issued one. Browsers warn about it.
make_certificate() {
  mkdir -p "$run/tls/self-signed"
  case $SERVER_NAME in
    *[!0-9.]*) name="DNS:$SERVER_NAME" ;;
    *) name="IP:$SERVER_NAME" ;;
  esac
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 90 \
    -subj "/CN=$SERVER_NAME" -addext "subjectAltName=$name" \
    -keyout "$run/tls/self-signed/privkey.pem" -out "$run/tls/self-signed/fullchain.pem" 2>/dev/null
}

choose_certificate() {
  if [ -r "$issued/fullchain.pem" ] && [ -r "$issued/privkey.pem" ]; then
    ln -sfn "$issued" "$run/tls/current"
  else
    [ -e "$run/tls/self-signed/fullchain.pem" ] || make_certificate
    ln -sfn self-signed "$run/tls/current"
  fi
}

fingerprint() {
  cksum <"$run/tls/current/fullchain.pem"
}

# $$ is the process of this script, which nginx takes over below. A certificate that does not match its key yet is left
# for the next check.
reload_on_change() {
  seen=$1
  while sleep "${CERTIFICATE_CHECK_SECONDS:-60}" && kill -0 "$$" 2>/dev/null; do
    choose_certificate
    now=$(fingerprint)
    [ "$now" != "$seen" ] || continue
    nginx -t -q -e stderr -p "$run" -c nginx.conf || continue
    kill -HUP "$$"
    seen=$now
  done
}

# As many connections as the container allows.
ulimit -n "$(ulimit -Hn)"

choose_certificate
reload_on_change "$(fingerprint)" &
exec nginx -e stderr -p "$run" -c nginx.conf -g 'daemon off;'
