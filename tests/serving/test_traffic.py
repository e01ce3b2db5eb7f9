from harness.serving.traffic import LabTraffic

ISSUER = {
    "answers": {"client_credentials 200": 3, "refresh_token 400": 1},
    "counters": {"jwks_requests": 1, "discovery_requests": 2},
}
TARGET = {"counters": {"verdicts": {"ok": 1200, "expired": 3}}}


def test_a_line_says_what_was_asked_and_how_it_was_answered() -> None:
    assert LabTraffic.of(ISSUER, TARGET).line() == (
        "calls 1,203: 1,200 ok, 3 token expired; tokens 4: 3 client_credentials 200, 1 refresh_token 400; keys 1; "
        "discovery 2"
    )


def test_only_what_came_since_the_last_look_is_told() -> None:
    now = LabTraffic.of(ISSUER, TARGET)
    later = LabTraffic.of(ISSUER, {"counters": {"verdicts": {"ok": 1200, "expired": 5, "revoked": 1}}})
    assert later.since(now).line() == "calls 3: 2 token expired, 1 token revoked"


def test_nothing_asked_is_no_line() -> None:
    now = LabTraffic.of(ISSUER, TARGET)
    assert (now.since(now).line(), LabTraffic.of({}, {}).line()) == ("", "")


def test_a_part_that_was_started_again_counts_anew() -> None:
    assert LabTraffic(keys=2).since(LabTraffic(verdicts={"ok": 9}, keys=7)).line() == "keys 2"
