"""wsinspect/settings/write.py: one value changes, and nothing else of what the user wrote."""

from pathlib import Path

import pytest

from wsinspect.errors import WsinspectError
from wsinspect.settings.read import load_settings
from wsinspect.settings.write import write_columns


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_columns(path, ["id", "close"])
    assert load_settings(str(path)).settings.columns == ("id", "close")
    assert [file.name for file in path.parent.iterdir()] == ["config.toml"]


def test_comments_and_the_rest_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\ntheme = "light"   # for the day\ncolumns = ["id"]\n\n[timers]\n"our proxy" = 75 # nginx\n')
    path.chmod(0o600)
    write_columns(path, ["url"])
    assert path.read_text() == (
        '# mine\ntheme = "light"   # for the day\ncolumns = ["url"]\n\n[timers]\n"our proxy" = 75 # nginx\n'
    )
    assert path.stat().st_mode & 0o777 == 0o600


def test_columns_go_above_the_first_table(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[timers]\n"our proxy" = 75\n')
    write_columns(path, ["url"])
    settings = load_settings(str(path)).settings
    assert (settings.columns, settings.timers) == (("url",), {"our proxy": 75.0})


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text('theme = "light"\n')
    (tmp_path / "config.toml").symlink_to(tmp_path / "real.toml")
    write_columns(tmp_path / "config.toml", ["url"])
    assert (tmp_path / "config.toml").is_symlink()
    assert "url" in (tmp_path / "real.toml").read_text()


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WsinspectError, match="cannot write"):
        write_columns(tmp_path / "file" / "config.toml", ["url"])
    (tmp_path / "broken.toml").write_text("a = [")
    with pytest.raises(WsinspectError, match="is no TOML"):
        write_columns(tmp_path / "broken.toml", ["url"])
