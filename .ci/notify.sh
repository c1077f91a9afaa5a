#!/bin/sh
# Posts MESSAGE as JSON, {"text": …}, to WEBHOOK_URL. Who knows the address may
# post there, so it is a secret and goes to curl by standard input.
set -eu
text=$(printf %s "$MESSAGE" | sed 's/[\\"]/\\&/g' | tr '\n\t' '  ')
curl --silent --show-error --fail --max-time 30 --config - --output /dev/null <<CONFIG
url = "$WEBHOOK_URL"
header = "Content-Type: application/json"
data = "{\"text\": \"$(printf %s "$text" | sed 's/[\\"]/\\&/g')\"}"
CONFIG
