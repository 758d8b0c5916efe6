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

# downloaded WHO FOLDER: what the first page of somebody loads, after brotli.
downloaded() {
  local total=0 file sent size
  for file in "$2"/*.wasm "$2"/*.js "$2"/*.css "$2"/*.svg "$2"/index.html; do
    [ -f "$file" ] || continue
    sent=$file
    [ -f "$file.br" ] && sent=$file.br
    size=$(wc -c <"$sent")
    total=$((total + size))
    printf '%9d  %s\n' "$size" "${file#dist/}"
  done
  printf '%9d  in all for a %s; the goal is 122880 (120 KB)\n' "$total" "$1"
}
printf '\nwhat a first visit downloads, in bytes after brotli\n'
downloaded student dist/student
downloaded teacher dist
