"""What holds for every rule."""

import re

import pytest

from wsinspect.rules.catalogue import BY_ID, RULES


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_is_complete(rule) -> None:  # type: ignore[no-untyped-def]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
    assert rule.tier in (1, 2, 3)
    assert re.match(r"(RFC (6455|7692|8441|9110|9112) §\d|–$|MQTT 5.0 §6|graphql-ws |Kubernetes `v4)", rule.section)
    for text in (rule.means, rule.look_at):
        assert text.endswith(".")
        assert text == " ".join(text.split())
        assert len(text) < 400
    assert rule.check.__name__ == rule.id.replace("-", "_")
