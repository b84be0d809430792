#!/bin/sh
# The secrets that Helm generates, for the way without Helm:   sh k8s/secrets.sh | kubectl create -n shop -f -
# `create` refuses what is there already: a new password would lock the shop out of its own database.
set -eu
password() { od -An -tx1 -N16 /dev/urandom | tr -d ' \n'; }
secret() {
  name=$1
  shift
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: { name: %s }\nstringData:\n' "$name"
  for pair; do printf "  %s: '%s'\n" "${pair%%=*}" "${pair#*=}"; done
}
for service in accounts catalog orders payments; do
  word=$(password)
  secret "$service-database" "password=$word" "url=postgres://$service:$word@postgres:5432/$service"
done
secret postgres "password=$(password)"
for redis in redis-state redis-cache; do
  word=$(password)
  secret "$redis" "password=$word" "url=redis://:$word@$redis:6379/0"
done
secret s3 access-key=shop "secret-key=$(password)"
