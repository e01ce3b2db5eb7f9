"""What comes along beside the code: the scenarios and the pages of docs, in a checkout or installed from a wheel.

A checkout has them next to the package. A wheel puts them where the interpreter's scheme keeps shared data, and its
own record (https://packaging.python.org/en/latest/specifications/recording-installed-packages/) says where that was.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

DISTRIBUTION = "jwtstorm"
CHECKOUT = Path(__file__).parents[2]


def scenarios() -> list[Path]:
    """Return the files of the shipped scenarios, sorted."""
    return _files(CHECKOUT / "scenarios", "*.py", "share/jwtstorm/scenarios")


def pages() -> dict[str, Path]:
    """Return the shipped pages of docs, by name."""
    return {path.stem: path for path in _files(CHECKOUT / "docs", "*.md", "share/doc/jwtstorm")}


def _files(beside: Path, pattern: str, installed: str) -> list[Path]:
    if (CHECKOUT / "pyproject.toml").is_file():
        return sorted(beside.glob(pattern))
    try:
        files = distribution(DISTRIBUTION).files or []
    except PackageNotFoundError:
        return []
    return sorted(Path(str(file.locate())).resolve() for file in files if file.match(f"{installed}/{pattern}"))
