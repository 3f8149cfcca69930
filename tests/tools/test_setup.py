"""The set-up scripts, with a Python and a uv that only write down what is asked of them; and what the locks hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

LOCKS = ("cpu", "gpu", "test")

PYTHON = """#!/bin/bash
# Stands for Python, pip and, copied, for the venv's programs: writes down what it is asked, and does nothing else.
echo "$(basename "$0") $*" >>"$ASKED"
[[ -z ${FAIL:-} || "$*" != *"$FAIL"* ]] || exit 1
if [[ $* == "-m venv"* ]]; then
    venv="${!#}"
    mkdir -p "$venv/bin" && for name in python uv scrim; do cp "$0" "$venv/bin/$name"; done
fi
[[ $* != *install* ]] || sleep 0.05
"""


class Clone:
    """A copy of the scripts in a folder with a space, on a system where everything but .venv is there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone"
        (self.root / "tools").mkdir(parents=True)
        for name in ("tools/run", "tools/test", "tools/setup", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root / name)
        shutil.copytree(ROOT / "tools" / "lock", self.root / "tools" / "lock")
        programs = folder / "bin"
        programs.mkdir()
        (programs / "python3.11").write_text(PYTHON)
        (programs / "uname").write_text("#!/bin/bash\necho Elsewhere\n")  # where no system package is looked for
        for program in programs.iterdir():
            program.chmod(0o755)
        self.log = folder / "asked"
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}", "ASKED": str(self.log), "HOME": str(folder)}

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.root / command[0]), *command[1:]],
            cwd="/",
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def asked(self, *command: str, **environment: str) -> list[str]:
        """Run a script and return what was asked of the programs meanwhile; `error` is what it said."""
        self.log.write_text("")
        process = self.start(*command, **environment)
        _, self.error = process.communicate(timeout=60)
        self.status = process.returncode
        return self.log.read_text().splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_tritons_of_older_locks_go_when_none_has_used_them_for_a_month(clone: Clone, tmp_path: Path) -> None:
    for name in ("tools/triton", "tools/lock/triton.txt"):
        shutil.copy(ROOT / name, clone.root / name)
    (tmp_path / "bin" / "uname").write_text("#!/bin/bash\necho Linux x86_64\n")
    caches = tmp_path / "caches" / "scrim"
    now = time.time()
    for name, days in (("triton-1", 40), ("triton-2", 20), ("engines", 40)):
        (caches / name / "bin").mkdir(parents=True)
        os.utime(caches / name, (now, now - 86_400 * days))
    for _ in range(2):
        clone.asked("tools/triton", XDG_CACHE_HOME=str(caches.parent))
        assert clone.status == 0, clone.error
        (own,) = {path.name for path in caches.iterdir()} - {"triton-2", "engines"}
        os.utime(caches / own, (now, now - 86_400 * 40))  # it is used again after a long time


def test_the_first_start_sets_up_and_the_second_only_runs(clone: Clone) -> None:
    first = "\n".join(clone.asked("tools/run", "scenes/a b.toml", "--seconds", "1"))
    for part in (
        "-m venv",
        "uv pip install --quiet --require-hashes",
        "cpu.txt",
        "--editable",
        "scrim run scenes/a b.toml",
    ):
        assert part in first
    assert "setting up .venv, once" in clone.error
    assert clone.asked("tools/run", "scenes/a b.toml") == ["scrim run scenes/a b.toml"]
    assert (clone.status, clone.error) == (0, "")


def test_the_tests_hold_all_that_a_show_needs(clone: Clone) -> None:
    assert clone.asked("tools/test", "-k", "mask")[-1] == "python -m pytest -k mask"
    assert clone.asked("tools/run") == ["scrim run"]
    clone.asked("tools/test")
    assert clone.error == ""


def test_a_show_alone_lacks_what_tests_need(clone: Clone) -> None:
    clone.asked("tools/run")
    assert any("test.txt" in line for line in clone.asked("tools/test"))


def test_the_other_runtime_is_another_set_up(clone: Clone) -> None:
    clone.asked("tools/run")
    assert any("gpu.txt" in line for line in clone.asked("tools/run", SCRIM_EXTRA="gpu"))
    (clone.root / ".venv/lib/python3.11/site-packages/onnxruntime_gpu-1.31.1.dist-info").mkdir(parents=True)
    assert any("uninstall --yes onnxruntime onnxruntime-gpu" in line for line in clone.asked("tools/run"))


@pytest.mark.parametrize("changed", ["pyproject.toml", "tools/lock/cpu.txt"])
def test_a_changed_requirement_is_installed(clone: Clone, changed: str) -> None:
    clone.asked("tools/run")
    with (clone.root / changed).open("a") as file:
        file.write("# changed\n")
    asked = "\n".join(clone.asked("tools/run"))
    assert "--require-hashes" in asked
    assert "-m venv" not in asked


def test_a_moved_repository_is_set_up_again(clone: Clone) -> None:
    clone.asked("tools/run")
    clone.root = clone.root.rename(clone.root.with_name("moved"))
    assert any("--editable" in line for line in clone.asked("tools/run"))


def test_a_failed_set_up_begins_again(clone: Clone) -> None:
    assert not any(line.startswith("scrim") for line in clone.asked("tools/run", FAIL="install"))
    assert clone.status == 1
    assert "uv did not manage, now the same with pip" in clone.error
    assert "could not be installed" in clone.error
    asked = clone.asked("tools/run")
    assert "-m venv" in "\n".join(asked)
    assert asked[-1] == "scrim run"


def test_without_uv_pip_installs_the_same(clone: Clone) -> None:
    asked = clone.asked("tools/run", FAIL="uv.txt")
    assert [line for line in asked if "pip --quiet" in line and "--requirement" in line and "cpu.txt" in line]
    assert asked[-1] == "scrim run"


@pytest.mark.skipif(not shutil.which("flock"), reason="starts take turns only where flock is")
def test_starts_at_the_same_time_set_up_once(clone: Clone) -> None:
    starts = [clone.start("tools/run", str(number)) for number in range(3)]
    assert [start.wait(60) for start in starts] == [0, 0, 0]
    for start in starts:
        start.communicate()
    asked = clone.log.read_text().splitlines()
    assert sum("-m venv" in line for line in asked) == 1
    assert sum("--editable" in line for line in asked) == 1
    assert sorted(line for line in asked if line.startswith("scrim")) == [f"scrim run {number}" for number in range(3)]


def test_without_python_one_line_says_what_to_install(clone: Clone) -> None:
    for name in ("python3.11", "python3.12", "python3.13", "python3.14", "python3"):
        python = clone.log.with_name("bin") / name
        python.write_text("#!/bin/bash\nexit 1\n")
        python.chmod(0o755)
    clone.asked("tools/run")
    assert clone.status == 1
    assert clone.error.splitlines()[-1].startswith("scrim: install Python 3.11 or newer first")


def test_an_unknown_extra_is_refused(clone: Clone) -> None:
    clone.asked("tools/run", SCRIM_EXTRA="tpu")
    assert clone.status == 1
    assert clone.error == "scrim: there is no tools/lock/tpu.txt: SCRIM_EXTRA is cpu or gpu\n"


@pytest.mark.parametrize(
    ("user", "status", "said", "asked"),
    [
        (0, 0, ["scrim: installing libvulkan1 xvfb"], ["install", "update", "install"]),
        (
            1000,
            1,
            [
                "scrim: install libvulkan1 xvfb (Debian and Ubuntu: sudo apt-get install libvulkan1 xvfb; "
                "elsewhere the same by other names)"
            ],
            [],
        ),
    ],
)
def test_system_packages_are_installed_by_root_alone(
    clone: Clone, user: int, status: int, said: list[str], asked: list[str]
) -> None:
    """An apt-get that knows no packages before its first update."""
    apt = 'echo "$1" >>"$ASKED"; [[ $1 == update ]] || [[ $(<"$ASKED") == *update* ]]'
    for name, body in (("id", f"echo {user}"), ("apt-get", apt)):
        program = clone.log.with_name("bin") / name
        program.write_text(f"#!/bin/bash\n{body}\n")
        program.chmod(0o755)
    clone.log.write_text("")
    done = subprocess.run(
        ["bash", "-c", "source tools/setup; install_system_packages libvulkan1 xvfb"],
        cwd=clone.root,
        env=clone.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()) == (status, said)
    assert clone.log.read_text().split() == asked


def test_uv_looks_where_pip_would(clone: Clone, tmp_path: Path) -> None:
    settings = r"""
        :env:.find-links='/some/wheels /more'
        global.extra-index-url='\nfile:///a/simple\nfile:///b/simple'
        global.index-url='file:///mirror/simple'
    """
    script = f"""
        source tools/setup
        pip_settings=$(cat '{tmp_path}/settings')
        for name in index-url extra-index-url find-links proxy; do pip_setting "$name"; done
    """
    (tmp_path / "settings").write_text("\n".join(line.strip() for line in settings.splitlines()))
    found = subprocess.run(["bash", "-c", script], cwd=clone.root, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == [
        "file:///mirror/simple",
        "file:///a/simple file:///b/simple",
        "/some/wheels /more",
    ]


def locked(name: str) -> dict[str, set[str]]:
    """Every package of a lock with its versions; each has hashes."""
    found: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / "tools" / "lock" / f"{name}.txt").read_text().strip()):
        package, version = re.match(r"(\S+)==(\S+)", entry).groups()  # type: ignore[union-attr]
        assert "--hash=sha256:" in entry, package
        found.setdefault(package, set()).add(version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place(name: str) -> None:
    text = (ROOT / "tools" / "lock" / f"{name}.txt").read_text()
    assert not re.search(r"://|^\s*-[^-]|--(index|extra-index|find-links)|\s@\s|(^|\s)/", text, re.MULTILINE)


@pytest.mark.parametrize(("name", "extras"), [("cpu", ["cpu"]), ("gpu", ["gpu"]), ("test", ["cpu", "test"])])
def test_a_lock_holds_what_the_project_asks_for(name: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], "uv", "hatchling", "editables"]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    held = locked(name)
    for requirement in map(Requirement, wanted):
        versions = held.get(canonicalize_name(requirement.name))
        assert versions, f"run tools/lock/update: {requirement} is missing"
        assert all(version in requirement.specifier for version in versions), f"run tools/lock/update: {requirement}"


def test_locks_agree_and_keep_the_runtimes_apart() -> None:
    cpu, gpu, test = map(locked, LOCKS)
    assert cpu.items() <= test.items()
    of_cards = {"onnxruntime-gpu", "nvidia-ml-py"}
    assert {package: versions for package, versions in gpu.items() if package not in of_cards}.items() <= cpu.items()
    assert "onnxruntime" not in gpu
    assert "onnxruntime-gpu" not in test
