"""The one command line: `scrim COMMAND`. What a command needs is imported only when it runs."""

from __future__ import annotations

import argparse
import atexit
import importlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from engine.errors import ShowError

HELLO = Path(__file__).parents[1] / "scenes" / "hello.toml"

FAILED = 2
INTERRUPTED = 130

STUCK_S = 1.0
"""How long runs of a model that were left behind may take to end, when all else has."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 well, 1 a check failed, 2 a mistake of the author or the machine."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = importlib.import_module(arguments.module).run(arguments)
    except ShowError as error:
        print(error, file=sys.stderr)
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    models = sys.modules.get("engine.models.runtime")
    if models is not None and models.wait_for_stuck(STUCK_S):
        # A thread that is stuck in a driver would be torn out of it when Python ends, which aborts (exit code 134).
        atexit.register(_end_at_once, code)
    return code


def _end_at_once(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scrim", description="A real-time compositor for live shows.")
    parser.add_argument("--version", action=_Version, nargs=0, help="say which Scrim this is")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = _command(commands, "run", "tools.live", "run a show until it is closed")
    run.add_argument("scene", nargs="?", type=Path, default=HELLO, metavar="SCENE", help="a TOML file; else hello.toml")
    run.add_argument("--headless", action="store_true", help="make every window an offscreen display")
    run.add_argument("--seconds", type=_seconds, metavar="N", help="stop after this long")
    run.add_argument("--record", action="append", default=[], metavar="FILE[=DISPLAY]", help="record a display")
    run.add_argument(
        "--depth-bits", type=int, choices=(8, 10), default=8, help="bits of each colour of what is recorded; 10 is HEVC"
    )
    run.add_argument("--report", type=Path, metavar="FILE.json", help="write how it went")
    run.add_argument(
        "--trace", type=Path, metavar="FILE.json", help="write where the last minutes' time went (Perfetto)"
    )
    run.add_argument("--record-timing", type=Path, metavar="FILE", help="write when what happened, for bench --replay")
    run.add_argument(
        "--clock", choices=("real", "step"), default="real", help="step renders every tick, however long it takes"
    )
    _add_set(run)

    check = _command(commands, "check", "tools.check", "say what is wrong with scenes")
    check.add_argument("scenes", nargs="+", type=Path, metavar="SCENE", help="a TOML file")

    bench = _command(commands, "bench", "tools.bench", "measure, each figure against a named rival")
    bench.add_argument("names", nargs="*", metavar="NAME", help="which benches; else all but the long ones")
    bench.add_argument("--replay", type=Path, metavar="FILE", help="pacing: meet a show's log")
    bench.add_argument("--sheet", type=Path, metavar="DIR", help="write before / after pictures, and no more")
    _add_json(bench)

    _add_json(_command(commands, "doctor", "tools.doctor", "say what this machine can do"))

    snapshot = _command(commands, "snapshot", "tools.snapshot", "write one picture of a scene")
    snapshot.add_argument("scene", type=Path, metavar="SCENE", help="a TOML file")
    snapshot.add_argument("--at", type=_seconds, required=True, metavar="SECONDS", help="the show's time")
    snapshot.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.png", help="where to write it")
    snapshot.add_argument("--display", metavar="NAME", help="which display; else the first")
    snapshot.add_argument(
        "--depth-bits", type=int, choices=(8, 16), default=8, help="bits of each colour; 16 without dither, as a PNG"
    )
    _add_set(snapshot)

    new = _command(commands, "new", "tools.new", "begin a scene of your own as one of the examples")
    new.add_argument("name", nargs="?", type=Path, metavar="NAME", help="NAME.toml is written; without it a list")
    new.add_argument("--like", default="hello", metavar="EXAMPLE", help="which example; else hello")
    new.add_argument("--list", action="store_true", help="say which examples there are")

    preview = _command(commands, "preview", "tools.preview.app", "see a scene, turn its knobs, keep what you like")
    preview.add_argument("scene", type=Path, metavar="SCENE", help="a TOML file")
    preview.add_argument(
        "--screenshot", type=Path, metavar="FILE.png", help="draw the whole window into a file instead"
    )
    preview.add_argument("--size", type=_size, metavar="WIDTHxHEIGHT", help="of the window; else 1440x900")
    preview.add_argument("--at", type=_seconds, default=0.0, metavar="SECONDS", help="the show's time in it")

    _add_models(_command(commands, "models", "tools.models", "list, fetch, check and measure neural networks"))

    reference = _command(commands, "reference", "tools.reference", "write the reference page and the editors' schema")
    reference.add_argument("--open", action="store_true", help="open the page, as it is for this version")
    reference.add_argument("--check", action="store_true", help="only say whether they are current")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, module: str, words: str
) -> argparse.ArgumentParser:
    """Add a command that is `run(arguments) -> int` of a module."""
    command = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
    command.set_defaults(module=module)
    return command


def _add_models(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="say which models there are, and where")
    actions.add_parser("info", help="say all that is known of one").add_argument("model", metavar="NAME")
    pull = actions.add_parser("pull", help="fetch models, whole or not at all")
    pull.add_argument("models", nargs="+", metavar="NAME")
    pull.add_argument("--non-commercial", action="store_true", help="take licences that forbid commercial use")
    verify = actions.add_parser("verify", help="compare what was fetched with its checksums")
    verify.add_argument("models", nargs="*", metavar="NAME", help="else all")
    evaluate = actions.add_parser("eval", help="measure person segmentation on pictures whose truth is known")
    evaluate.add_argument("models", nargs="+", metavar="MODEL", help="a name, or an ONNX file")
    evaluate.add_argument("--set", type=Path, required=True, metavar="FOLDER", help="masks, and clips or images")
    evaluate.add_argument("--edges", action="store_true", help="each also with Scrim's network of edges behind it")
    evaluate.add_argument("--sheets", type=Path, metavar="FOLDER", help="write contact sheets into it")
    optimise = actions.add_parser("optimise", help="make FP16 and INT8 variants; keep what is faster and as good")
    optimise.add_argument("models", nargs="+", metavar="MODEL", help="a name, or an ONNX file")
    optimise.add_argument("--set", type=Path, required=True, metavar="FOLDER", help="masks, and clips or images")
    optimise.add_argument(
        "--calibrate", type=Path, nargs="+", required=True, metavar="PATH",
        help="pictures, folders or films of what it will see, as `scrim run --record` writes",
    )  # fmt: skip
    optimise.add_argument("--loss", type=float, default=0.005, metavar="IOU", help="how much may be lost; else 0.005")
    optimise.add_argument("--out", type=Path, metavar="FOLDER", help="where to keep them; else with the store's models")


def _add_set(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="ENTITY.COMPONENT.FIELD=VALUE",
        help="say a field otherwise than the scene does; +ENTITY… adds one that the scene lacks",
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="for programs")


class _Version(argparse.Action):
    """Print the version and end; the installed package knows it, and is asked only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"scrim {metadata.version('scrim')}")
        parser.exit()


def _seconds(text: str) -> float:
    """Read a time that is neither negative nor endless."""
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError
    return seconds


def _size(text: str) -> tuple[int, int]:
    """Read a width and a height that a window may have."""
    width, height = map(int, text.lower().split("x"))
    if not (320 <= width <= 16384 and 240 <= height <= 16384):
        raise ValueError
    return width, height


_size.__name__ = "size such as 1440x900"
_seconds.__name__ = "number of seconds"  # what argparse calls it in its message


if __name__ == "__main__":
    sys.exit(main())
