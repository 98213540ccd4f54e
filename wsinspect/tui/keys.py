"""Keys from the settings: whatever a key does has a name, its action's, by which it gets other keys."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.keys import Keys, key_to_character

from wsinspect.settings.read import Loaded
from wsinspect.settings.validate import Misfit, suggestion

_MODIFIERS: Final = frozenset({"ctrl", "shift", "alt"})
_NAMED: Final = frozenset(key.value for key in Keys) | {"space", "escape", "enter", "tab", "backspace", "delete"}


def name_actions() -> None:
    """Let every binding of our screens be found by the name of its action. Call it before there are any screens."""
    for bindings in _our_bindings():
        for key, bound in bindings.key_to_bindings.items():
            bindings.key_to_bindings[key] = [
                one if one.id else replace(one, id=one.action.rpartition(".")[2]) for one in bound
            ]


def usual_keys() -> dict[str, str]:
    """Each action and its keys, as the settings would say it."""
    name_actions()
    found: dict[str, list[str]] = {}
    for bindings in _our_bindings():
        for key, bound in bindings.key_to_bindings.items():
            for one in bound:
                keys = found.setdefault(one.id or "", [])
                if key not in keys and not key.startswith("super+"):  # terminals do not send that one
                    keys.append(key)
    return {action: ",".join(keys) for action, keys in sorted(found.items()) if keys}


def keymap(loaded: Loaded) -> dict[str, str]:
    """The keys of the settings, for Textual. Raises `WsinspectError` for an action or a key that there is not."""
    usual = usual_keys() if loaded.settings.keys else {}
    for action, keys in loaded.settings.keys.items():
        path = ("keys", action)
        if action not in usual:
            raise loaded.misfit(Misfit(path, f"there is no action {action!r}", suggestion(action, usual)))
        for key in _split(keys):
            if not _is_key(key):
                raise loaded.misfit(
                    Misfit(path, f"{key!r} is no key", "expected: as f5, ctrl+n, space, or one character")
                )
    return {action: ",".join(_split(keys)) for action, keys in loaded.settings.keys.items()}


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(",")] if keys != "," else [keys]


def _is_key(key: str) -> bool:
    *modifiers, last = key.split("+") if key != "+" else [key]
    return set(modifiers) <= _MODIFIERS and (len(last) == 1 or last in _NAMED or key_to_character(last) is not None)


def _our_bindings() -> Iterator[BindingsMap]:
    """Of every class of ours that has been loaded, with what it inherits."""
    waiting = [DOMNode]
    seen: set[type[DOMNode]] = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        waiting += node.__subclasses__()
        if node.__module__.startswith("wsinspect.") and node._merged_bindings is not None:
            yield node._merged_bindings
