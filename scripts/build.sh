#!/usr/bin/env bash
# Builds the front end into dist/ and the server into the shared target folder. Set-up has been done.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --quiet -p server
# Trunk rewrites dist/ even if nothing has changed; a second `make run` should start at once.
if [ ! -f dist/index.html ] || [ -n "$(find app style public index.html Trunk.toml Cargo.lock Cargo.toml -newer dist/index.html -print -quit)" ]; then
  trunk build --release --quiet
  touch dist/index.html
fi
