#!/usr/bin/env bash
# Measures the goals of the design that this machine can measure. Everything has been built.
set -euo pipefail
cd "$(dirname "$0")/.."

printf '%s cores, %s, %s\n\n' "$(nproc)" "$(rustc --version)" "$(date -u +%F)"
server=(-p server ${FRESHMARK_BUNDLED_DUCKDB:+--features=server/bundled})
cargo bench --locked --quiet "${server[@]}" --bench latency
printf '\n'
cargo bench --locked --quiet "${server[@]}" --bench pages
printf '\n'
cargo bench --locked --quiet "${server[@]}" --bench throughput
printf '\n'
cargo bench --locked --quiet "${server[@]}" --bench results
printf '\n'
if command -v "${CHROMIUM:-chromium}" >/dev/null; then
  node tests/browser/redraw.bench.mjs
else
  printf 'Chromium is not installed (make test does that): redrawing is not measured\n'
fi

printf '\nwhat a first visit downloads, in bytes after brotli\n'
total=0
for file in dist/*.wasm dist/*.js dist/*.css dist/*.svg dist/index.html; do
  sent=$file
  [ -f "$file.br" ] && sent=$file.br
  size=$(wc -c <"$sent")
  total=$((total + size))
  printf '%9d  %s\n' "$size" "${file#dist/}"
done
printf '%9d  in all; the goal is 122880 (120 KB)\n' "$total"
