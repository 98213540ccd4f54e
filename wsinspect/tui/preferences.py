"""What only the screens can tell about the settings."""

import wsinspect.tui.app  # noqa: F401  # with it come all screens, and so all keys
from wsinspect.settings.read import Loaded
from wsinspect.tui.keys import keymap, usual_keys
from wsinspect.tui.themes import check_colours


def checked_keys(loaded: Loaded) -> dict[str, str]:
    """The usual keys of all actions. Raises `WsinspectError` for keys, actions and colours that there are not."""
    keymap(loaded)
    check_colours(loaded)
    return usual_keys()
