#!/usr/bin/env bash
# The life of one user with curl: examples/curl.sh [http://localhost:8080]
set -euo pipefail

api=${1:-http://localhost:8080}/api/users
id=curl-$RANDOM-$$

# call WHAT CURL-ARGUMENTS…: shows the status, the headers that matter and the body. Tries again when that can help, as
# the Idempotency-Key lets it do with writes, and obeys Retry-After.
call() {
  printf '\n# %s\n' "$1"
  curl --silent --show-error --include --retry 5 --retry-connrefused --retry-max-time 30 "${@:2}" |
    grep --ignore-case --extended-regexp '^(HTTP|ETag|Location|Retry-After|Idempotency-Replayed|\{)' | tr --delete '\r'
}

json=(--header 'Content-Type: application/json')
key=(--header "Idempotency-Key: $id")
ada="{\"id\":\"$id\",\"name\":\"Ada Lovelace\",\"email\":\"$id@example.com\",\"phone\":\"+44 20 7946 0958\"}"

call 'Create' "${json[@]}" "${key[@]}" --data "$ada" "$api"
call 'Create again with the same key: the same answer, and nothing more' "${json[@]}" "${key[@]}" --data "$ada" "$api"
call 'Read' "$api/$id"
call 'Is version 1 still current?' --header 'If-None-Match: "1"' "$api/$id"
call 'Read with the data of the provider' "$api/$id/enriched"
call 'Change version 1' --request PATCH --header 'Content-Type: application/merge-patch+json' \
  --header 'If-Match: "1"' --header "Idempotency-Key: $id-patch" --data '{"displayName":"Ada"}' "$api/$id"
call 'Change version 1, which is not current any more' --request PUT "${json[@]}" --header 'If-Match: "1"' \
  --data '{"name":"Ada King"}' "$api/$id"
call 'List' "$api?limit=1&email=$id%40example.com"
call 'Delete' --request DELETE --header "Idempotency-Key: $id-delete" "$api/$id"
call 'What has happened to it' "$api/$id/changes"
