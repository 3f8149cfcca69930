"""`scrim bench`: measure, each figure against a named rival in the same run. What is measured how: README.md here."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path

from tools.bench.result import Result

BENCHES = (
    *("show", "pacing", "keyer", "refine", "align", "flicker", "composite", "light", "particles", "displays"),
    *("latency", "fanout", "cadence", "hotplug", "start", "preview", "soak", "gpu"),
    *("inference", "ipc", "server"),
)
"""The benches by file name, in the order they run; each is a module with `run(quick=False) -> Result`."""

LONG = ("broadcast",)
"""Those that run only when they are named: a quarter of an hour and more."""

BUSY_CORES = 0.1
"""What other programs may use before it is said."""


def run(arguments: Namespace) -> int:
    """Run `arguments.names`, or all; return 1 when a limit does not hold, 2 for a name that is none."""
    unknown = [name for name in arguments.names if name not in BENCHES + LONG]
    if unknown:
        print(f"no bench {unknown[0]!r}; there are {', '.join(BENCHES + LONG)}", file=sys.stderr)
        return 2
    if arguments.replay is not None and arguments.names != ["pacing"]:
        print("--replay is for pacing: scrim bench pacing --replay FILE", file=sys.stderr)
        return 2
    if arguments.sheet is not None:
        sheets = importlib.import_module("tools.bench.sheets").write(arguments.sheet)
        print("\n".join(map(str, sheets)) or "no shared media (set SCRIM_MEDIA): there is nothing to show")
        return 0
    results = []
    for name in arguments.names or BENCHES:
        results.append(take(name, log=arguments.replay))
        if not arguments.json:
            print(results[-1].as_table(), end="\n\n", flush=True)
    if arguments.json:
        data = {"holds": all(result.holds for result in results), "benches": [each.as_data() for each in results]}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    return 0 if all(result.holds for result in results) else 1


def take(name: str, *, quick: bool = False, log: Path | None = None) -> Result:
    """Run one bench; `quick` makes it small and short, to see that it works; `log` is what pacing plays back."""
    from tools.bench.measure import Others

    others = Others()
    begun_ns = time.perf_counter_ns()
    bench = importlib.import_module(f"tools.bench.{name}")
    result: Result = bench.run(quick=quick) if log is None else bench.replay(log)
    result.seconds = (time.perf_counter_ns() - begun_ns) / 1e9
    if not result.skipped and (cores := others.cores) is not None and cores > BUSY_CORES:
        result.notes.append(f"other programs used {cores:.1f} of {os.cpu_count()} cores meanwhile: expect too much")
    return result
