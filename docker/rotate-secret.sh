#!/bin/sh
# Replaces a secret without a refused request, in three steps. After each, restart the servers one after another.
#   docker/rotate-secret.sh begin NAME     makes a new value, which becomes valid beside the old one
#   docker/rotate-secret.sh switch NAME    the new value takes the place of the old one, which stays valid
#   docker/rotate-secret.sh finish NAME    the old value is valid no longer
# NAME is secret-key-jwt, api-key-ai or health-secret-key.
set -eu
step=${1:-}
name=${2:-}
folder=${3:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/secrets}

fail() {
  echo "$1" >&2
  exit 1
}

case $name in
  secret-key-jwt | api-key-ai | health-secret-key) ;;
  *) fail "Usage: docker/rotate-secret.sh begin|switch|finish secret-key-jwt|api-key-ai|health-secret-key" ;;
esac
current=$folder/$name
previous=$folder/$name-previous
[ -s "$current" ] || fail "There is no $current: run docker/make-secrets.sh first."

# Writes standard input to a file by replacing it, with the mode and the owner of the present secret.
replace() {
  cp -p "$current" "$1.new"
  chmod u+w "$1.new"
  cat >"$1.new"
  mv -f "$1.new" "$1"
}

case $step in
  begin)
    [ ! -s "$previous" ] || fail "A rotation of $name is under way: finish it first."
    head -c 36 /dev/urandom | base64 | replace "$previous"
    ;;
  switch)
    [ -s "$previous" ] || fail "No rotation of $name is under way: begin one first."
    old=$(cat "$current")
    replace "$current" <"$previous"
    echo "$old" | replace "$previous"
    ;;
  finish)
    [ -s "$previous" ] || fail "No rotation of $name is under way."
    replace "$previous" </dev/null
    ;;
  *) fail "Usage: docker/rotate-secret.sh begin|switch|finish $name" ;;
esac
echo "Restart the servers now, one after another."
