#!/usr/bin/env bash
# Runs app/tests/browser.rs in Chromium, on a screen of two device pixels per CSS pixel (app/webdriver.json).
set -euo pipefail
cd "$(dirname "$0")/../app"

CHROMEDRIVER=$(command -v chromedriver)
export CHROMEDRIVER
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner
export WASM_BINDGEN_TEST_TIMEOUT=60
cargo test --locked --profile wasm --target wasm32-unknown-unknown --features csr --test browser
