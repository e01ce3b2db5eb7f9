"""Write the stubs of the packages that give names of a registry, for type checkers and editors: ``make stubs``.

At run time the names come from the registries, so that a new file is enough; nobody edits a stub.
"""

import sys
from pathlib import Path

import harness
import harness.faults
from harness.registry import Names

HEAD = "# Made by `make stubs` from the registries: what the package gives, for type checkers and editors.\n"
PACKAGES = (harness.NAMES, harness.faults.NAMES)


def stubs() -> dict[Path, str]:
    """Return the text of each stub by its file."""
    root = Path(harness.__file__).parent.parent
    return {root / names.package.replace(".", "/") / "__init__.pyi": stub(names) for names in PACKAGES}


def stub(names: Names) -> str:
    """Return the stub of a package that gives these names."""
    kinds = names.registered()
    given = {name: (home, name) for name, home in names.homes.items()}
    given |= {name: (kind.__module__, kind.__name__) for name, kind in kinds.items()}
    lines = sorted(f"from {home} import {own} as {name}\n" for name, (home, own) in given.items())
    every = "".join(f'    "{name}",\n' for name in names.all())
    return f"{HEAD}\nfrom harness.registry import Names\n{''.join(lines)}\nNAMES: Names\n\n__all__ = [\n{every}]\n"


def main() -> int:
    """Write every stub that is not as it should be, and name it."""
    for path, text in stubs().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
