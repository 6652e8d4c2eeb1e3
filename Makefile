# A bare `make` lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
LOCAL_STACK := $(TARGET)/debug/local-stack
# Prefers what `make demo` has built over a build of its own.
ANY_LOCAL_STACK := program=$(TARGET)/release/local-stack; \
	[ -x $$program ] || { $(CARGO) build -q -p local-stack && program=$(LOCAL_STACK); } || exit; $$program

# What `make demo` passes on; empty means the demo's own default.
EVENTS ?=
RATE ?=
# What `make demo-uci` imports, and what comes first in its dates.
UCI_FILE ?= examples/online_retail_sample.csv
DATE_ORDER ?= mdy
DEMO_OPTIONS := $(if $(EVENTS),--events $(EVENTS)) $(if $(RATE),--rate $(RATE))

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: prerequisites ## the whole pipeline on this machine, without Docker; EVENTS=100000 RATE=5000
	$(CARGO) build --release
	$(TARGET)/release/demo $(strip $(DEMO_OPTIONS))

.PHONY: demo-uci
demo-uci: prerequisites ## the whole pipeline on real sales; UCI_FILE=online_retail.xlsx DATE_ORDER=
	$(CARGO) build --release
	$(TARGET)/release/demo --uci "$(UCI_FILE)" $(if $(DATE_ORDER),--date-order $(DATE_ORDER))

.PHONY: test
test: prerequisites lint doc ## format, lints, docs, and all tests on a real Kafka and PostgreSQL
	$(CARGO) build -p local-stack
	$(LOCAL_STACK) run --name test -- $(CARGO) test --workspace

.PHONY: registry-test
registry-test: prerequisites ## the schema registry's client against a real registry
	scripts/with-schema-registry $(CARGO) test -p schema-registry -- --ignored

.PHONY: fuzz
fuzz: ## fuzz everything that reads bytes from outside; FUZZ_SECONDS=60 for each target
	scripts/fuzz

.PHONY: bench
bench: prerequisites ## measure throughput and latency
	$(CARGO) build --release
	$(TARGET)/release/bench

.PHONY: psql
psql: ## psql on the running demo
	@$(ANY_LOCAL_STACK) psql --name demo

.PHONY: doctor
doctor: ## what is installed, what is missing
	@scripts/install-prerequisites --check
	@$(ANY_LOCAL_STACK) doctor

.PHONY: dictionary
dictionary: prerequisites ## write docs/DATA-DICTIONARY.md anew from the migrations' comments
	$(CARGO) build -p local-stack
	$(LOCAL_STACK) run --name dictionary -- env ASSAY_WRITE_DICTIONARY=1 $(CARGO) test -q -p warehouse --test dictionary

.PHONY: fmt
fmt: ## format the code
	$(CARGO) fmt --all

.PHONY: lint
lint: ## check the format, and the code with clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

.PHONY: doc
doc: ## build the documentation of the crates
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --workspace --no-deps

# The program also knows where state goes that a checkout below a closed home directory cannot hold.
.PHONY: clean
clean: ## remove .assay and target; running stacks are stopped by hand first
	@for program in $(TARGET)/release/local-stack $(LOCAL_STACK); do \
		if [ -x $$program ]; then $$program clean || exit; break; fi; \
	done
	rm -rf .assay $(TARGET)

.PHONY: prerequisites
prerequisites:
	@scripts/install-prerequisites
