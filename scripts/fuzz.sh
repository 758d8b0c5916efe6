#!/usr/bin/env bash
# Runs each fuzz target for SECONDS_EACH (60) over its corpus. A find is written to fuzz/artifacts/ and ends the run.
# Coverage alone, no sanitizer: that is what a stable compiler can do, and the product has no unsafe code of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_EACH:-60}
export LD_LIBRARY_PATH=$DUCKDB_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
for target in gateway_body aws_wire manifest; do
  printf '── %s, %s s\n' "$target" "$seconds"
  found=$CARGO_TARGET_DIR/fuzz/found/$target
  mkdir -p "$found"
  cargo fuzz run --sanitizer none --target-dir "$CARGO_TARGET_DIR/fuzz" "$target" "$found" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 -verbosity=0
done
