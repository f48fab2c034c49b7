# Written for GNU make 3.81 and later (macOS ships 3.81).
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
ENV ?= dev
# For plan, deploy, destroy and drift: STACK="network cluster"; YES=1, CONFIRM=prd, LEAVE=1
STACK ?=
YES ?=
CONFIRM ?=
LEAVE ?=
PYTEST_ARGS ?=
# Workers by the number of processors (tests/conftest.py); PYTEST_ARGS="-n 0" runs all tests in one process.
WORKERS := -n logical --maxprocesses 4
# For test-bare: the programs to compile (all).
BARE ?=
# For rehearse and smoke: what they say with --help, as in SMOKE_ARGS="--port-forward --stage dev".
REHEARSE_ARGS ?=
SMOKE_ARGS ?=
# For rehearse-cluster: a context of the kubeconfig, for an existing, empty cluster.
CLUSTER ?=
# For hostile and fuzz: how many files, or requests.
N ?= 2000
# For charts-check: UPDATE=1 rewrites helm_values/*/*.contract.yaml. CHARTS_DIR=<folder> in the environment
# takes unpacked charts from there instead of downloading them.
UPDATE ?=
# For dashboards-preview: PREVIEW_ARGS=--docs, or "--only <dashboard>"; --help lists them.
PREVIEW_ARGS ?=
# For cost: BUDGET=2100, WORKLOAD=<file>, and where to write CSV=<file>, HTML=<file>
BUDGET ?=
WORKLOAD ?=
CSV ?=
HTML ?=
# For access: RECORD=1 records the rights that the charts give.
# For load: RECORD=1 keeps the figures in cost/measured_load.json. LOAD_ARGS="--signal logs", --help
RECORD ?=
LOAD_ARGS ?=
# For new-env: NAME=stg FROM=dev
NAME ?=
FROM ?=
# For lock: LOCK_ARGS=--upgrade takes the newest versions that the *.in files allow.
LOCK_ARGS ?=

# Images of containers often set it. Then each of the many processes compiles everything that it imports.
unexport PYTHONDONTWRITEBYTECODE

UV := uv==0.13.9
BIN := .venv/bin
PY := $(BIN)/python
# The AWS bindings are thousands of modules of which few are ever imported: compile on import.
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile
DEPLOY_ARGS = --env $(ENV) $(foreach name,$(STACK),--stack $(name)) $(if $(YES),--yes) \
	$(if $(CONFIRM),--confirm $(CONFIRM)) $(if $(LEAVE),--leave)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^# --- / { gsub(/^# --- | -+$$/, ""); printf "\n%s\n", $$0 } \
		/^[a-z][a-z_-]*:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

# --- Set up -------------------------------------------------------------------------------------

.PHONY: setup setup-dev node_modules scanners terraform programs test-programs
setup: .venv/.setup-run.stamp ## Create .venv with what `make synth` needs

setup-dev: .venv/.setup-dev.stamp ## Add what tests and linters need

node_modules: node_modules/.setup.stamp ## Install the pinned npm packages (for docs, tests, cdktf by hand)

scanners: .cache/scanners/.setup.stamp ## Install checkov and parliament in .cache/scanners

terraform: setup ## Print which Terraform is used; compile OpenTofu if there is none
	@$(PY) -m tools.terraform

programs: setup-dev ## Compile the programs that run our configurations (once, 25 minutes)
	$(PY) -m tools.programs

# What the tests and charts-check run.
test-programs: setup-dev
	@$(PY) -m tools.programs

.venv/.setup-venv.stamp:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "$(PYTHON) not found: install Python 3.11 or later, or use make PYTHON=<program>" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version 2>&1) is too old: 3.11 or later is needed, use make PYTHON=<program>" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) has no venv or ensurepip module (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.setup-run.stamp: .venv/.setup-venv.stamp requirements.txt
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/.setup-dev.stamp: .venv/.setup-run.stamp requirements-dev.txt
	$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

# A venv of its own: checkov pins versions that ours do not take.
.cache/scanners/.setup.stamp: tools/requirements-scanners.txt
	$(PYTHON) -m venv --clear .cache/scanners
	.cache/scanners/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--no-compile -r tools/requirements-scanners.txt
	@touch $@

# npm starts the first `node` on the PATH, which has to be the pinned one.
node_modules/.setup.stamp: .venv/.setup-run.stamp package.json package-lock.json .npmrc
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error
	@touch $@

# --- Synthesize ----------------------------------------------------------------------------------

.PHONY: synth new-env generated snapshots schema dashboards rules
synth: setup ## Write ENV's Terraform to cdktf.out (default ENV=dev)
	$(PY) -m synthesis --env $(ENV)

new-env: setup-dev node_modules ## Add environment NAME as a copy of FROM, and generate its files (NAME=stg FROM=dev)
	@$(PY) -m synthesis.new_environment --name '$(NAME)' --from '$(FROM)'
	$(MAKE) generated
	@$(PY) -m synthesis.new_environment --to-edit '$(NAME)'

generated: setup-dev node_modules ## Regenerate every file that depends on the settings; run it after you change them
	$(PY) -m docgen.generate_all

snapshots: setup ## Update the reviewed Terraform in tests/snapshots
	$(PY) -m synthesis.snapshots

schema: setup ## Update the JSON Schema that editors use for environments/*.yaml
	$(PY) -m synthesis.schema

dashboards: setup ## Update the dashboards in grafana/generated
	$(PY) -m synthesis.dashboard_files

rules: setup ## Update Prometheus' rules and Alertmanager's configuration in alertmanager/generated
	$(PY) -m synthesis.alerting_files

# --- Check ---------------------------------------------------------------------------------------

.PHONY: check lint types imports fmt test-fast test test-hard test-bare policy permissions access scan charts-check hostile fuzz bench
check: lint types imports test-fast ## Run the checks for every commit: lint, types, imports, quick tests

lint: setup-dev ## Check style (ruff)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: setup-dev ## Check types (mypy --strict)
	$(PY) -m mypy

imports: setup-dev ## Check that no module imports from a layer above it (import-linter)
	$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter

fmt: setup-dev ## Format the code and sort imports
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

test-fast: setup-dev ## Run the quick tests only
	$(PY) -m pytest $(WORKERS) -m quick $(PYTEST_ARGS)

test: lint types node_modules scanners ## Run lint, types and all tests (PYTEST_ARGS=...)
	$(PY) -m pytest $(WORKERS) --compile $(PYTEST_ARGS)

test-hard: setup-dev node_modules scanners terraform test-programs ## Run all tests twice at once on a loaded computer (PYTEST_ARGS=...)
	$(PY) -m tools.busy_computer -- $(WORKERS) $(PYTEST_ARGS)

test-bare: setup-dev ## Synthesize and compile with only Python, make and coreutils (BARE=amtool)
	$(PY) -m tools.bare_computer $(BARE)

policy: setup ## Check every stack against the rules in verification/policies (ENV=: one environment)
	$(PY) -m verification.policies.policy_check $(if $(filter command% environment%,$(origin ENV)),--env $(ENV))

permissions: setup-dev node_modules ## Evaluate each role's AWS permissions, and write docs/reference/permissions.md
	$(PY) -m docgen.permissions_page

access: setup-dev ## Ask a Kubernetes API what each identity may do, and write docs/reference/access.md (RECORD=1: from the charts)
	$(PY) -m docgen.access_page $(if $(RECORD),--record)

scan: setup-dev scanners ## Scan the Terraform with checkov and parliament (CHARTS_DIR=: the rendered charts too)
	$(PY) -m verification.supply_chain.scan

charts-check: test-programs ## Render and check every release with the real charts (UPDATE=1: rewrite the contracts)
	$(PY) -m verification.charts.charts_check $(if $(UPDATE),--update)

hostile: setup-dev terraform ## Synthesize N random and hostile settings files (N=2000)
	$(PY) -m verification.hostile.hostile_settings -n $(N)

fuzz: setup-dev ## Send N random OTLP requests to a gateway (N=2000)
	$(PY) -m verification.rehearsal.neighbours.fuzz -n $(N)

bench: setup-dev ## Measure how long a synthesis takes
	$(PY) -m verification.synthesis_benchmark

# --- Rehearse ------------------------------------------------------------------------------------

.PHONY: rehearse rehearse-infra rehearse-cluster sample-apps load dashboards-preview
rehearse: test-programs ## Run ENV's real pipeline on this computer with the sample applications and with faults
	$(PY) -m verification.rehearsal.pipeline.rehearse_pipeline --env $(ENV) $(REHEARSE_ARGS)

rehearse-infra: setup-dev terraform ## Apply, check and destroy ENV's infrastructure on an emulated AWS
	$(PY) -m verification.rehearsal.aws.rehearse_infra --env $(ENV)

rehearse-cluster: setup-dev terraform ## Put ENV's observability stack in front of a real Kubernetes API (CLUSTER=<context>: an existing cluster)
	@$(PY) -m tools.programs kubernetes
	$(PY) -m verification.rehearsal.cluster.rehearse_cluster --env $(ENV) $(if $(CLUSTER),--cluster '$(CLUSTER)')

sample-apps: setup-dev ## Install and build the sample applications (once, a minute)
	@$(PY) -m verification.rehearsal.pipeline.sample_apps

load: setup-dev ## Load a gateway until it saturates (LOAD_ARGS=--quick; RECORD=1: save the results)
	@$(PY) -m tools.programs otelcol
	$(PY) -m verification.load $(if $(RECORD),--record) $(LOAD_ARGS)

dashboards-preview: setup-dev ## Draw ENV's dashboards with generated data (PREVIEW_ARGS=--docs: those in docs)
	$(PY) -m verification.dashboards.dashboards_preview --env $(ENV) $(PREVIEW_ARGS)

# --- Document ------------------------------------------------------------------------------------

.PHONY: docs site site-check context
docs: setup-dev node_modules ## Regenerate the reference pages, and build the site
	$(PY) -m docgen.reference_docs
	$(MAKE) site

site: setup-dev node_modules ## Build the documentation site in site/ (warnings are errors)
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict
	@echo "site/index.html is built; to search it: $(PY) -m http.server --bind 127.0.0.1 --directory site"

site-check: site ## Check the site in Chromium, and take screenshots
	$(PY) -m docgen.site_check

context: setup ## Update docs/context/context-generator.md, which you read before a change
	$(PY) -m docgen.reference_docs --only docs/context/context-generator.md

# --- Estimate cost -------------------------------------------------------------------------------

.PHONY: cost
cost: setup ## Estimate ENV's monthly bill (BUDGET=2100: propose settings; CSV=, HTML=, WORKLOAD=)
	$(PY) -m cost --env $(ENV) $(if $(BUDGET),--budget $(BUDGET)) $(if $(WORKLOAD),--workload $(WORKLOAD)) \
		$(if $(CSV),--csv $(CSV)) $(if $(HTML),--html $(HTML))

# --- Deploy and operate --------------------------------------------------------------------------

.PHONY: plan deploy destroy drift smoke
# setup-dev: boto3 asks AWS in which account this is, and what is left in it.
plan: setup-dev terraform ## Show what deploying ENV would change (STACK="network ...")
	$(PY) -m operations.deploy plan $(DEPLOY_ARGS)

deploy: setup-dev terraform ## Deploy ENV stack by stack, asking before each (YES=1: do not ask)
	$(PY) -m operations.deploy deploy $(DEPLOY_ARGS)

destroy: setup-dev terraform ## Destroy ENV in reverse order, except the stack of the states
	$(PY) -m operations.deploy destroy $(DEPLOY_ARGS)

smoke: setup-dev ## Send a metric, a log and a trace through ENV's gateways and query them (SMOKE_ARGS=...)
	$(PY) -m verification.rehearsal.pipeline.smoke --env $(ENV) $(SMOKE_ARGS)

drift: setup-dev terraform ## Compare AWS and the cluster with ENV's stacks (exit code 1: they differ)
	$(PY) -m operations.drift --env $(ENV) $(foreach name,$(STACK),--stack $(name))

# --- Maintain -----------------------------------------------------------------------------------

COMPILE = .cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

.PHONY: lock clean sbom audit
sbom: setup-dev ## Write the bill of materials (CycloneDX) to cdktf.out/sbom.cdx.json
	$(PY) -m verification.supply_chain.sbom

audit: setup-dev scanners ## Check the locked packages for known vulnerabilities (needs the internet)
	$(PY) -m verification.supply_chain.audit

# requirements.txt comes first: requirements-dev.in is constrained by it.
lock: setup ## Update the lock files after you change a *.in file or package.json
	$(PYTHON) -m venv --clear .cache/lock
	.cache/lock/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(COMPILE) -c tools/lock-constraints.txt -o requirements.txt requirements.in
	$(COMPILE) -o requirements-dev.txt requirements-dev.in
	$(COMPILE) -o tools/requirements-go.txt tools/requirements-go.in
	$(COMPILE) -o sample_apps/python/requirements.txt sample_apps/python/requirements.in
	$(COMPILE) -o tools/requirements-scanners.txt tools/requirements-scanners.in
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --loglevel=error
	cd sample_apps/node && PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --loglevel=error
	@if command -v mvn >/dev/null; then $(PY) -m verification.rehearsal.pipeline.sample_apps --lock-java; \
		else echo "not rewritten, as there is no mvn: sample_apps/java/dependencies.sha256" >&2; fi
	rm -rf .cache/lock

# Local states are kept: that of the state stack is in terraform-state, not in cdktf.out.
clean: ## Remove what synth, tests and linters wrote (not .venv, node_modules or states)
	rm -rf cdktf.out dashboards-preview load-report rehearsal-report site .pytest_cache .mypy_cache .ruff_cache
	find . \( -name .venv -o -name node_modules -o -name .git \) -prune -o \
		-name __pycache__ -type d -prune -exec rm -rf {} +
