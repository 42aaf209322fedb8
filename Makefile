# Everything here runs on the Node of node_modules, whatever the machine has; `make install` brings it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

NODE := node_modules/.bin/node
DEVSTACK := packages/devstack/src
OPERATE := packages/operate/src
SERVICES := auth ws-producer ws-consumer web
LOGS := $(SERVICES) nats postgres
export TURBO_TELEMETRY_DISABLED := 1
# Node keeps what it made of the sources: a service starts in 0.6 s of CPU time and not in 1.
export NODE_COMPILE_CACHE := $(CURDIR)/node_modules/.cache/node
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Runs a tool on the running installation.
OPERATOR := $(NODE) $(OPERATE)/as-operator.ts
# The option $2 if the variable $1 is 1; what is neither 1 nor 0 is refused.
flag = $(if $(filter 1,$($1)),$2,$(if $(filter-out 0,$($1)),$(error $1 is 1 or 0)))

# The name of a process in docker-compose.yml.
compose-auth := auth-service
compose-ws-producer := ws-producer-app
compose-ws-consumer := ws-consumer-app
compose-web := web
compose-nats := nats
compose-postgres := postgres

# Whether a compose stack of this folder is up.
COMPOSE_UP = command -v docker >/dev/null 2>&1 && [ -n "$$(docker compose ps -q 2>/dev/null)" ]
# DATA_DIR as the stack sees it: the environment, else .env, else .data.
FIND_DATA_DIR = data=$${DATA_DIR:-$$({ sed -n 's/^DATA_DIR=//p' .env 2>/dev/null || true; } | tail -n 1 | tr -d "\"'")}; data=$${data:-.data}

.PHONY: help
help: ## what there is
	@echo "Parley: make <target>"; echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS=$$'\t' read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done
	@echo; echo "  logs-<name>     one log: $(LOGS)"; echo "  restart-<name>  one process: $(LOGS)"; echo "  build-<name>    one service: $(SERVICES)"
	@echo; echo "Docker is needed by what says (Docker), and by nothing else."
	@echo; echo "Ports and DATA_DIR come from the environment or .env (see .env.example)."

.PHONY: install
install: node_modules/.installed node_modules/.generated node_modules/.page ## install dependencies, generate code and build the chat page, if that is due

node_modules/.installed: package-lock.json
	@packages/devstack/scripts/install.sh
	@touch $@

node_modules/.generated: node_modules/.installed $(wildcard proto/parley/*/*/*.proto) proto/buf.gen.yaml proto/package.json
	@echo "generate: code from proto/"
	@npm run --silent generate
	@touch $@

# What looks at a running installation installs nothing over it, but where there is nothing.
$(NODE):
	@$(MAKE) install

PAGE := $(shell find services/web/page services/web/worker services/web/scripts/build.ts services/web/package.json packages/client/src -type f)
node_modules/.page: node_modules/.installed $(PAGE)
	@turbo run page --filter=@parley/web --output-logs=errors-only --no-update-notifier >/dev/null || { npm run page -w @parley/web; exit 1; }
	@touch $@

.PHONY: start stop token observe demo try migrate new-migration
start: install ## bring the whole stack up here, without Docker; Ctrl-C stops it (ONLY="auth ws-producer": some services; TRACES=1: for `make observe`)
	@exec $(NODE) $(OPERATE)/start.ts $(call flag,TRACES,--traces) $(ONLY)

stop: install ## stop the stack of DATA_DIR
	@$(NODE) $(OPERATE)/stop.ts

token: ## print an access token of a demo user of `make start` (NAME=alice)
	@exec $(NODE) $(OPERATE)/token.ts $(NAME)

observe: install ## Prometheus with rules, the canary and Jaeger beside `make start`, and what to open; Ctrl-C stops them
	@exec $(NODE) $(OPERATE)/observe.ts

demo: install ## two people talk through a stack of their own; everything is checked
	@exec $(NODE) e2e/src/talk.ts demo

try: install ## run docs/try-it.md on a stack of its own and compare what it prints
	@exec $(NODE) e2e/src/try-it.ts

migrate: install ## apply migrations/ to DATABASE_URL
	@$(NODE) $(DEVSTACK)/migrate-main.ts 5

new-migration: ## make the next file in migrations/ (NAME=room_topics)
	@packages/devstack/scripts/new-migration.sh

.PHONY: dead-letters rotate-keys admin
dead-letters: | $(NODE) ## list what could not be stored (REPLAY=<id>: put one into the log again)
	@exec $(OPERATOR) services/ws-consumer/src/dead-letters-main.ts $(if $(REPLAY),replay $(REPLAY),list)

rotate-keys: | $(NODE) ## make a new signing key; the old one stays valid for a while (NOW=1: not, a key has leaked; ALGORITHM=RS256: of that kind)
	@exec $(OPERATOR) services/auth/src/rotate-keys-main.ts $(call flag,NOW,--now) $(if $(ALGORITHM),--algorithm='$(ALGORITHM)')

admin: | $(NODE) ## make a registered user an admin (NAME=alice; REMOVE=1: no admin any more), at once
	@exec $(OPERATOR) services/auth/src/admin-main.ts $(NAME) $(call flag,REMOVE,--remove)

.PHONY: test lint build
test: install ## lint, types, imports, and all tests on real servers
	@npm run --silent lint
	@npm run --silent check
	@exec vitest run --reporter=default --reporter=$(DEVSTACK)/test-count.ts

lint: install ## format, lint, imports, unused exports and dependencies, proto
	@npm run --silent lint

build: install ## type-check everything (services run from their sources); the images while containers run (Docker)
	@if $(COMPOSE_UP); then docker compose build; else npm run --silent check; fi

.PHONY: $(addprefix build-,$(SERVICES))
$(addprefix build-,$(SERVICES)): build-%: install
	@if $(COMPOSE_UP); then docker compose build $(compose-$*); else turbo run check --filter=@parley/$*...; fi

# JSON lines, as people read them on a terminal; a pipe gets them as they are. Its input ends with the `tail` that make ends;
# a pipeline would stay behind.
READABLE = if [ -t 1 ]; then pino-pretty --translateTime SYS:HH:MM:ss.l --ignore pid,hostname --singleLine; else cat; fi
.PHONY: logs $(addprefix logs-,$(LOGS))
logs: ## follow all logs (readable on a terminal, JSON in a pipe)
	@if $(COMPOSE_UP); then exec docker compose logs --follow; fi; \
	$(FIND_DATA_DIR); ls "$$data"/logs/*.log >/dev/null 2>&1 || { echo "make: no logs in $$data/logs yet; is a stack running (make start)?" >&2; exit 1; }; \
	exec tail -n 20 -F "$$data"/logs/*.log > >($(READABLE))

$(addprefix logs-,$(LOGS)): logs-%:
	@if $(COMPOSE_UP); then exec docker compose logs --follow $(compose-$*); fi; \
	$(FIND_DATA_DIR); [ -d "$$data/logs" ] || { echo "make: there is no $$data/logs yet; is a stack running (make start)?" >&2; exit 1; }; \
	exec tail -n 50 -F "$$data/logs/$*.log" > >($(READABLE))

.PHONY: backup restore accept-loss
backup: | $(NODE) ## copy the database while it runs (TO=folder or file); the log brings back what comes after
	@exec $(NODE) $(OPERATE)/backup.ts $(if $(TO),"$(TO)")

restore: | $(NODE) ## replace the database by a back-up (FROM=file; YES=1: do not ask; KEEP_SERVICE_TOKENS=1); nothing may run
	@exec $(NODE) $(OPERATE)/restore.ts $(if $(FROM),"$(FROM)") $(call flag,YES,--yes) $(call flag,KEEP_SERVICE_TOKENS,--keep-service-tokens)

accept-loss: | $(NODE) ## go on without entries that left the log before they were stored
	@exec $(OPERATOR) services/ws-consumer/src/accept-loss-main.ts

.PHONY: doctor ps psql nats-info log-tail watch
doctor: | $(NODE) ## check the running installation: a sentence for each thing to be mended
	@exec $(NODE) $(OPERATE)/doctor.ts

ps: | $(NODE) ## the running processes, and whether each is ready
	@if $(COMPOSE_UP); then exec docker compose ps; fi; \
	exec $(NODE) $(OPERATE)/ps.ts

.PHONY: $(addprefix restart-,$(LOGS))
$(addprefix restart-,$(LOGS)): restart-%: | $(NODE)
	@if $(COMPOSE_UP); then exec docker compose restart $(compose-$*); fi; \
	exec $(NODE) $(OPERATE)/restart.ts $*

psql: | $(NODE) ## open the database as its owner (SQL="select 1": one statement)
	@exec $(NODE) $(OPERATE)/psql.ts $(if $(SQL),"$$SQL")

nats-info: | $(NODE) ## streams of NATS, and how far each shard of the log is stored
	@exec $(OPERATOR) services/ws-consumer/src/nats-info-main.ts

log-tail: | $(NODE) ## what goes through the log from now on (ROOM=general; TEXT=0: without texts)
	@exec $(OPERATOR) services/ws-consumer/src/log-tail-main.ts

watch: | $(NODE) ## restart services when their sources change; of containers, build the images again
	@if $(COMPOSE_UP); then exec docker compose watch; fi; \
	exec $(NODE) $(OPERATE)/watch.ts

.PHONY: up down reload-edge images
up: ## start the containers (Docker); makes their secrets once, in .env
	@docker compose version >/dev/null 2>&1 || { echo "make up: there is no Docker with Compose here; \`make start\` needs neither" >&2; exit 1; }
	@deploy/make-secrets.sh
	@docker compose up --build --detach --wait

down: ## stop the containers; their volumes stay (Docker)
	@docker compose --profile '*' down

reload-edge: ## let the edge read deploy/edge/Caddyfile again; no socket is closed (Docker)
	@docker compose --profile edge exec edge caddy reload --config /etc/caddy/Caddyfile

VERSION = $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
images: ## build the images, with the version as a tag (Docker)
	@docker compose version >/dev/null 2>&1 || { echo "make images: there is no Docker with Compose here" >&2; exit 1; }
	@deploy/make-secrets.sh
	@docker compose --profile edge build
	@for name in auth ws-producer ws-consumer web migrate nats edge; do docker tag parley-$$name parley-$$name:$(VERSION); echo "images: parley-$$name:$(VERSION)"; done

.PHONY: k8s-render k8s-dry-run
k8s-render: install ## the manifests for Kubernetes (OVERLAY=kind or production)
	@kubectl=$$($(NODE) $(OPERATE)/program-main.ts kubectl) && exec "$$kubectl" kustomize deploy/k8s/overlays/$(or $(OVERLAY),production)

k8s-dry-run: install ## whether a real API server of Kubernetes takes deploy/k8s (Go builds it once, a quarter of an hour)
	@exec $(NODE) e2e/src/k8s-dry-run.ts

.PHONY: clean
clean: ## stop the stack, then remove its data, installed packages and generated code
	@if [ -x $(NODE) ]; then $(NODE) $(OPERATE)/stop.ts --remove; fi
	@rm -rf node_modules packages/*/node_modules services/*/node_modules e2e/node_modules bench/node_modules bench/peers/node_modules proto/node_modules
	@rm -rf proto/gen .turbo packages/*/.turbo services/*/.turbo packages/*/dist services/*/dist coverage
	@echo "clean: done"

.PHONY: screenshots
screenshots: install ## pictures of every screen of the chat page, in services/web/screenshots (ONLY="room inbox narrow")
	@exec $(NODE) services/web/behaviour/screenshots.ts

.PHONY: pack docs-client test-client
pack: install ## the client SDK as it is published: packages/client/dist and a tarball of it
	@cd packages/client && node scripts/build.ts dist && npm pack ./dist --pack-destination dist --silent | sed 's|^|packages/client/dist/|'

REFERENCE := packages/client/reference
$(REFERENCE)/node_modules: $(REFERENCE)/package-lock.json
	@cd $(REFERENCE) && npm ci --ignore-scripts --silent && touch node_modules

docs-client: install $(REFERENCE)/node_modules ## the API reference of the client SDK, in packages/client/reference/html
	@cd $(REFERENCE) && node_modules/.bin/typedoc

test-client: install ## the long form of the client's tests: 1,000 cuts, closes and clients, an hour of traffic in 36 s
	@CUTS=1000 CLOSES=1000 CLIENTS=1000 MEMORY_S=36 exec vitest run --project e2e --testTimeout 3600000 packages/client/behaviour

.PHONY: test-web
test-web: install ## the long form of the chat page's tests: 10,000 messages, axe on every screen, wide and narrow
	@MESSAGES=10000 AXE=all exec vitest run --project e2e --testTimeout 600000 services/web/behaviour

.PHONY: test-faults check-api abuse
test-faults: install ## the long form of faults: NATS away 5, 17 and 60 s; full disks (root); 41,800 receipts while Postgres is away; a back-up under 60 s of load
	@OUTAGES_S=5,17,60 vitest run --project unit presence-outage full-disk
	@RECEIPTS=41800 vitest run --project e2e receipts
	@BACKUP_LOAD_S=60 exec vitest run --project e2e e2e/src/backup

check-api: install ## redocly, spectral, schemathesis and buf judge the documents and the reflection (needs python3 and the network)
	@exec $(NODE) e2e/src/check-api.ts

abuse: install ## hostile sockets and requests beside an innocent pair, a table (ABUSE_MS=10000 ONLY="pings;GET /rooms")
	@exec $(NODE) bench/src/abuse/main.ts

.PHONY: chaos mutants chaos-cluster chaos-failover chaos-drain chaos-update chaos-power
chaos: install ## faults by a seed, then everything is checked (SEED=7 DURATION_S=180 MUTANT=…)
	@exec $(NODE) bench/src/chaos/main.ts

mutants: install ## deliberate faults in copies of the sources: the checker must find each
	@exec $(NODE) bench/src/chaos/main.ts mutants

chaos-cluster: install ## three nats-servers, their faults one after the other, and each node's copy compared (DURATION_S=65)
	@exec $(NODE) bench/src/chaos/main.ts cluster

chaos-failover: install ## Postgres' primary is killed and its standby promoted: a synchronous one, then an asynchronous one
	@exec $(NODE) bench/src/chaos/main.ts failover

chaos-drain: install ## a ws-consumer is drained while messages are sent: how its sockets come back to another (SOCKETS=5000 DRAIN_S=60)
	@exec $(NODE) bench/src/chaos/main.ts drain

chaos-update: install ## an earlier version is replaced by this one under load, process by process, one step back and forward again (BASE=tag or commit)
	@exec $(NODE) bench/src/chaos/main.ts update

chaos-power: install ## power cuts under NATS and Postgres, and a control that loses (root; CUTS=20 NODES=3)
	@exec $(NODE) bench/src/chaos/main.ts power

BENCH := $(NODE) bench/src/main.ts
bench/peers/node_modules: bench/peers/package-lock.json
	@cd bench/peers && npm ci --ignore-scripts --silent && touch node_modules

.PHONY: bench bench-all bench-jitter bench-idle bench-growth compare-cpu
bench: install bench/peers/node_modules ## Parley and Socket.IO + Postgres at the same job, about 3 minutes
	@exec $(NODE) bench/peers/main.ts quick

bench-all: install bench/peers/node_modules ## all peers that are installed, medians of 3 (ONLY="parley plain")
	@exec $(NODE) bench/peers/main.ts all $(ONLY)

compare-cpu: install ## CPU and memory against an earlier state, interleaved (BASE=revision or folder PAIRS=7 SHORT=1)
	@exec $(NODE) bench/src/compare-cpu.ts $(BASE)

bench-jitter: install ## publish to deliver, 1,000 sockets (S=seconds)
	@exec $(BENCH) jitter $(S)

bench-idle: install ## memory and handshakes of 10,000 idle sockets (N=sockets)
	@exec $(BENCH) idle $(N)

bench-growth: install ## cost of a message with more rooms and more sockets (S=seconds)
	@exec $(BENCH) growth $(S)
