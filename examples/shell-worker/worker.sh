#!/usr/bin/env bash
# A worker that is a shell script: bash and curl. Put your own commands into `answer`.
set -uo pipefail

url=${DEEPBOT_URL:-http://127.0.0.1:8000}
key=${DEEPBOT_KEY:-dev-messages-key}

# Gets the run as JSON on its standard input, and prints the answer. Each line is shown to the person as soon as it is printed.
answer() {
  echo "I am a shell script without a model."
  sleep 0.1
  echo "My clock says $(date +%H:%M)."
}

curl=(curl -sSf --max-time 40 -H "X-Messages-Key: $key" -H "Content-Type: application/json")

report() { "${curl[@]}" "$url/worker/runs/$run/$1" -d "{\"lease_token\": \"$lease\"$2}"; }

# Takes an id or a token out of JSON: values without quotes in them.
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# A text as a JSON string.
quote() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\t'/\\t}
  text=${text//$'\r'/}
  printf '"%s"' "${text//$'\n'/\\n}"
}

# The first heartbeat confirms that the run has arrived; the others keep it while `answer` is silent.
keep_alive() {
  while report heartbeat "" && sleep 10; do :; done >/dev/null 2>&1
}

# Appends each line of the answer. Ends early when the person has pressed Stop: then the run is given back, and ends.
answer_run() {
  local line text="" seq=0
  while IFS= read -r line; do
    text+=$line$'\n'
    seq=$((seq + 1))
    if report append ", \"seq\": $seq, \"text\": $(quote "$line"$'\n')" | grep -q '"cancel_requested":true'; then
      report release ""
      return
    fi
  done < <(answer <<<"$claim")
  report complete ", \"text\": $(quote "${text%$'\n'}")"
}

stop() {
  [[ -z $run ]] || report release ""
  kill "${beats:-$claim_pid}" "$claim_pid" 2>/dev/null
  exit 0
}

claim_request='{"worker": "shell", "wait_ms": 25000, "confirm_within_ms": 5000}'
claimed=$(mktemp)
trap 'rm -f "$claimed"' EXIT

run="" lease="" claim_pid="" beats=""
trap stop TERM INT
echo "Waiting for questions at $url"
while true; do
  # In the background, because a signal is handled at once during `wait`, and otherwise only after the command.
  "${curl[@]}" "$url/worker/claim" -d "$claim_request" >"$claimed" &
  claim_pid=$!
  wait "$claim_pid" || sleep 1
  claim=$(<"$claimed")
  lease=$(field lease_token <<<"$claim") run=$(field run_id <<<"$claim")
  [[ -n $run ]] || continue
  keep_alive &
  beats=$!
  answer_run
  echo
  kill "$beats"
  run="" beats=""
done
