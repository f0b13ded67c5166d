#!/bin/sh
# Writes a backup to standard output:  backup.sh [address of the database] > backup.dump
# Without an address, the variables of libpq (PGHOST, PGUSER, PGDATABASE ...) name the database.
set -eu
# Deltas of running answers are left out: the answers themselves are in "messages".
exec pg_dump --format custom --exclude-table-data run_deltas "$@"
