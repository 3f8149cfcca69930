"""`scrim models`: which models there are, how they are had, whether they are whole, and how good they are."""

from __future__ import annotations

import sys
from argparse import Namespace

from engine.models.manifest import known
from engine.models.store import Store, entry, locate


def run(arguments: Namespace) -> int:
    """Do `arguments.action`; return 1 when a model is not what it should be."""
    return {"list": _list, "info": _info, "pull": _pull, "verify": _verify, "eval": _eval, "optimise": _optimise}[
        arguments.action
    ](arguments)


def _list(_: Namespace) -> int:
    store = Store()
    for model in known():
        where = store.find(model)
        print(f"{model.name:24}{model.task:26}{model.licence:14}{where or 'not here'}")
    return 0


def _info(arguments: Namespace) -> int:
    model = entry(arguments.model)
    picture = model.input
    wants = f"a picture, {picture.size[0]}×{picture.size[1]}, {picture.layout}, {picture.channels}, " + (
        f"mean {picture.mean}, std {picture.std}" if picture.mean else f"levels as {picture.range}"
    )
    rows = {
        "task": model.task,
        "licence": model.licence + ("" if model.commercial else ", not for commercial use"),
        "measured": model.measured
        and f"overlap {model.measured.overlap:.3f}, {model.measured.took_ms:g} ms of one core",
        "source": model.source,
        "url": model.url,
        "published": model.conversion and f"not as ONNX: {model.conversion}",
        "sha256": model.sha256,
        "wants": model.wants or wants,
        "gives": model.gives,
        "here": str(Store().find(model) or f"no: `scrim models pull {model.name}`"),
    }
    print(model.name)
    for name, value in rows.items():
        if value:
            print(f"  {name:11}{value}")
    return 0


def _pull(arguments: Namespace) -> int:
    for name in arguments.models:
        model = entry(name)
        print(f"{model.name}: {model.licence}, of {model.source}", flush=True)
        print(Store().pull(model, non_commercial=arguments.non_commercial))
    return 0


def _verify(arguments: Namespace) -> int:
    store = Store()
    wrong = 0
    for model in [entry(name) for name in arguments.models] or known():
        if fault := store.verify(model):
            wrong += 1
            print(fault, file=sys.stderr)
        else:
            print(f"{model.name}: {'whole' if store.find(model) else 'not here'}")
    return 1 if wrong else 0


def _eval(arguments: Namespace) -> int:
    from tools.models import evaluate

    paths = [locate(name) for name in arguments.models]
    return evaluate.run(paths, arguments.set, arguments.sheets, arguments.edges)


def _optimise(arguments: Namespace) -> int:
    from tools.models import optimise

    models = [locate(name) for name in arguments.models]
    return optimise.run(models, arguments.set, arguments.calibrate, arguments.loss, arguments.out)
