"""The thresholds: named by rules, set by the user."""

import msgspec
import pytest
from frame_facts import frame, half

from wsinspect.cli.settings import loaded_settings
from wsinspect.errors import WsinspectError
from wsinspect.rules.catalogue import RULES
from wsinspect.rules.framing import huge_frame
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.websocket.side import Side


def test_every_threshold_is_one_of_some_rule() -> None:
    named = {name for rule in RULES for name in rule.thresholds}
    assert named == set(msgspec.to_builtins(DEFAULTS))


def test_a_rule_judges_by_the_user_s_number() -> None:
    header = frame(length=1000, masked=True)
    assert huge_frame.ask(DEFAULTS, header, half(Side.CLIENT)) is None
    assert huge_frame.ask(Thresholds(huge_frame=1000), header, half(Side.CLIENT)) is not None


def test_nanoseconds() -> None:
    assert nanoseconds(0.5) == 500_000_000


def test_the_command_line_comes_before_the_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "settings.toml"
    file.write_text("[thresholds]\npong_slow = 3\nping_flood = 7\n")
    thresholds = loaded_settings(str(file), (), ("pong_slow=0.5",)).settings.thresholds
    assert (thresholds.pong_slow, thresholds.ping_flood, thresholds.huge_frame) == (0.5, 7, DEFAULTS.huge_frame)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("pong_slow", "NAME=VALUE", "pong_slow=0.5"),
        ("pong_slo=1", "there is no threshold 'pong_slo'", "pong_slow"),
        ("pong_slow=soon", "cannot be 'soon'", "pong_slow=1"),
        ("ping_flood=2.5", "cannot be '2.5'", "ping_flood=50"),
        ("ping_flood=0", "cannot be '0'", "ping_flood=50"),
        ("ping_flood=1000000", "cannot be '1000000'", "ping_flood=50"),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str, hint: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "settings.toml"
    file.write_text("")
    with pytest.raises(WsinspectError) as error:
        loaded_settings(str(file), (), (text,))
    assert message in str(error.value)
    assert hint in (error.value.hint or "")
