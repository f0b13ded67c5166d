#!/bin/sh
# Creates the role of the servers, or gives it the password of the secret. The role owns nothing; what it may do with the
# tables is granted when the owner migrates. PostgreSQL runs this when it creates its data folder; after a change of the
# secret, and for a folder from before, run it by hand.
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set role="$DATABASE_APP_USER" --set password="$(cat "$DATABASE_APP_PASSWORD_FILE")" <<'SQL'
select format('create role %I', :'role') where not exists (select from pg_roles where rolname = :'role') \gexec
alter role :"role" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
SQL
