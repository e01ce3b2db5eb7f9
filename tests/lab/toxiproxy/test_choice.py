from harness.lab.toxiproxy.choice import choose


def test_the_one_that_is_named_comes_first() -> None:
    choice = choose({"TOXIPROXY_URL": "http://box:8474"}, lambda _: "/bin/toxiproxy-server")
    assert (choice.kind, choice.url, choice.path) == ("url", "http://box:8474", None)
    assert "TOXIPROXY_URL names it" in choice.text()


def test_a_name_without_a_scheme_is_http() -> None:
    assert choose({"TOXIPROXY_URL": "box:8474"}, lambda _: None).url == "http://box:8474"


def test_the_one_that_is_installed_comes_second() -> None:
    choice = choose({}, lambda name: f"/bin/{name}")
    assert (choice.kind, choice.url, choice.path) == ("binary", None, "/bin/toxiproxy-server")


def test_the_embedded_one_serves_everywhere_else_and_says_why() -> None:
    choice = choose({"TOXIPROXY_URL": " "}, lambda _: None)
    assert (choice.kind, choice.url, choice.path) == ("embedded", None, None)
    assert choice.text() == "embedded proxy: TOXIPROXY_URL is not set and toxiproxy-server is not on PATH"
