"""wsinspect/overview/groups.py: connections that ended alike."""

from made_records import SERVER, START, ended, reset

from wsinspect.overview.groups import close_groups
from wsinspect.overview.records import Record, Records

OTHER = ("10.1.0.2", 8080)


def test_by_code_and_by_who_ended_it() -> None:
    records = Records([ended(1), ended(2, by="server"), ended(3), reset(4), reset(5, by="client"), Record()])
    found = {(group.ending.code, group.ending.means, group.ending.by): group.connections
             for group in close_groups(records)}  # fmt: skip
    assert found == {
        (1000, "Close", "client"): 2, (1000, "Close", "server"): 1,
        (1006, "RST", "server"): 1, (1006, "RST", "client"): 1,
    }  # fmt: skip


def test_servers_and_medians() -> None:
    records = Records(
        [
            reset(1, idle=59),
            reset(9, idle=60, server=OTHER),
            reset(3, idle=70, server=OTHER),
            reset(4)._replace(idle=None),
        ]
    )
    (group,) = close_groups(records)
    assert group.servers == ((SERVER, 2), (OTHER, 2))
    assert group.median_idle == 60
    assert group.median_age == 103.5
    assert (group.first, group.last) == (START + 1, START + 9)


def test_whether_it_was_clean_makes_no_other_group() -> None:
    (group,) = close_groups(Records([ended(1), ended(2, usual=False)]))
    assert group.connections == 2


def test_unknown_stays_unknown() -> None:
    (group,) = close_groups(Records([ended(1, age=None, idle=None)._replace(ended=None)]))
    assert (group.median_age, group.median_idle, group.first, group.last) == (None, None, None, None)


def test_the_largest_comes_first() -> None:
    records = Records([ended(1), reset(2), reset(3), ended(4, 4401)])
    assert [group.connections for group in close_groups(records)] == [2, 1, 1]
