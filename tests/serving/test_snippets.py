from pathlib import Path

import pytest

from harness.serving.options import LANGUAGES
from harness.serving.snippets import BEGIN, END, SnippetFacts, snippet

FACTS = SnippetFacts("127.0.0.1:50051", "https://127.0.0.1:8443/token", "shop")
NAMES = ("target", "token_url", "client_id", "ca", "protos", "python")


@pytest.mark.parametrize("ca", [None, Path("/tmp/tls/ca.pem")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_is_whole_and_fits_how_the_lab_speaks(language: str, ca: Path | None) -> None:
    text = snippet(language, SnippetFacts(FACTS.target, FACTS.token_url, FACTS.client_id, ca))
    assert text.startswith(BEGIN.format(language=language))
    assert text.endswith(f"{END}\n")
    assert not [name for name in NAMES if f"@{name}@" in text]
    assert "%tls" not in text
    assert "%plain" not in text
    assert ("/tmp/tls/ca.pem" in text) == (ca is not None)
    assert all(fact in text for fact in (FACTS.target, FACTS.token_url, FACTS.client_id, "CLIENT_SECRET"))
