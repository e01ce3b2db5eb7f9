from harness.defects import rows
from harness.defects.page import PAGE, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m harness.defects.page"


def test_the_page_tells_of_every_row() -> None:
    text = page()
    assert all(f"### {row.id}: {row.name}" in text for row in rows())
