"""wsinspect/http2/flow.py: for how long a window was used up."""

from wsinspect.http2.flow import Window


def test_never_used_up() -> None:
    window = Window(100)
    window.change(-99, 10)
    assert window.stall(1000) == (0, 0)


def test_used_up_and_enlarged() -> None:
    window = Window(100)
    window.change(-100, 10)
    assert window.stall(50) == (10, 50)
    window.change(20, 60)
    assert window.stall(1000) == (10, 60)
    window.change(-20, 70)
    window.change(1, 75)
    assert window.stall(1000) == (10, 60)  # the longest one


def test_made_smaller_by_settings() -> None:
    window = Window(100)
    window.change(-90, 10)
    window.change(-50, 20)
    assert window.size == -40
    window.change(30, 30)
    assert window.stall(35) == (20, 35)
    window.change(11, 40)
    assert window.stall(99) == (20, 40)
