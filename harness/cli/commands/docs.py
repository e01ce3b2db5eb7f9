"""``jwtstorm docs``: the pages of docs, where the tool is."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from harness.cli.commands import Group, command
from harness.errors import UsageError
from harness.scenario import shipped


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("page", nargs="?", default="", help="a page's name; without one, all are listed")


@command("docs", Group.HERE, add_options)
def run(options: Namespace) -> int:
    """Read the pages of docs in the terminal."""
    pages = shipped.pages()
    if options.page:
        _show(_page(options.page.removeprefix("docs/").removesuffix(".md"), pages))
    else:
        sys.stdout.writelines(f"  {name:<14}{_title(path)}\n" for name, path in pages.items())
    return 0


def _page(name: str, pages: dict[str, Path]) -> Path:
    if name not in pages:
        raise UsageError(f"no page of docs is called {name!r}; there are {', '.join(pages)}")
    return pages[name]


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as page:
        return page.readline().lstrip("# ").strip()


def _show(path: Path) -> None:
    """Print a page: set for reading, page by page, at a terminal; as it stands into a pipe or a file."""
    text = path.read_text(encoding="utf-8")
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    with console.pager(styles=True):
        console.print(Markdown(text))
