#!/usr/bin/env bash
# Runs every check and every test, goes on after a failure, and ends with a count. Set-up has been done.
set -uo pipefail
cd "$(dirname "$0")/.."

server=(-p server ${FRESHMARK_BUNDLED_DUCKDB:+--features=server/bundled})
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# check NAME COMMAND…: one check, counted as one test.
check() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    printf 'ok    %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAIL  %s\n' "$name"
    tail -n 60 "$log"
  fi
}

# suite NAME COMMAND…: a runner that says how many tests passed and failed; scripts/count.sh understands each.
suite() {
  local name=$1 status=0 p f
  shift
  printf '\n── %s\n' "$name"
  "$@" 2>&1 | tee "$log" || status=1
  p=$(bash scripts/count.sh passed <"$log")
  f=$(bash scripts/count.sh failed <"$log")
  [ $status != 0 ] && [ "$f" = 0 ] && f=1
  [ $status = 0 ] && [ "$p" = 0 ] && { echo "no test ran"; f=1; }
  passed=$((passed + p))
  failed=$((failed + f))
}

# What the browser downloads must not hold a server's crates, nor two versions of one crate.
browser_tree() {
  local tree
  tree=$(cargo tree --locked -p app --features csr --target wasm32-unknown-unknown -e normal,no-proc-macro --prefix none -f '{p}') || return 1
  if grep -E '^(tokio|axum|duckdb|libduckdb-sys|sea-orm|reqwest|utoipa) ' <<<"$tree"; then
    echo "a server's crate is in the browser's tree"
    return 1
  fi
  local twice
  # thiserror: gloo-net 0.6 is at 1, everything else at 2; it is macros only and leaves nothing to download.
  twice=$(sed 's/ (.*//' <<<"$tree" | sort -u | awk '{print $1}' | sort | uniq -d | grep -vx thiserror)
  [ -z "$twice" ] || { echo "in the browser's tree more than once: $twice"; return 1; }
}

docs() {
  export RUSTDOCFLAGS='-D warnings'
  cargo doc --locked --release --no-deps "${server[@]}" || return 1
  cargo doc --locked --release --no-deps --lib -p fill || return 1
  cargo doc --locked --profile wasm --no-deps -p app --features csr --target wasm32-unknown-unknown
}

check 'format' cargo fmt --all --check
check 'browser dependencies' browser_tree
check 'clippy (server)' cargo clippy --locked --release "${server[@]}" --all-targets -- -D warnings
check 'clippy (function)' cargo clippy --locked --release -p fill --all-targets -- -D warnings
# A workspace of its own, so that nothing else notices when the rooms that it knocks at change.
check 'clippy (fuzz targets)' cargo clippy --locked --release --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings
check 'clippy (browser)' cargo clippy --locked --profile wasm -p app --all-targets --features csr --target wasm32-unknown-unknown -- -D warnings
check 'documentation' docs
check 'build' bash scripts/build.sh
# By itself: built together with the server, the two would share features, and most crates be compiled once more.
check 'build (function)' cargo build --release --locked --quiet -p fill

suite 'Rust' cargo nextest run --locked --cargo-profile release -p app "${server[@]}" --features app/ssr --no-fail-fast --color never
suite 'Lambda function' cargo nextest run --locked --cargo-profile release -p fill --no-fail-fast --color never
suite 'AWS clients' .tools/python/bin/python -m pytest --quiet tests/aws
suite 'OpenAPI' .tools/python/bin/python -m pytest --quiet tests/openapi
suite 'WASM in Chromium' bash tests/wasm.sh
suite 'Scripts' node --test --test-reporter=spec tests/scripts/*.test.mjs
suite 'Browser' node --test --test-reporter=spec tests/browser/*.test.mjs
suite 'Firefox and WebKit' node --test --test-reporter=spec tests/engines/*.test.mjs

printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
