#!/bin/sh
# Runs once, in an empty Postgres: a database and a user per service. None can enter another's.
set -eu
for service in accounts catalog orders payments; do
  psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -v name="$service" -v password="$SERVICE_PASSWORD" <<'SQL'
    create user :"name" password :'password';
    create database :"name" owner :"name";
    revoke connect on database :"name" from public;
SQL
done
