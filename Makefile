# Everything happens inside this folder: the environment is .venv, what the tool keeps is .reconciler.
# Recipes use relative paths only, so the folder's own path may contain spaces.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
RUN := .venv/bin/python -m
PIP := $(RUN) pip --disable-pip-version-check install --quiet
DEMO := examples/kopi-nusantara

.PHONY: help demo test deep mutation browser container docs guides picture lint format schemas man editor contract cassettes requests soak fuzz prefixes race crash outage bench load dist sbom vulnerabilities lock locked clean

help:
	@echo "make demo      plan, apply and plan again: a coffee chain in the embedded sandbox"
	@echo "make test      run the tests in parallel (less than five minutes)"
	@echo "make deep      run all cases of the large sets of which make test takes a part (minutes)"
	@echo "make lint      check format, lint, types, import contracts and prose"
	@echo "make format    format the code"
	@echo "make docs      build the documentation site into build/site"
	@echo "make guides    run the commands that the docs show; UPDATE=1 writes their output"
	@echo "make picture   draw the pictures of the docs; needs Chromium and npm"
	@echo "make container run the steps of the Dockerfile with buildah, and try its container (minutes)"
	@echo "make browser   test the page of a plan in Chromium"
	@echo "make schemas   write schemas/ from the models"
	@echo "make man       write docs/man/reconciler.1 from the help of the commands"
	@echo "make editor    install yaml-language-server into build/ for the tests of editors; needs npm"
	@echo "make contract  test the sandbox against schemas/dealpos.openapi.yaml with random requests (minutes)"
	@echo "make cassettes record cassettes/ again from a sandbox on loopback"
	@echo "make requests  compare the API usage of every story, in large shops too, with docs/requests.md"
	@echo "make soak      run SEEDS random storms: faults, kills, other writers (60 take half a minute)"
	@echo "make prefixes  interrupt WORLDS generated applies after each request (10,000: an hour)"
	@echo "make race      ask SQLite and PostgreSQL for RACE uses at 64 tills (100,000: a minute)"
	@echo "make crash     kill tills under load KILLS times, every two seconds (20 of each store)"
	@echo "make outage    take the store away for OUTAGE seconds while tills sell (30: a minute)"
	@echo "make fuzz      damage every file of a run in MUTANTS ways (2000: half an hour)"
	@echo "make mutation  run SAMPLE random mutants of workflows, plan, steps and apply (250: an hour)"
	@echo "make bench     measure in turns: plan, layers, dates, floor, octoDNS, the commit RELEASE (minutes)"
	@echo "make load      measure the server of coupons beside a bare echo: latency, start, memory"
	@echo "make demo-till a coupon at the till: published, sold, lost, voided, settled, edited (half a minute)"
	@echo "make dist      build the wheel and the source archive, and check them"
	@echo "make sbom      write the parts of the built wheel and their licences into dist/"
	@echo "make vulnerabilities look for known vulnerabilities of these parts"
	@echo "make lock      update uv.lock and requirements.txt after a change of pyproject.toml"

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "error: this Python has no venv module"; exit 1; }

# Older versions of pip know no dependency groups.
.venv/pip.stamp: | .venv/bin/python
	@$(PIP) 'pip>=25.1'
	@touch $@

.venv/run.stamp: pyproject.toml | .venv/bin/python
	@echo "installing into .venv (once)"
	@$(PIP) -e .
	@$(RUN) compileall -q reconciler
	@touch $@

.venv/dev.stamp: pyproject.toml | .venv/pip.stamp
	@echo "installing the tools of development into .venv (once)"
	@$(PIP) -e . --group dev
	@$(RUN) compileall -q reconciler
	@touch $@ .venv/run.stamp .venv/serve.stamp

# CI uses the versions of uv.lock, each checked by its hash.
locked: .venv/pip.stamp
	@echo "installing the tools of uv.lock into .venv"
	@$(PIP) 'uv>=0.8,<1'
	@$(RUN) uv sync --quiet --locked --inexact
	@$(RUN) compileall -q reconciler
	@touch .venv/dev.stamp .venv/run.stamp .venv/serve.stamp

demo: .venv/run.stamp
	@$(RUN) dealpos_reconciler sandbox reset $(DEMO)
	@echo; echo '$$ reconciler plan $(DEMO)'
	@$(RUN) dealpos_reconciler plan $(DEMO)
	@echo; echo '$$ reconciler apply $(DEMO) --auto-approve'
	@$(RUN) dealpos_reconciler apply $(DEMO) --auto-approve
	@echo; echo '$$ reconciler plan $(DEMO) --detailed-exitcode'
	@$(RUN) dealpos_reconciler plan $(DEMO) --detailed-exitcode

# Kept bytecode halves the time of every start.
test deep: export PYTHONDONTWRITEBYTECODE =
test: .venv/dev.stamp
	@$(RUN) pytest -q -n auto

DEEP_TESTS = tests/invariants $(shell grep -rl 'tests.support.deep' tests --include='test_*.py')
deep: .venv/dev.stamp
	@DEEP=1 $(RUN) pytest -q -n auto $(DEEP_TESTS)

.venv/browser.stamp: pyproject.toml | .venv/dev.stamp
	@$(PIP) --group browser
	@touch $@

browser: .venv/dev.stamp .venv/browser.stamp
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		{ echo "error: Chromium is not installed; on Debian: apt-get install chromium"; exit 1; }
	@$(RUN) pytest -q tests/render/browser

container: .venv/dev.stamp
	@command -v buildah >/dev/null || \
		{ echo "error: buildah is not installed; on Debian: apt-get install buildah debootstrap"; exit 1; }
	@CONTAINER=1 $(RUN) pytest -q -rs tests/distribution/test_container.py

.venv/docs.stamp: pyproject.toml | .venv/dev.stamp
	@$(PIP) --group docs
	@touch $@

# Material prints an advertisement of its successor unless it is told not to.
docs: .venv/dev.stamp .venv/docs.stamp
	@NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs --quiet build --strict

picture: .venv/dev.stamp .venv/docs.stamp .venv/browser.stamp editor build/editor/monaco.stamp
	@$(RUN) tools.picture
	@$(RUN) tools.editor

guides: .venv/dev.stamp
	@$(RUN) pytest -q tests/docs

lint: .venv/dev.stamp
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@.venv/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	@$(RUN) mypy tools
	@$(RUN) tools.prose

format: .venv/dev.stamp
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

editor: build/editor/2.0.0.stamp
build/editor/2.0.0.stamp:
	@npm install --silent --no-audit --no-fund --prefix build/editor yaml-language-server@2.0.0
	@touch $@

# Monaco is the editor of VS Code, in a page.
build/editor/monaco.stamp:
	@npm install --silent --no-audit --no-fund --prefix build/editor monaco-editor@0.57.0
	@touch $@

man: .venv/run.stamp
	@$(RUN) tools.man

schemas: .venv/run.stamp
	@$(RUN) dealpos_reconciler schema schemas

contract: .venv/dev.stamp
	@CONTRACT=100 $(RUN) pytest -q -n auto --timeout 600 tests/contract

cassettes: .venv/dev.stamp
	@RECORD=1 $(RUN) pytest -q tests/dealpos/test_cassettes.py

requests: .venv/dev.stamp
	@LARGE=1 $(RUN) pytest -q -n auto tests/requests

SEEDS ?= 500
soak: .venv/dev.stamp
	@SEEDS=$(SEEDS) $(RUN) pytest -q -n auto tests/faults/test_soak.py

WORLDS ?= 10000
prefixes: .venv/dev.stamp
	@WORLDS=$(WORLDS) $(RUN) pytest -q -n auto --timeout 600 tests/invariants/test_prefixes.py

RACE ?= 100000
race: .venv/dev.stamp
	@RACE=$(RACE) $(RUN) pytest -q --timeout 1800 tests/provider/test_race.py -k tills_in_a_race

KILLS ?= 20
crash: .venv/dev.stamp
	@KILLS=$(KILLS) KILL_AFTER=2 $(RUN) pytest -q --timeout 1800 tests/provider/test_race.py -k outlives_a_kill

OUTAGE ?= 30
outage: .venv/dev.stamp
	@OUTAGE=$(OUTAGE) $(RUN) pytest -q tests/serve/test_outage.py

.venv/mutation.stamp: pyproject.toml | .venv/dev.stamp
	@$(PIP) --group mutation
	@touch $@

MUTANTS ?= 2000
fuzz: .venv/dev.stamp
	@MUTANTS=$(MUTANTS) $(RUN) pytest -q -n auto --timeout 3600 tests/faults/test_edited.py

SAMPLE ?= 250
mutation: .venv/dev.stamp .venv/mutation.stamp
	@.venv/bin/python tests/mutation.py $(SAMPLE)

bench: .venv/dev.stamp
	@.venv/bin/python tests/benchmarks/run.py $(if $(RELEASE),--release $(RELEASE)) $(SIZES)
	@.venv/bin/python tests/benchmarks/loading.py
	@.venv/bin/python tests/benchmarks/rendering.py

load: .venv/dev.stamp
	@.venv/bin/python tests/benchmarks/load.py

.venv/serve.stamp: pyproject.toml | .venv/run.stamp
	@$(PIP) -e '.[serve]'
	@touch $@

.PHONY: demo-till
demo-till: .venv/serve.stamp
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh examples/till/demo.sh

DIST ?= dist
# The time of the commit is the time of all files in the archives, so that two builds are equal.
dist: .venv/dev.stamp
	@rm -rf $(DIST)
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 1580601600) \
		$(RUN) build --no-isolation --outdir $(DIST)
	@$(RUN) twine check --strict $(DIST)/*.whl $(DIST)/*.tar.gz

# The parts are those of uv.lock with every extra, in an environment without the tools of developers.
sbom: dist
	@$(RUN) uv export --quiet --locked --all-extras --no-dev --no-emit-project --output-file $(DIST)/requirements.txt
	@$(RUN) uv venv --quiet --python .venv/bin/python $(DIST)/environment
	@$(RUN) uv pip install --quiet --python $(DIST)/environment --require-hashes -r $(DIST)/requirements.txt
	@$(RUN) uv pip install --quiet --python $(DIST)/environment --no-deps $(DIST)/*.whl
	@.venv/bin/cyclonedx-py environment --output-reproducible --output-file $(DIST)/sbom.cdx.json $(DIST)/environment
	@.venv/bin/pip-licenses --python $(DIST)/environment/bin/python --format markdown --with-urls \
		--output-file $(DIST)/licences.md >/dev/null
	@rm -rf $(DIST)/environment

# A part that the database does not answer for is an error.
vulnerabilities: sbom
	@$(RUN) pip_audit --strict --disable-pip --require-hashes --requirement $(DIST)/requirements.txt

# requirements.txt is what the action and the container install: the package without extras, and what builds it.
lock: .venv/dev.stamp
	@$(RUN) uv lock
	@$(RUN) uv export --quiet --no-dev --group build --no-emit-project --output-file requirements.txt

clean:
	rm -rf .venv build dist mutants
