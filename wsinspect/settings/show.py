"""The settings as TOML: what is in force, and where each value comes from."""

from collections.abc import Mapping
from typing import Any

import msgspec
import tomlkit
from tomlkit.items import Table

from wsinspect.escape import terminal
from wsinspect.settings.read import Loaded


def effective(loaded: Loaded, usual_keys: Mapping[str, str]) -> str:
    """Every value as a TOML file that could be used, each with `# default` or `# file`; usual keys as comments."""
    document = tomlkit.document()
    state = "" if loaded.exists else " (does not exist)"
    document.add(tomlkit.comment(terminal(f"{loaded.path}{state}")))
    values = msgspec.to_builtins(loaded.settings, str_keys=True)
    # Plain values first: below a table's title they would belong to the table.
    for name, value in sorted(values.items(), key=lambda item: isinstance(item[1], dict)):
        if isinstance(value, dict):
            document.add(tomlkit.nl())
            document.add(name, _table(value, loaded.table.get(name, {})))
            if name == "keys":
                for action, keys in usual_keys.items():
                    if action not in value:
                        document.add(tomlkit.comment(tomlkit.dumps({action: keys}).strip()))
        else:
            document.add(name, _item(value, name in loaded.table))
    return tomlkit.dumps(document)


def _table(values: dict[str, Any], of_file: dict[str, Any]) -> Table:
    table = tomlkit.table()
    if not values:
        table.comment("none")
    for name, value in values.items():
        if isinstance(value, dict):
            table.add(name, _table(value, of_file.get(name, {})))
        else:
            table.add(name, _item(value, name in of_file))
    return table


def _item(value: object, from_file: bool) -> Any:
    item = tomlkit.item(value)
    return item.comment("file" if from_file else "default")
