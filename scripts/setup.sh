#!/usr/bin/env bash
# Installs what the build (`build`), the tests (`test`) or the fuzz targets (`fuzz`) need. Does nothing where everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

TRUNK=0.21.14
NEXTEST=0.9.143
FUZZ=0.13.1

say() { printf '%s\n' "$*"; }
# step WHAT HOW-LONG: says what comes next. How long it takes was measured on two cores with empty caches.
step() { printf '── %s (about %s)\n' "$1" "$2"; }
stop() { printf 'freshmark: %s\n' "$*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || stop "$1 is missing; $2"; }

prerequisites() {
  need git "install git"
  need cc "install a C compiler (Debian: apt-get install build-essential)"
  need cargo "install Rust 1.95 with rustup"
  need node "install Node.js 20 or newer with npm"
  need npm "install npm, it comes with Node.js"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || stop "Node.js $major is too old; install 20 or newer"
  rustc --version >/dev/null 2>&1 || stop "the Rust of rust-toolchain.toml is not installed; run: rustup toolchain install"
}

wasm_target() {
  [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] && return
  need rustup "install Rust with rustup, or add the target wasm32-unknown-unknown to it"
  say "adding the target wasm32-unknown-unknown"
  rustup target add wasm32-unknown-unknown
}

node_modules() {
  [ node_modules/.package-lock.json -nt package-lock.json ] && return
  step 'wasm-opt, the minifier, libduckdb and the browser drivers from npm' '10 seconds'
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
}

# Everything that Cargo.lock names, for the server and for the browser: Trunk builds without a network.
crates() {
  if cargo fetch --locked --quiet --offline 2>/dev/null; then
    return
  fi
  step 'the sources of all crates' '20 seconds'
  cargo fetch --locked --quiet
}

# The prebuilt library lies outside the clone, because the path is linked into the binary that all clones share.
duckdb() {
  [ -n "${FRESHMARK_BUNDLED_DUCKDB:-}" ] && return
  local library
  # npm has made no folder at all where it has nothing for this platform.
  library=$(find node_modules/@duckdb -name 'libduckdb.*' 2>/dev/null | head -n 1) || true
  [ -n "$library" ] || stop "npm has no prebuilt libduckdb for this platform; set FRESHMARK_BUNDLED_DUCKDB=1 to compile it (25 minutes)"
  mkdir -p "$DUCKDB_LIB_DIR"
  cmp -s "$library" "$DUCKDB_LIB_DIR/${library##*/}" || cp "$library" "$DUCKDB_LIB_DIR/"
}

# tool NAME VERSION HOW-LONG [cargo install flags]: into .tools/, built in a target folder that all clones share.
tool() {
  local name=$1 version=$2 time=$3
  shift 3
  [ -x ".tools/stamps/$name-$version" ] && return
  step "$name $version, compiled once" "$time"
  # Their own profiles are for those who publish them: link-time optimisation of the whole program takes minutes.
  CARGO_TARGET_DIR=$FRESHMARK_TOOLS_TARGET CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_DEBUG=false \
    cargo install "$name@$version" --root .tools --force --quiet "$@"
  mkdir -p .tools/stamps && : > ".tools/stamps/$name-$version" && chmod +x ".tools/stamps/$name-$version"
}

# debian WHOSE WHAT HOW-LONG PACKAGE…: installs what somebody's tests need, or says what to install.
debian() {
  local whose=$1 what=$2 time=$3
  shift 3
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    stop "$whose need $what; install them (Debian: apt-get install $*)"
  step "$what from Debian's packages" "$time"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

chromium() {
  command -v chromium >/dev/null && command -v chromedriver >/dev/null && return
  debian 'the browser tests' 'Chromium and its driver' '1 minute' chromium chromium-driver fonts-dejavu-core
}

# WebKit's driver brings MiniBrowser along, which draws on a screen only.
engines() {
  command -v firefox-esr >/dev/null && command -v WebKitWebDriver >/dev/null && command -v Xvfb >/dev/null && return
  debian 'the tests in other engines' "Firefox, WebKit and a screen for it" '1 minute' \
    firefox-esr webkit2gtk-driver xvfb fonts-dejavu-core
}

# boto3, the AWS CLI, schemathesis and pytest, in an environment of their own.
python_clients() {
  local wanted
  wanted=$(cat tests/aws/requirements.txt tests/openapi/requirements.txt | cksum)
  [ "$(cat .tools/python/wanted 2>/dev/null)" = "$wanted" ] && return
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    debian 'the tests with foreign clients' 'Python and its venv' '1 minute' python3 python3-venv
  fi
  step 'boto3, the AWS CLI, schemathesis and pytest from PyPI' '1 minute'
  rm -rf .tools/python
  python3 -m venv .tools/python
  .tools/python/bin/pip install --quiet --disable-pip-version-check \
    --requirement tests/aws/requirements.txt --requirement tests/openapi/requirements.txt
  printf '%s\n' "$wanted" >.tools/python/wanted
}

prerequisites
wasm_target
node_modules
duckdb
crates
tool trunk "$TRUNK" '8 minutes' --locked
tool wasm-bindgen-cli "$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)" '1 minute'
if [ "${1:-build}" = fuzz ]; then
  tool cargo-fuzz "$FUZZ" '1 minute' --locked
fi
if [ "${1:-build}" = test ]; then
  chromium
  engines
  python_clients
  command -v cargo-nextest >/dev/null || tool cargo-nextest "$NEXTEST" '5 minutes' --locked
fi
