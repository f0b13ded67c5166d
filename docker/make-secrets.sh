#!/bin/sh
# Makes the secrets that are missing in the folder `secrets` and leaves those that are there.
set -eu
folder=${1:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/secrets}

# The folder keeps others out. The files themselves are mounted into containers whose users have other numbers.
mkdir -p -m 700 "$folder"

make() {
  [ -e "$folder/$1" ] && return
  (
    umask 222
    head -c 36 /dev/urandom | base64 >"$folder/$1"
  )
  echo "Made $folder/$1"
}

for name in database-password secret-key-jwt api-key-ai health-secret-key; do make "$name"; done

# For a model that asks for a key: write it in here.
[ -e "$folder/openai-api-key" ] || (umask 022 && : >"$folder/openai-api-key")
