#!/usr/bin/env bash
# The edit loop: Trunk rebuilds the front end on http://127.0.0.1:8081 and forwards /api and /gateway to the server,
# which is built and started again when one of its files changes. Ctrl-C ends both. What Trunk builds here is not
# optimised, so it lies in dist-dev/, away from what `make run` and the tests serve.
set -euo pipefail
cd "$(dirname "$0")/.."

server=(-p server ${FRESHMARK_BUNDLED_DUCKDB:+--features=server/bundled})
running=""
trap 'kill $running $front 2>/dev/null; wait' EXIT
trunk serve --port 8081 --dist dist-dev &
front=$!

stamp() { find server app/src/api Cargo.lock -type f -printf '%T@\n' | sort -n | tail -n 1; }
seen=""
while kill -0 $front 2>/dev/null; do
  now=$(stamp)
  if [ "$now" != "$seen" ]; then
    seen=$now
    if cargo build --release "${server[@]}"; then
      [ -n "$running" ] && kill "$running" 2>/dev/null && wait "$running" || true
      "$CARGO_TARGET_DIR/release/freshmark" serve --demo --data "${DATA:-data}" --listen 127.0.0.1:8080 --site dist-dev &
      running=$!
    fi
  fi
  sleep 1
done
