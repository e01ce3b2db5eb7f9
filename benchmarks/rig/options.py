"""The options of every benchmark."""

import argparse


def quick(question: str | None) -> bool:
    """Parse a benchmark's command line; return whether short settings were asked for."""
    parser = argparse.ArgumentParser(description=(question or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="short settings: shows that it works, proves nothing")
    return parser.parse_args().quick is True
