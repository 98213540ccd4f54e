"""wsinspect/tls/keylog.py: lines of a key log, in parts and damaged, and who waits for them."""

from hypothesis import given
from hypothesis import strategies as st

from wsinspect.tls.keylog import KeyLog, Label

RANDOM, SECRET = bytes(range(32)), bytes(range(100, 148))
LINE = f"CLIENT_RANDOM {RANDOM.hex()} {SECRET.hex()}\n".encode()


def test_comments_other_labels_and_damage_are_left_out() -> None:
    log = KeyLog()
    log.feed(b"# comment\n\nEXPORTER_SECRET 00 11\nCLIENT_RANDOM zz zz\nCLIENT_RANDOM 00 11\n\xff\xfe\n" + LINE)
    assert len(log) == 1 and log.secret(Label.MASTER, RANDOM) == SECRET


def test_a_line_in_parts_counts_when_it_is_whole() -> None:
    log = KeyLog()
    for at in range(len(LINE) - 1):
        log.feed(LINE[at : at + 1])
        assert not len(log)
    log.feed(b"\n")
    assert log.secret(Label.MASTER, RANDOM) == SECRET


def test_a_block_may_lack_its_last_line_end_and_stands_for_itself() -> None:
    log = KeyLog()
    log.feed(LINE[:20])
    log.add(LINE.replace(b"CLIENT_RANDOM", b"CLIENT_TRAFFIC_SECRET_0").rstrip())
    log.feed(LINE[20:])
    assert log.secret(Label.MASTER, RANDOM) == log.secret(Label.CLIENT_TRAFFIC, RANDOM) == SECRET


def test_windows_line_ends_and_upper_case_digits() -> None:
    log = KeyLog()
    log.feed(f"CLIENT_RANDOM {RANDOM.hex().upper()} {SECRET.hex().upper()}\r\n".encode())
    assert log.secret(Label.MASTER, RANDOM) == SECRET


def test_who_waits_is_called_for_its_own_random_only() -> None:
    log, calls = KeyLog(), list[str]()

    def mine() -> None:
        calls.append("mine")

    log.wait(RANDOM, mine)
    log.wait(bytes(32), lambda: calls.append("other"))
    log.feed(LINE)
    log.feed(LINE)  # known already
    assert calls == ["mine"]
    log.forget(RANDOM, mine)
    log.feed(LINE.replace(b"CLIENT_RANDOM", b"CLIENT_TRAFFIC_SECRET_0"))
    assert calls == ["mine"]


def test_nothing_that_prints_it_shows_a_secret() -> None:
    log = KeyLog()
    log.feed(LINE)
    assert SECRET.hex()[:8] not in f"{log!r} {log} {vars(log).keys()}"


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_noise_never_raises(parts: list[bytes]) -> None:
    log = KeyLog()
    for part in parts:
        log.feed(part)
        log.add(part)
