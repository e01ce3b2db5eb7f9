"""Needs: what a fault acts on, and why a target or an issuer of your own cannot give it. Pure."""

from harness.endpoint import ROUND_ROBIN, Endpoint
from harness.endpoint.address import is_unix
from harness.lab.processes.launch import ISSUER_WORDS, Launch

Target = str | Endpoint | Launch | None
"""What a scenario's ``target=`` may be."""
_START_IT = 'let the harness start it: target=Launch(["./server", "--port", "{port}"])'


def refusal(need: str, target: Target, *, own_issuer: bool) -> str | None:
    """Return why a need is not met, with the way out; None where it is.

    ``need`` is one of `harness.faults.Fault.needs`; ``own_issuer`` says that tokens come from elsewhere than the lab.
    """
    if need == "process":
        met = target is None or isinstance(target, Launch)
        return None if met else f"it needs the target's process; {_START_IT}, or drop this step"
    if need == "clock":
        return _clock(target)
    if (need == "target" and target is not None) or (need == "issuer" and own_issuer):
        return f"it needs the lab's own {need}; drop {need}= or this step"
    if need == "link:issuer" and own_issuer:
        return "the issuer link is the lab's; drop issuer= or this step"
    if need == "link:jwks" and (own_issuer or not _asks_for_keys(target)):
        return "the jwks link runs between the lab's own parts; drop target= and issuer="
    return None


def misfits(target: Target, *, own_issuer: bool) -> list[str]:
    """Return how a target and an issuer do not go together, one sentence each."""
    if own_issuer and target is None:
        return ["scenario: the lab's target takes its own issuer's tokens only; give target= too, or drop issuer="]
    if not isinstance(target, Launch):
        alone = target is not None and not own_issuer
        return ["scenario: target= is your own, so say where its tokens come from; give issuer="] if alone else []
    told = target.uses(*ISSUER_WORDS)
    if own_issuer and told:
        return [f"launch: {' and '.join(ISSUER_WORDS)} are the lab's issuer; drop them, or issuer="]
    if not own_issuer and not told:
        words = " or ".join(ISSUER_WORDS)
        return [f"launch: the program is not told whose tokens it gets; put {words} into its command, or give issuer="]
    return []


def unproxied(endpoint: Endpoint | None, links: frozenset[str]) -> list[str]:
    """Return why the target link cannot have a proxy on it, where ``links`` says that it needs one."""
    if endpoint is None or "target" not in links:
        return []
    if len(endpoint.addresses) > 1:
        return ["scenario: a fault on the target link takes one address; name one replica, or drop the step"]
    if endpoint.addresses and is_unix(endpoint.addresses[0]):
        return ["scenario: no proxy stands on a unix socket; give target= a host:port, or drop the step on its link"]
    if endpoint.balance == ROUND_ROBIN:
        return ["scenario: a fault on the target link has one proxy, with one address; drop the step, or balance="]
    if endpoint.proxy:
        return ["scenario: a fault on the target link reaches the target without proxy=; drop one of the two"]
    return []


def _clock(target: Target) -> str | None:
    if target is None or (isinstance(target, Launch) and target.faketime):
        return None
    if isinstance(target, Launch):
        return "it moves the target's clock; give Launch(…, faketime=True), or drop this step"
    return (
        'no clock of a program that runs already can be moved; start it under libfaketime: target=Launch(["./server", '
        '"--port", "{port}"], faketime=True), or move the lab issuer\'s clock instead: of="issuer"'
    )


def _asks_for_keys(target: Target) -> bool:
    return target is None or (isinstance(target, Launch) and target.uses("{jwks_url}"))
