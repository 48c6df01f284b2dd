.PHONY: check test bench fuzz crash figures

check:
	ruff check .
	ruff format --check .
	mypy

test:
	pytest

bench:
	pytest -n 0 tests/benchmarks

fuzz:
	PYTHONPATH=.:tests python -m fuzz.tally

crash:
	OMP_NUM_THREADS=1 PYTHONPATH=.:tests python -m crash.tally

figures:
	python docs/figures/make_overview.py
