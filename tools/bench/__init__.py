"""`scrim bench`: measure, each figure against a named rival in the same run. What is measured how: README.md here."""

from __future__ import annotations

import importlib
import json
import sys
import time
from argparse import Namespace
from collections.abc import Sequence

from tools.bench.result import Result

BENCHES = ("show", "keyer", "composite", "displays", "start", "soak", "gpu")
"""The benches by file name, in the order they run; each is a module with `run(quick=False) -> Result`."""


def run(arguments: Namespace) -> int:
    """Run `arguments.names`, or all; return 1 when a limit does not hold, 2 for a name that is none."""
    unknown = [name for name in arguments.names if name not in BENCHES]
    if unknown:
        print(f"no bench {unknown[0]!r}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    results = []
    for result in measure(arguments.names or BENCHES):
        results.append(result)
        if not arguments.json:
            print(result.as_table(), end="\n\n", flush=True)
    if arguments.json:
        data = {"holds": all(result.holds for result in results), "benches": [each.as_data() for each in results]}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    return 0 if all(result.holds for result in results) else 1


def measure(names: Sequence[str], *, quick: bool = False) -> list[Result]:
    """Run benches one after another; `quick` makes them small and short, to see that they work."""
    results = []
    for name in names:
        begun_ns = time.perf_counter_ns()
        result: Result = importlib.import_module(f"tools.bench.{name}").run(quick=quick)
        result.seconds = (time.perf_counter_ns() - begun_ns) / 1e9
        results.append(result)
    return results
