"""Every number that fits into a Close frame has a name and a fate."""

import pytest

from wsinspect.websocket.closecodes import BY_CODE, HIGHEST, RANGES, Senders, code_range, describe


@pytest.mark.parametrize(
    ("code", "name", "registry", "allowed"),
    [
        (0, "Not Used", "not used", False),
        (999, "Not Used", "not used", False),
        (1000, "Normal Closure", "RFC 6455", True),
        (1001, "Going Away", "RFC 6455", True),
        (1004, "Reserved", "RFC 6455", False),
        (1005, "No Status Rcvd", "RFC 6455", False),
        (1006, "Abnormal Closure", "RFC 6455", False),
        (1011, "Internal Error", "RFC 6455", True),
        (1012, "Service Restart", "IANA", True),
        (1013, "Try Again Later", "IANA", True),
        (1014, "Bad Gateway", "IANA", True),
        (1015, "TLS handshake", "RFC 6455", False),
        (1016, "Unassigned", "unassigned", False),
        (2999, "Unassigned", "unassigned", False),
        (3000, "Unauthorized", "IANA", True),
        (3001, "Unregistered", "unregistered", True),
        (3003, "Forbidden", "IANA", True),
        (3008, "Timeout", "IANA", True),
        (3999, "Unregistered", "unregistered", True),
        (4000, "Private Use", "private", True),
        (4999, "Private Use", "private", True),
        (5000, "Out of Range", "out of range", False),
        (HIGHEST, "Out of Range", "out of range", False),
    ],
)
def test_describe(code: int, name: str, registry: str, allowed: bool) -> None:
    known = describe(code)
    assert (known.code, known.name, known.registry, known.allowed_on_wire) == (code, name, registry, allowed)


def test_what_may_be_sent_is_what_the_standard_allows() -> None:
    allowed = {code for code in range(HIGHEST + 1) if describe(code).allowed_on_wire}
    forbidden_low = {1004, 1005, 1006, 1015}
    assert allowed == (set(range(1000, 1016)) - forbidden_low) | set(range(3000, 5000))


def test_senders_agree_with_the_wire() -> None:
    for code in range(HIGHEST + 1):
        known = describe(code)
        assert (known.senders is Senders.NOBODY) is not known.allowed_on_wire
    assert describe(1010).senders is Senders.CLIENT
    assert describe(1012).senders is Senders.SERVER


def test_ranges_cover_everything_once() -> None:
    assert [(r.first, r.last) for r in RANGES] == [
        (0, 999), (1000, 2999), (3000, 3999), (4000, 4999), (5000, HIGHEST),
    ]  # fmt: skip
    assert code_range(4000) is RANGES[3]
    assert len(BY_CODE) == 19


@pytest.mark.parametrize("code", [-1, 65536])
def test_what_does_not_fit_into_a_frame(code: int) -> None:
    with pytest.raises(ValueError, match="0 to 65535"):
        describe(code)
