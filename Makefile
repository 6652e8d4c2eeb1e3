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

# The pipeline in containers: docker-compose.yml, and the mock shop of docker-compose-tools.yml.
COMPOSE ?= docker compose
PIPELINE := $(COMPOSE) -f docker-compose.yml -f docker-compose-tools.yml
# Of `make scale`, and of `make logs` and `make restart`, where nothing means all.
CONSUMERS ?= 1
TRANSFORMERS ?= 1
SERVICE ?=

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

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
	CARGO=$(CARGO) scripts/test $(LOCAL_STACK)

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

.PHONY: api-fuzz
api-fuzz: ## schemathesis against the console of a running demo; needs Python, fetches the tool once into target/
	scripts/api-fuzz

.PHONY: browser-test
browser-test: ## test the console's page with chromium on a pipeline of its own; IMAGES=1 takes docs/images anew; needs Node.js
	$(CARGO) build -q -p local-stack -p consumer -p transformer -p producer -p assay-console
	scripts/browser-test

.PHONY: mysql-test
mysql-test: ## test the export to MySQL against a MariaDB of its own; needs mariadb-server-core
	$(CARGO) build -q -p local-stack
	scripts/mysql-test
.PHONY: up
up: .env ## the pipeline and the mock shop in containers; Grafana at http://localhost:3000
	@scripts/make-secrets
	$(PIPELINE) up --detach

.PHONY: down
down: ## stop and remove the containers; data stays in its volumes
	$(PIPELINE) --profile tools down

.PHONY: restart
restart: ## restart the containers; SERVICE=consumer for one
	$(PIPELINE) restart $(SERVICE)

.PHONY: rebuild
rebuild: .env ## build the images anew and replace the containers that use them
	@scripts/make-secrets
	$(PIPELINE) build
	$(PIPELINE) up --detach

.PHONY: logs
logs: ## follow the containers' logs; SERVICE=consumer for one
	$(PIPELINE) logs --follow --tail 100 $(SERVICE)

.PHONY: ps
ps: ## the containers and how they are
	$(PIPELINE) ps --all

.PHONY: scale
scale: ## more processes: CONSUMERS=3 TRANSFORMERS=2
	$(PIPELINE) up --detach --no-recreate --scale consumer=$(CONSUMERS) --scale transformer=$(TRANSFORMERS)

.PHONY: images-check
images-check: ## build the images without pulling any, and run them until verify is green; as root
	$(CARGO) build --release -p consumer -p transformer -p producer -p local-stack
	deploy/images-check $(TARGET)/release

# Nothing in it is secret, and nothing has to be changed to begin with.
.env:
	cp .env.example .env

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

.PHONY: dashboard-schema
dashboard-schema: ## write the dashboards' schema anew from Grafana's types; needs npm
	crates/dashboards/schema/generate

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
