# Freshmark. `make` alone says what there is.
#
# Builds share one target folder outside the clone, so that a second clean checkout is fast: set CARGO_TARGET_DIR to
# choose another. Tools are installed into .tools/, never system-wide.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/freshmark
export CARGO_TARGET_DIR ?= $(CACHE)/target
export FRESHMARK_TOOLS_TARGET ?= $(CACHE)/tools
export DUCKDB_LIB_DIR ?= $(CACHE)/duckdb
# The browser's file names its crates' sources by paths: without the folder of this machine, it is as small on each.
CRATES := $(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src
ifeq ($(words $(CRATES)),1)
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS ?= --remap-path-prefix=$(CRATES)=crates
endif
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)

FRESHMARK := $(CARGO_TARGET_DIR)/release/freshmark
DATA ?= data
LISTEN ?= 127.0.0.1:8080
STUDENTS ?= 30
ROUNDS ?= 200
SECONDS_EACH ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup build run demo dev test soak fuzz bench shots clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what the build needs, into .tools/ and node_modules/
	@bash scripts/setup.sh build

build: setup ## Build the front end and the server
	@bash scripts/build.sh

run: build ## Build, then serve on LISTEN (127.0.0.1:8080) with the demo school in DATA (./data)
	@exec $(FRESHMARK) serve --demo --data "$(DATA)" --listen "$(LISTEN)" --site dist

demo: ## Play a class of STUDENTS (30) against the server that `make run` has started
	@$(FRESHMARK) demo --students $(STUDENTS) --server "http://$(LISTEN)"

dev: setup ## The edit loop: the front end rebuilds and reloads, the server restarts
	@bash scripts/dev.sh

test: ## Everything: checks, Rust, WASM and browser tests; ends with a count
	@bash scripts/setup.sh test
	@bash scripts/test.sh

soak: ## The long run, as root: kill -9 and a full disk, ROUNDS (200) times each; the object store away for a minute
	@[ "$$(id -u)" = 0 ] || { echo 'freshmark: make soak fills a disk of its own, which takes root' >&2; exit 1; }
	@bash scripts/setup.sh test
	@FRESHMARK_CRASH_ROUNDS=$(ROUNDS) cargo nextest run --locked --cargo-profile release --profile soak -p server --test e2e \
		after_kill_9 --no-capture
	@FRESHMARK_DISK_ROUNDS=$(ROUNDS) cargo nextest run --locked --cargo-profile release --profile soak -p server --test e2e \
		a_disk_that_fills --no-capture
	@FRESHMARK_AWAY_SECONDS=60 .tools/python/bin/python -m pytest --quiet tests/aws/test_s3.py

fuzz: ## Each fuzz target for SECONDS_EACH (60)
	@bash scripts/setup.sh fuzz
	@SECONDS_EACH=$(SECONDS_EACH) bash scripts/fuzz.sh

bench: build ## Measure the goals of the design and print them side by side
	@bash scripts/bench.sh

shots: build ## Take the README's screenshots again
	@node tests/browser/shots.mjs

clean: ## Remove what this clone has built (the shared target folder stays)
	rm -rf dist dist-dev .tools node_modules
