"""The files of a probe: ``reports/probe/<address>/<UTC>/``, written whole or not at all."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.errors import RecordError
from harness.files import write_whole
from harness.probe.output.junit import junit
from harness.probe.output.page import page
from harness.probe.output.sarif import sarif
from harness.probe.result import ProbeResult


def write(result: ProbeResult, reports: Path, out: Path | None = None) -> Path:
    """Write every file of a probe, and return their folder; ``out`` names another.

    Raises `RecordError` where it cannot be written.
    """
    folder = out or reports / "probe" / _plain(result.address) / re.sub(r"[-:]", "", result.started_utc)[:15]
    texts = {
        "probe.json": result.to_json() + "\n",
        "junit.xml": junit(result),
        "probe.sarif": sarif(result, own_version()),
        "probe.html": page(result),
    }
    try:
        if out is None:
            folder = _fresh(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise RecordError(f"cannot write the probe into {folder}: {error.strerror}; give --out FOLDER") from error
    return folder


def own_version() -> str:
    """Return jwtstorm's version."""
    try:
        return version("jwtstorm")
    except PackageNotFoundError:
        return "0"


def _fresh(folder: Path) -> Path:
    """Return a folder that no other probe of the same second has."""
    place = 2
    fresh = folder
    while fresh.exists():
        fresh = folder.with_name(f"{folder.name}-{place}")
        place += 1
    return fresh


def _plain(address: str) -> str:
    """Return an address as a folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", address).strip("-.") or "target"
