"""Model files on this machine: found by their checksum wherever they lie, and fetched whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.errors import ModelError
from engine.models.manifest import BUILT_IN, Known, Measured, find, known

CHUNK = 1 << 16
TIMEOUT_S = 20.0

QUICK_MS = 10.0
"""A model may take so long, of one core, to be chosen by itself: a third of a picture's time at 30 Hz."""

QUICKER = 0.8
"""A model that stands in for another takes less than so much of its time; a smaller gain is not worth another look."""

SURELY_QUICKER = 0.25
"""The same where only the time on air is known: what else runs then makes it longer than that of a quiet machine."""

RANGE_REFUSED = 416
PARTIAL = 206


class Store:
    """A folder of models under their names, and a folder of files at hand under any name.

    The first is `scrim/models` in the user's data folder, or `folder`; the second is what SCRIM_MODELS names, or
    `at_hand`. Fails: ModelError, one line with the remedy.
    """

    def __init__(self, folder: Path | None = None, at_hand: Path | None = None) -> None:
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        self.folder = folder or Path(data) / "scrim" / "models"
        named = os.environ.get("SCRIM_MODELS")
        self.at_hand = at_hand or (Path(named) if named else None)
        if self.at_hand is not None and not self.at_hand.is_dir():
            raise ModelError(f"SCRIM_MODELS: {self.at_hand} is no folder: name one with model files, or unset it")

    def path(self, model: Known) -> Path:
        """Return where the store keeps this model, there or not; one without a URL comes with Scrim."""
        return (self.folder if model.url else BUILT_IN.parent) / f"{model.name}.onnx"

    def find(self, model: Known) -> Path | None:
        """Return a whole file of this model, or None."""
        return next((path for path in self._candidates(model) if digest(path) == model.sha256), None)

    def best(self) -> Path:
        """Return the person segmentation model on this machine that is the most accurate of the quick ones."""
        quick = (model for model, measured in _rated() if measured.took_ms < QUICK_MS)
        if (path := next(filter(None, map(self.find, quick)), None)) is not None:
            return path
        raise ModelError("Scrim's own network is not what it was: install Scrim anew, or name another with model")

    def lighter(self, path: Path, took_ms: float) -> Path | None:
        """Return what finds people in less time than the model at `path`, which takes `took_ms` on air; None if none.

        The smallest variant that `scrim models optimise` kept of it, beside it or in the store; else the most accurate
        of the known ones that are at hand and clearly quicker.
        """
        whole = digest(path)
        variants = [
            variant
            for folder in {path.parent.absolute(), self.folder.absolute()}
            for variant in sorted(folder.glob("*.onnx"))
            if _made_of(variant) == whole
        ]
        if variants:
            return min(variants, key=lambda variant: variant.stat().st_size)
        rated = _rated()
        known_ms = next((measured.took_ms for model, measured in rated if model.sha256 == whole), None)
        most_ms = SURELY_QUICKER * took_ms if known_ms is None else QUICKER * known_ms
        quicker = (model for model, measured in rated if measured.took_ms < most_ms)
        return next(filter(None, map(self.find, quicker)), None)

    def verify(self, model: Known) -> str:
        """Return what is wrong with the store's file of this model, or nothing. It need not be there."""
        path = self.path(model)
        if not path.exists() or (found := digest(path)) == model.sha256:
            return ""
        remedy = f"`scrim models pull {model.name}`" if model.url else "install Scrim anew"
        return f"{path}: SHA-256 is {found}, not {model.sha256}: {remedy}"

    def pull(self, model: Known, *, non_commercial: bool = False, quiet: bool = False) -> Path:
        """Return the store's whole file of this model, fetched if need be.

        Fails: ModelError when the licence is refused, when nothing whole comes, or when the publisher has no ONNX file;
        then the verified file of the publisher is kept beside where the model would be.
        """
        if not model.commercial and not non_commercial:
            raise ModelError(
                f"{model.name}: its licence, {model.licence}, forbids commercial use: pull it with --non-commercial "
                "if yours is none"
            )
        path = self.path(model)
        found = self.find(model)
        self.folder.mkdir(parents=True, exist_ok=True)
        if found is not None:
            if found != path:
                _take(lambda part: shutil.copyfile(found, part), path, model.sha256)
            return path
        if not model.url:
            raise ModelError(f"{path}: it comes with Scrim, but is not what it was: install Scrim anew")
        if not model.conversion:
            self._fetch(model, path, model.sha256, quiet)
            return path
        published = self.folder / f"{model.name}{Path(urllib.parse.urlsplit(model.url).path).suffix}"
        if model.published_sha256 is not None and not (
            published.exists() and digest(published) == model.published_sha256
        ):
            self._fetch(model, published, model.published_sha256, quiet)
        what = f"{published} is what its publisher has" if published.exists() else f"its publisher has {model.url}"
        raise ModelError(
            f"{model.name}: {what}, which is not ONNX: convert it ({model.conversion}), or put the ONNX file with "
            f"SHA-256 {model.sha256} into a folder that SCRIM_MODELS names"
        )

    def _candidates(self, model: Known) -> Iterator[Path]:
        """Files that may be the model, the likely ones first."""
        if self.path(model).is_file():
            yield self.path(model)
        if self.at_hand is not None:
            files = [path for path in self.at_hand.rglob("*") if path.is_file()]
            yield from sorted(files, key=lambda path: (path.stem != model.name, path))

    def _fetch(self, model: Known, path: Path, sha256: str, quiet: bool) -> None:
        """Download to `path`, going on where an earlier try ended."""
        try:
            _take(lambda part: _download(model.url, part, quiet), path, sha256)
        except (OSError, HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError):
                reason = f"the server says {error.code} {error.reason}"
            else:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            raise ModelError(
                f"{model.name}: {model.url} cannot be fetched: {reason}: pull again to go on where it ended, or on a "
                f"machine without a network fetch it elsewhere into a folder that SCRIM_MODELS names (HTTPS_PROXY "
                "names a proxy)"
            ) from None


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rated() -> list[tuple[Known, Measured]]:
    """Return the known models that find people, the most accurate first."""
    rated = [(model, model.measured) for model in known() if model.measured is not None]
    return sorted(rated, key=lambda each: -each[1].overlap)


def _made_of(model: Path) -> str | None:
    """Return the checksum of what a file is a variant of, as its sidecar says."""
    if not model.with_suffix(".toml").exists():
        return None
    try:
        return find(model).made_of
    except ModelError:
        return None


def _take(write: Any, path: Path, sha256: str) -> None:
    """Have a file written beside `path`, and put it there only when it is whole."""
    part = path.with_name(path.name + ".part")
    write(part)
    found = digest(part)
    if found != sha256:
        with part.open("rb") as file:
            page = file.read(64).lstrip().startswith(b"<")
        part.unlink()
        what = "a web page came instead of the model" if page else f"SHA-256 is {found}, not {sha256}"
        raise ModelError(f"{path.name}: {what}, and it was thrown away: pull again; if it stays so, the server lies")
    part.replace(path)


def _download(url: str, part: Path, quiet: bool) -> None:
    """Add to `part` what it lacks. Fails: OSError and HTTPException, with what came so far kept."""
    begun = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={begun}-"} if begun else {})
    try:
        # An opener of its own: the one that `urlopen` keeps would not hear of a proxy named later.
        answer = urllib.request.build_opener().open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != RANGE_REFUSED:
            raise
        return  # there is no more: the checksum tells whether that is all
    with answer:
        if answer.status != PARTIAL:
            begun = 0
        length = answer.headers.get("Content-Length")
        total = begun + int(length) if length else None
        with (
            part.open("ab" if begun else "wb") as file,
            tqdm(total=total, initial=begun, unit="B", unit_scale=True, desc=part.stem, disable=quiet) as bar,
        ):
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        if total is not None and part.stat().st_size < total:
            raise OSError(f"it ended after {part.stat().st_size} of {total} bytes")


def is_known(name: str) -> bool:
    """Whether there is a known model of this name."""
    return any(each.name == name for each in known())


def entry(name: str) -> Known:
    """Return a known model. Fails: ModelError."""
    entries = known()
    found = next((each for each in entries if each.name == name), None)
    if found is None:
        raise ModelError(f"there is no model {name!r}: there are {', '.join(each.name for each in entries)}")
    return found


def locate(name: str) -> Path:
    """Return the file of a model that is named by its path or as the manifest does. Fails: ModelError."""
    if Path(name).exists() or Path(name).suffix:
        return Path(name)
    found = Store().find(entry(name))
    if found is None:
        raise ModelError(f"{name}: it is not on this machine: `scrim models pull {name}`")
    return found
