#!/usr/bin/env bash
# Builds the front end into dist/ and the server into the shared target folder. Set-up has been done.
set -euo pipefail
cd "$(dirname "$0")/.."

server=(-p server ${FRESHMARK_BUNDLED_DUCKDB:+--features=server/bundled})
step() { printf '── %s\n' "$*"; }
# A build that has everything says nothing; one that compiles says so before it does.
target=${CARGO_TARGET_DIR:-target}
[ -x "$target/release/freshmark" ] || step 'the server, compiled (about 9 minutes the first time)'
cargo build --release --locked "${server[@]}"
# The whole front end lies in dist/, the pages of students in dist/student/, with a smaller file for phones.
# Trunk rewrites dist/ even if nothing has changed; a second `make run` should start at once. Trunk empties the folder
# first, so that the stamp stands for what this script has built and for nothing else.
sources=(app style public index.html student.html Trunk.toml Cargo.lock Cargo.toml package-lock.json scripts/{minify,precompress}.mjs)
if [ ! -f dist/.built ] || [ -n "$(find "${sources[@]}" -newer dist/.built -print -quit)" ]; then
  step 'the front end, compiled (about 3 minutes the first time)'
  trunk build --release --quiet
  step 'the pages of students, compiled (about 1 minute)'
  trunk build --release --quiet --dist dist/student --public-url /student/ student.html
  touch dist/.built
fi
