# Two commands do all the set-up: `make demo` and `make test`. Both make .venv first, from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
RISKMODEL := $(BIN)/riskmodel
DEMO := demo
# Spark alone is half a gigabyte, mlforecast serves one comparison: who wants them installs them beside the lock.
LOCKED := geo pdf web postgres dask docs dev
export UV_COMPILE_BYTECODE := 1

.PHONY: help demo test test-long docs pictures sessions lint lock licences sbom mutation vulnerabilities browser programs servers benchmark clean

help:
	@echo "make demo       run the whole chain on an invented country, ends with a finished risk list"
	@echo "make test       run the tests"
	@echo "make test-long  run the rest: kills of services and jobs, clusters"
	@echo "make docs       build the docs site into site/, check its links, run what stands on its pages and the notebooks (about 4 minutes)"
	@echo "make pictures   make the pictures of the docs again, after make demo and make docs"
	@echo "make sessions   record the sessions of the docs again, and the keys of --json"
	@echo "make lint       check style, types, the direction of imports, and words"
	@echo "make benchmark  run all timings, on the official files in DATA=FOLDER or an invented country"
	@echo "make lock       renew requirements.lock"
	@echo "make licences   renew docs/licences.md after the lock"
	@echo "make mutation   mutation testing of the core (long), renews docs/mutation.md"
	@echo "make sbom       write sbom.json, a bill of materials (CycloneDX)"
	@echo "make vulnerabilities  ask a public database about every package of the lock (needs the network)"

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) upkeep/machine.py
	@echo "Making the environment in .venv (about a minute) ..."
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/ready
	@rm -rf $(DEMO)
	$(RISKMODEL) example $(DEMO)/files
	$(RISKMODEL) ingest leefbaarometer --workspace $(DEMO)/workspace "$(DEMO)/files/Voorbeeld Leefbaarometer-scores wijken 2002-2020.csv"
	$(RISKMODEL) ingest kwb --workspace $(DEMO)/workspace $(DEMO)/files/voorbeeld_wijk_2016.csv $(DEMO)/files/voorbeeld_wijk_2022.csv
	$(RISKMODEL) ingest boundaries --workspace $(DEMO)/workspace $(DEMO)/files/voorbeeld_wijk_2022.geojson
	$(RISKMODEL) current --workspace $(DEMO)/workspace --municipality "Wolderdam (voorbeeld)"
	$(RISKMODEL) backtest experiments/decline-2y.yaml --workspace $(DEMO)/workspace
	$(RISKMODEL) train experiments/decline-2y.yaml --workspace $(DEMO)/workspace
	$(RISKMODEL) forecast --workspace $(DEMO)/workspace
	$(RISKMODEL) risk-list --workspace $(DEMO)/workspace --municipality "Wolderdam (voorbeeld)" --capacity 10 --out $(DEMO)/risk-list
	@echo
	@echo "The finished risk list (an example: invented areas): $(CURDIR)/$(DEMO)/risk-list/risicolijst.html"

# Pages are tested in a real browser; without one, and without the rights to install it, those tests skip.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
		echo "No chromium: page tests will be skipped. Install your system's chromium package to run them."

# Files for other programs are opened in those programs: maps by GDAL and, where CI is set (it is large), workbooks
# by LibreOffice. Without them, and without the rights to install them, those tests skip.
programs:
	@missing="$$(command -v ogrinfo >/dev/null || echo gdal-bin) $$([ -z "$$CI" ] || command -v soffice >/dev/null || \
		echo libreoffice-calc-nogui)"; \
	[ "$$missing" = " " ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } || \
		echo "Not here: $$missing. Tests that open files with them will be skipped."

test: .venv/ready browser programs
	$(BIN)/python -m pytest -n 2 --dist loadfile -q --durations=12 -m "not long"

# A database server for the service's tables and for MLflow's, and Java for Spark. PySpark is half a gigabyte and not in
# the lock: it comes where Java is, within the bounds of the lock. Without them those tests skip.
servers: .venv/ready
	@ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || command -v pg_ctl >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; } || \
		echo "No PostgreSQL server: tests with one will be skipped."
	@command -v java >/dev/null || { [ -n "$$CI" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null; } || \
		echo "No Java: tests with Spark will be skipped."
	@! command -v java >/dev/null || $(BIN)/python -c "import pyspark" 2>/dev/null || \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint requirements.lock "pyspark>=4.0" || \
		echo "No PySpark: tests with Spark will be skipped."

# Services and jobs that are killed and come back, clusters on this machine.
test-long: .venv/ready servers
	$(BIN)/python -m pytest -n 2 --dist worksteal -q --durations=12 -m long

# mkdocs-material prints a notice about a future MkDocs with every build; it is no warning about these pages.
docs: .venv/ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python upkeep/site_links.py site
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_notebooks.py -k "not site_builds and not official"
	@echo "The site: $(CURDIR)/site/index.html"

pictures: .venv/ready
	$(BIN)/python upkeep/pictures.py $(DEMO) site
	$(BIN)/python upkeep/pictures_mlflow.py $(DEMO)

# Sessions on a terminal for the docs, and the keys of --json: a demonstration of its own, some minutes.
sessions: .venv/ready
	$(BIN)/python upkeep/record_sessions.py

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python upkeep/vocabulary.py

benchmark: .venv/ready
	$(BIN)/python benchmarks/run.py $(if $(DATA),--data "$(DATA)")

lock:
	$(BIN)/uv pip compile pyproject.toml $(LOCKED:%=--extra %) --universal --python-version 3.11 --no-header \
		--no-annotate --generate-hashes --quiet -o requirements.lock

licences: .venv/ready
	$(BIN)/python upkeep/licences.py

sbom: .venv/ready
	$(BIN)/python upkeep/sbom.py

# The only command that tells others what is installed: names and versions, to the database of known vulnerabilities.
vulnerabilities: .venv/ready
	$(BIN)/uv tool run "pip-audit>=2.9,<3" --requirement requirements.lock --require-hashes --disable-pip \
		--vulnerability-service osv --progress-spinner off $(ARGS)

# Changes the code in small ways and looks whether a test notices; takes long, see docs/mutation.md.
mutation: .venv/ready
	$(BIN)/python upkeep/mutation.py

clean:
	rm -rf .venv $(DEMO) site
