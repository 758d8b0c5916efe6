#!/usr/bin/env bash
# count.sh passed|failed <LOG: how many tests the runners say have passed or failed, each in its own words: "9 passed",
# "1 failed" (cargo, nextest and pytest, in their last line), "ℹ pass 9", "ℹ fail 1" (node). What nextest shows of a test that
# failed is indented, and ends with cargo's own words for that one test.
set -euo pipefail

# In bytes: node's sign is one letter here and three there, as the locale has it.
LC_ALL=C awk -v what="$1" '
  /^ *Summary \[|^test result:|^([0-9]+ [a-z]+, )*[0-9]+ [a-z]+ in [0-9.]+s/ { for (i = 2; i <= NF; i++) if ($i ~ "^" what) n += $(i - 1) }
  /^[^ -~]+ (pass|fail) [0-9]+$/ { if ($2 "ed" == what) n += $3 }
  END { print n + 0 }'
