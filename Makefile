# Lineside. `make demo` shows it, `make test` tests it; each makes the Python environment it needs (.venv) by itself.
#
#   make demo                   a small plant with a real Tryton, simulated operators, everything running; Ctrl-C ends it
#   make demo ARGS=--once       the closed loop once: works the orders, compares both ledgers, ends
#   make demo ERP=sandbox       with the practice ERP instead of Tryton (quicker)
#   make test ARGS="-k report"  pytest's own options go into ARGS
PYTHON ?= python3
ERP ?= tryton
ARGS ?=
RUN = @$(PYTHON) deploy/bootstrap.py

.PHONY: demo test check dev bench full lock clean

demo:
	$(RUN) base -m deploy.demo --erp $(ERP) $(ARGS)

test:
	$(RUN) dev -m deploy.test $(ARGS)

check:
	$(RUN) dev -m deploy.check

dev:
	$(RUN) dev -m deploy.dev $(ARGS)

bench:
	$(RUN) dev -m benchmarks $(ARGS)

# What takes too long for every change: the long kill -9 run, on SQLite and on PostgreSQL.
full:
	$(RUN) dev -m deploy.test --full $(ARGS)

lock:
	$(RUN) dev deploy/lock.py $(ARGS)

clean:
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
