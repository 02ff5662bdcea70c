"""Charts as SVG: whole documents, true to their numbers, whatever the names."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from clew.integrations import drawing

SVG = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


def rectangles(svg: str) -> list[dict[str, str]]:
    """All but the background."""
    return [dict(one.attrib) for one in ElementTree.fromstring(svg).iter(SVG + "rect")][1:]


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(SVG + "text")]


def test_bars_are_as_long_as_their_values() -> None:
    svg = drawing.bars("Importance", {"a": 4.0, "b": 2.0, "c": -1.0})
    first, second, third = rectangles(svg)
    assert float(first["width"]) == 2 * float(second["width"]) == 4 * float(third["width"])
    assert float(first["x"]) == float(second["x"])
    assert float(third["x"]) + float(third["width"]) == float(first["x"])
    assert texts(svg) == ["Importance", "a", "4", "b", "2", "c", "-1"]


@given(st.dictionaries(st.text(max_size=60), FINITE, max_size=5))
def test_bars_with_any_names_and_values_are_a_document_inside_its_bounds(values: dict[str, float]) -> None:
    svg = drawing.bars("<&>", values)
    root = ElementTree.fromstring(svg)
    assert root.find(SVG + "title").text == "<&>"  # type: ignore[union-attr]
    found = rectangles(svg)
    assert len(found) == len(values)
    for one in found:
        assert 0 <= float(one["x"]) <= float(one["x"]) + float(one["width"]) <= float(root.attrib["width"]) + 0.2


def test_a_matrix_is_darker_where_the_share_is_larger() -> None:
    svg = drawing.matrix("Confusion", ["no", "yes"], [[1.0, 0.0], [0.25, 0.75]], "true", "predicted")
    red = [int(one["fill"][1:3], 16) for one in rectangles(svg)[:4]]
    assert red[1] == 255
    assert red[0] < red[3] < red[2] < red[1]
    assert {"1.00", "0.25", "true", "predicted", "no", "yes"} <= set(texts(svg))


def test_a_matrix_of_many_classes_has_no_numbers() -> None:
    names = [str(number) for number in range(40)]
    svg = drawing.matrix("Confusion", names, [[0.5] * 40] * 40, "true", "predicted")
    assert len(rectangles(svg)) == 1601
    assert "0.50" not in texts(svg)


def test_a_curve_keeps_its_ends_and_is_thinned_out() -> None:
    points = [(number / 99_999, (number / 99_999) ** 0.5) for number in range(100_000)]
    svg = drawing.curve("ROC", "false", "true", points, "AUC = 0.667", diagonal=True)
    line = ElementTree.fromstring(svg).find(SVG + "polyline").attrib["points"].split()  # type: ignore[union-attr]
    assert 900 < len(line) < 1100
    across = [float(pair.split(",")[0]) for pair in line]
    up = [float(pair.split(",")[1]) for pair in line]
    assert (across[-1] - across[0], up[0] - up[-1]) == (360.0, 360.0)
    assert "AUC = 0.667" in texts(svg)
