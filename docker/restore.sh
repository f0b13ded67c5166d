#!/bin/sh
# Restores a backup from standard input into an empty database:  restore.sh [address of the database] < backup.dump
# Without an address, the variables of libpq (PGHOST, PGUSER, PGDATABASE ...) name the database.
set -eu
database=${1:-dbname=${PGDATABASE:-$(id -un)}}

# Played over existing tables, a backup would fail half way and leave a mixture.
tables=$(psql --no-psqlrc --quiet --tuples-only --no-align --dbname "$database" --command "
  select count(*) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
  where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and nspname !~ '^pg_' and nspname <> 'information_schema'")
if [ "$tables" -ne 0 ]; then
  echo "The database is not empty: create a new one, and restore into that." >&2
  exit 1
fi

# Everything or nothing.
exec pg_restore --single-transaction --exit-on-error --no-owner --dbname "$database"
