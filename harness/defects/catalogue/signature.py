"""Defects of the signature: who signed, what was signed, and how it is written down."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, ALGORITHMS, KEY_PAIRS, RSA, Allowed, Made, defect
from harness.defects.good import Good, segment
from harness.tokens.base64url import decode, encode, respelt
from harness.tokens.signer import high_s, out_of_range_ecdsa

_ES256 = frozenset({"ES256"})
_UNVERIFIED = "The code decodes the token for its claims and never verifies it, or verifies and goes on all the same."
_VERIFY = "Verify first, and use only what the verification returned."
_LENIENT = (Allowed(ACCEPT, "the decoder is lenient, and nothing keys on the token's text", when="lenient-base64"),)


@defect(
    "SIGN-12",
    "a stranger's signature under our key id",
    source="RFC 8725, section 3.1",
    fails=_UNVERIFIED,
    fix=_VERIFY,
)
def strangers(good: Good) -> Made:
    """All is right but the key that signed."""
    return {"": good.token(good.stranger.named(good.signer.kid))}


@defect(
    "SIGN-13",
    "another issuer's key under our name",
    source="RFC 8725, section 3.8: keys belong to issuers",
    fails="A server of several issuers puts their keys in one bag, and each can speak for the others.",
    fix="Choose the key set by iss, then demand that very iss.",
)
def other_issuers_key(good: Good) -> Made:
    """Signed by a key of another issuer, whose id collides with ours; `iss` is ours."""
    other = good.stranger.named(good.signer.kid)
    return {"our name": good.token(other), "its own name": good.token(other, iss="https://other.example")}


@defect(
    "SIGN-14",
    "another payload under the old signature",
    source="RFC 7515, section 5.2",
    fails=_UNVERIFIED,
    fix=_VERIFY,
)
def payload_swapped(good: Good) -> Made:
    """The claims say another subject, or one bit is flipped; the signature is that of the good token."""
    header, payload, signature = good.token().split(".")
    flipped = bytearray(decode(payload))
    flipped[good.dice("SIGN-14").randrange(len(flipped))] ^= 1
    return {
        "other claims": f"{header}.{segment(good.claims(sub='admin'))}.{signature}",
        "a bit flipped": f"{header}.{encode(bytes(flipped))}.{signature}",
    }


@defect(
    "SIGN-15",
    "a signature that is broken, short or gone",
    source="RFC 7515, section 5.2; CVE-2020-28042",
    fails="An empty signature compares equal to nothing, or a short one is compared by its own length.",
    fix="Hand the bytes to the library's verification, and treat every error of it as a rejection.",
)
def signature_broken(good: Good) -> Made:
    """The signature is flipped, empty, missing with its dot, or cut short."""
    message, _, text = good.token().rpartition(".")
    raw = bytearray(decode(text))
    raw[good.dice("SIGN-15").randrange(len(raw))] ^= 0x10
    return {
        "flipped": f"{message}.{encode(bytes(raw))}",
        "empty": f"{message}.",
        "no segment": message,
        "ten characters short": f"{message}.{text[:-10]}",
        "one byte short": f"{message}.{encode(decode(text)[:-1])}",
        "one byte long": f"{message}.{encode(decode(text) + b'0')}",
    }


@defect(
    "SIGN-16",
    "our key by another algorithm",
    source="RFC 8725, section 3.1: one key, one algorithm",
    fails="The verifier takes the algorithm from the header: the attacker chooses.",
    fix="Bind each key to one algorithm, and demand it.",
    algorithms=ALGORITHMS - {"EdDSA"},
)
def other_algorithm(good: Good) -> Made:
    """Signed by the right key, by an algorithm that it is not published for; the header says so truly."""
    others = {
        "RS256": ("PS256", "RS512"),
        "PS256": ("RS256", "PS512"),
        "ES256": ("ES512", "ES384"),
        "HS256": ("HS512", "HS384"),
    }
    header, payload = good.header(), good.claims()
    return {
        name: good.sealed(header | {"alg": name}, payload, algorithm=name) for name in others[good.signer.algorithm]
    }


@defect(
    "SIGN-17",
    "a header that names another padding",
    source="RFC 8725, section 3.1",
    fails="The key alone decides how to verify, and the header is not compared.",
    fix="Bind each key to one algorithm, and demand that the header says it.",
    algorithms=RSA,
)
def other_padding(good: Good) -> Made:
    """The header says one RSA algorithm, and the signature is by the other."""
    ours = good.signer.algorithm
    theirs = "RS256" if ours == "PS256" else "PS256"
    return {
        f"says {theirs}": good.sealed(good.header(alg=theirs), good.claims(), algorithm=ours),
        f"says {ours}": good.sealed(good.header(), good.claims(), algorithm=theirs),
    }


@defect(
    "SIGN-18",
    "an ECDSA signature of zeros",
    source="CVE-2022-21449 (Java's “psychic signatures”)",
    fails="An implementation that does not check the range of R and S accepts zeros for any message.",
    fix="Keep the cryptographic library up to date.",
    algorithms=_ES256,
)
def psychic(good: Good) -> Made:
    """R and S are zero, the order of the curve, or one and zero."""
    message = good.unsigned()
    return {name: f"{message}.{encode(raw)}" for name, raw in out_of_range_ecdsa().items()}


@defect(
    "SIGN-19",
    "an ECDSA signature in DER",
    source="RFC 7518, section 3.4: R and S, 32 bytes each",
    fails="A verifier hands the bytes to the cryptographic library without a look; some raise what nobody catches.",
    fix="Demand 64 bytes.",
    algorithms=_ES256,
)
def der(good: Good) -> Made:
    """The signature is the ASN.1 sequence of X.509, or not 64 bytes long."""
    message = good.unsigned()
    raw = good.signer.sign(message.encode())
    return {
        "DER": f"{message}.{encode(_der(raw))}",
        "short": f"{message}.{encode(raw[:40])}",
        "one byte": f"{message}.{encode(b'0')}",
    }


@defect(
    "SIGN-20",
    "the other S of a good signature",
    expected=ACCEPT,
    allowed=(Allowed("UNAUTHENTICATED", "low S only is demanded"),),
    source="ECDSA is malleable: N less S verifies as well",
    fails="A deny-list that keys on the token's text misses the twin: a revoked token lives on.",
    fix="Key deny-lists and caches on jti, never on the token's text.",
    algorithms=_ES256,
)
def twin(good: Good) -> Made:
    """The same token with another signature that verifies, made without the key."""
    message, _, text = good.token().rpartition(".")
    return {"": f"{message}.{encode(high_s(decode(text)))}"}


@defect(
    "SIGN-21",
    "another spelling of the same bytes",
    allowed=_LENIENT,
    source="RFC 4648, section 3.5; CVE-2026-102269 (PyJWT)",
    fails="Decoders ignore the spare bits of the last character: a deny-list by text does not know the respelt token.",
    fix="Encode what you decoded, and demand the same text.",
)
def spare_bits(good: Good) -> Made:
    """The last character of the signature differs in bits that no byte holds."""
    message, _, text = good.token().rpartition(".")
    return {"": f"{message}.{respelt(text)}"}


@defect(
    "SIGN-22",
    "base64 of another kind",
    allowed=_LENIENT,
    source="RFC 7515, section 2: no padding, and the alphabet of URLs",
    fails="Two decoders on one path read two things, or one reads and the other refuses.",
    fix="Demand the one alphabet, and no padding.",
)
def other_base64(good: Good) -> Made:
    """The signature has padding, or the + and / of the standard alphabet."""
    message, _, text = good.token().rpartition(".")
    return {"padded": f"{message}.{text}{'=' * (-len(text) % 4)}", "standard alphabet": _standard_alphabet(good)}


@defect(
    "SIGN-23",
    "a key that is published for something else",
    source="RFC 7517, sections 4.2 and 4.4",
    fails="Every key of the set verifies, whatever it is for: who can use the encryption key can sign.",
    fix="Leave out keys whose use is not sig, or whose alg is not allowed.",
    algorithms=KEY_PAIRS,
)
def other_use(good: Good) -> Made:
    """Signed by a key that the issuer publishes with `use: enc`."""
    return {"": good.token(good.reserved)}


def _standard_alphabet(good: Good) -> str:
    """Return a token whose signature needs one of the two characters that differ."""
    for serial in range(1000):
        message, _, text = good.token(jti=f"specimen-{serial}").rpartition(".")
        if "-" in text or "_" in text:
            break
    return f"{message}.{text.replace('-', '+').replace('_', '/')}"


def _der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
