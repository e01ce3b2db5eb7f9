"""Draw a run's pictures, each as PNG and as CSV. Importing this loads matplotlib and pandas."""

from io import BytesIO

import matplotlib as mpl

from harness.report.page import Shown
from harness.report.pictures import PICTURES
from harness.report.story import Story
from harness.report.style import STYLE
from harness.results.run import Run
from harness.results.summary import Summary


def draw(run: Run, summary: Summary) -> list[Shown]:
    """Write each picture that has something to show, as PNG and as CSV, and return them in the page's order."""
    story = Story(run, summary)
    shown = []
    for picture in sorted(PICTURES.values(), key=lambda picture: picture.place):
        with mpl.rc_context(STYLE):
            drawn = picture.draw(story)
            if drawn is None:
                continue
            png = BytesIO()
            drawn.figure.savefig(png, format="png")
        (run.path / f"{picture.name}.png").write_bytes(png.getvalue())
        drawn.table.to_csv(run.path / f"{picture.name}.csv", index=False)
        shown.append(Shown(picture.name, drawn.title, drawn.caption, png.getvalue()))
    return shown
