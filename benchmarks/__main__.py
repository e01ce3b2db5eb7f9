"""Ask the benchmarks' questions: `python -m benchmarks [--list] [--quick] [NAME...]`.

Each runs in a process of its own, so that none sees another's memory, threads or patched sockets.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def questions() -> dict[str, str]:
    """Return the first line of each benchmark's docstring by name: every file beside this one."""
    files = sorted(path for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    return {path.stem: (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0] for path in files}


def ask(name: str, options: list[str]) -> int:
    """Run one benchmark; return 0 where all its bounds hold."""
    print(f"\n## {name}\n", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode


def main() -> int:
    known = questions()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure jwtstorm; prints the tables.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(known)}")
    parser.add_argument("--list", action="store_true", help="tell the questions and exit")
    parser.add_argument("--quick", action="store_true", help="short settings: shows that it works, proves nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - known.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if options.list:
        print("\n".join(f"{name:<12} {question}" for name, question in known.items()))
        return 0
    failed = [name for name in options.names or known if ask(name, ["--quick"] if options.quick else [])]
    print(f"\nMissed or failed: {', '.join(failed)}" if failed else "\nEvery bound holds.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
