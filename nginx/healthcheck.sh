#!/bin/bash
# Asks nginx on its internal port. Bash needs no other program for that.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${INTERNAL_PORT:-8081}"
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
[[ $status == 200 ]]
