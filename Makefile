# One-line wrappers; every tool lives in .venv. `make` turns every failure into 2: CI calls jwtstorm itself.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# A suite that starts hundreds of processes compiles the package once, not in each of them.
unexport PYTHONDONTWRITEBYTECODE

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / - /'

setup: .venv/ready  ## make .venv and install the locked dependencies

.venv/ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON): install Python 3.11 or newer, or set PYTHON="; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11; set PYTHON="; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

scenario: setup  ## run a scenario: make scenario NAME=expiry-storm [HEADLESS=1] [BUILD=label]
	@$(BIN)/jwtstorm run "$(NAME)" $(OPTIONS)

list: setup  ## list scenarios, faults and checks
	@$(BIN)/jwtstorm list

compare: setup  ## compare two runs or build labels: make compare BASE=a NEW=b
	@$(BIN)/jwtstorm compare $(BASE) $(NEW)

duel: setup  ## fight pairs of two builds: make duel BASE=lab NEW=lab:work_s=0.0055 NAME=calm [OPTIONS=--quick]
	@$(BIN)/jwtstorm duel "$(BASE)" "$(NEW)" --scenario "$(NAME)" $(OPTIONS)

test: setup  ## run the tests before a commit: all but those that take 20 s or more [OPTIONS='tests/checks -n 0']
	$(BIN)/python -m pytest -m "not long" $(OPTIONS)

test-all: setup  ## run every test: minutes more
	$(BIN)/python -m pytest $(OPTIONS)

fuzz: setup  ## feed 100,000 mangled inputs to every reader of foreign bytes [OPTIONS='--inputs 1000 --only token']
	$(BIN)/python -m tests.fuzz $(OPTIONS)

lint: setup  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: setup  ## check types
	$(BIN)/mypy

check: lint type test-all  ## style, types and every test: what CI runs

stubs: setup  ## tell type checkers what the registries give, after a new check, source or fault
	@$(BIN)/python -m harness.cli.stubs

bench: setup  ## measure: prints the tables of docs/benchmarks.md
	$(BIN)/python -m benchmarks

honesty: setup  ## prove the verdict honest by simulation: the table of docs/honesty.md [OPTIONS=real: by real duels, hours]
	$(BIN)/python -m benchmarks.honesty $(OPTIONS)

proto: setup  ## generate the stubs of the lab's service anew
	$(BIN)/python -m harness.lab.proto

toxiproxy:  ## build the real Toxiproxy into build/toxiproxy; needs Go
	@.ci/toxiproxy

gateway-peers:  ## build the gateway's peers in Go into build/gateway, for its tests and its benchmark
	@.ci/gateway

transport: setup  ## build the native transport into .venv; needs cargo
	@.ci/transport

peers: setup  ## measure other load generators and ours: prints the tables of docs/peers.md [OPTIONS=--quick]
	@.ci/peers
	$(BIN)/python -m benchmarks.peers $(OPTIONS)

probe: setup  ## ask a target what it would let in: make probe ADDRESS=127.0.0.1:50051 [OPTIONS=…]
	@$(BIN)/jwtstorm probe $(ADDRESS) $(OPTIONS)

snippets: setup  ## run every client that `serve --snippet` prints; fetches packages of Go, Node and Java where these are
	SNIPPETS=1 $(BIN)/python -m pytest -n 0 -s tests/e2e/test_snippets.py

foreign: setup  ## get the gRPC servers of others that the probe is tried on [OPENFGA=1 builds that, too]
	@OPENFGA=$(OPENFGA) .ci/foreign

texts: setup  ## ask JWT libraries of eight languages what they say of bad tokens: harness/results/verifier_texts.ndjson [OPTIONS=--score]
	@$(BIN)/python -m tests.foreign.verifiers $(OPTIONS)

zoo: setup  ## let each defect loose: the mutation table and its kill rate
	$(BIN)/python -m harness.proof.mutation

storms: setup  ## let storms hunt their animals, short: the table of docs/storms.md [NAMES="calm kid-flood"]
	$(BIN)/python -m harness.proof.mutation --storms $(NAMES) --write docs/storms.md

whole: setup  ## run what has no valid run on its full course yet: the second table of docs/storms.md [NAMES="calm"]
	$(BIN)/python -m harness.proof.mutation --whole full --run $(NAMES) --write docs/storms.md

proof: setup  ## prove the reference target by every row of the defect catalogue
	$(BIN)/python -m harness.proof

lock: setup  ## resolve the dependencies anew into constraints.txt
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --no-header --no-annotate --extra dev --extra crate pyproject.toml -o constraints.txt

clean:  ## remove what was built; keeps reports/
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

export HEADLESS BUILD REPORTS
.PHONY: $(shell grep -hoE '^[a-z-]+:' $(firstword $(MAKEFILE_LIST)) | tr -d :)
