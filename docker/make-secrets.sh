#!/bin/sh
# Creates the missing secrets in the folder `secrets` and keeps the existing ones.
set -eu
folder=${1:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/secrets}

# Only the folder's mode protects the files from other people: containers mount them and read them under other user ids.
mkdir -p -m 700 "$folder"

make() {
  [ -e "$folder/$1" ] && return
  (umask 022 && head -c 36 /dev/urandom | base64 >"$folder/$1")
  echo "Made $folder/$1"
}

for name in database-password database-app-password secret-key-jwt api-key-ai health-secret-key; do make "$name"; done

# Empty until someone writes a model's key into it, or docker/rotate-secret.sh a second value.
for name in openai-api-key ai-bridge-keys secret-key-jwt-previous api-key-ai-previous health-secret-key-previous; do
  [ -e "$folder/$name" ] || (umask 022 && : >"$folder/$name")
done

# The owner may write the files anew. Older versions of this script did not allow that.
chmod 644 "$folder"/*
