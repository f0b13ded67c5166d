#!/bin/sh
# Gets a certificate from Let's Encrypt and renews it. nginx notices a new certificate by itself.
set -eu

: "${SERVER_NAME:?must be set}" "${LETSENCRYPT_EMAIL:?must be set}"
renewed=${RENEWED_FILE:-/tmp/renewed}

# certbot does nothing while the certificate is valid for another month.
obtain() {
  certbot certonly --non-interactive --agree-tos --email "$LETSENCRYPT_EMAIL" \
    --webroot --webroot-path "${ACME_FOLDER:-/var/www/acme}" \
    --domain "$SERVER_NAME" --cert-name deepbot --keep-until-expiring \
    --config-dir "${CERTBOT_FOLDER:-/etc/letsencrypt}" --work-dir /tmp/certbot --logs-dir /tmp/certbot
}

trap 'exit 0' TERM INT
while :; do
  # Let's Encrypt allows five failures an hour.
  if obtain; then touch "$renewed" && pause=${RENEW_SECONDS:-43200}; else rm -f "$renewed" && pause=${RETRY_SECONDS:-3600}; fi
  sleep "$pause" &
  wait $!
done
