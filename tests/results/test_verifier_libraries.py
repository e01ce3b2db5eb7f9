import pytest

from harness.results.verifier_libraries import spoken_by


@pytest.mark.parametrize(
    ("text", "libraries"),
    [
        ("Jwt is expired", {"Envoy jwt_authn", "jwt_verify_lib", "njwt"}),
        ("token has invalid claims: token is expired", {"golang-jwt v5", "keyfunc"}),
        ("token is expired by 12.25s", {"golang-jwt v4"}),
        ("rpc error: token is expired by 3h2m1.5s", {"golang-jwt v4"}),
        ('Unable to find a signing key that matches: "first-rs256"', {"PyJWT", "google-auth"}),
        ("missing bearer token", {"OpenFGA"}),
    ],
)
def test_a_text_of_few_names_them_whatever_stands_before_it(text: str, libraries: set[str]) -> None:
    assert set(spoken_by(text)) == libraries


def test_words_of_nobody_name_nobody() -> None:
    assert spoken_by("go away") == ()
    assert spoken_by("") == ()
    assert spoken_by(": " * 500) == ()


def test_what_servers_write_themselves_names_no_library() -> None:
    assert "servers in the wild" not in spoken_by("Token is expired")
