"""Charts stand in the page without network or script, say the same in words, and never change."""

import re
import xml.etree.ElementTree as ET

import pytest

from callinsight.reports.charts import balance_chart, gap_chart, with_text

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("x")</script> & "quotes"'


@pytest.fixture
def charts(autumn):
    report = autumn.report()
    return [gap_chart(report.gaps), balance_chart(report.balance)]


def drawings(charts):
    return [with_text(chart, svg, page) for chart in charts for page, svg in chart.drawings]


def test_a_chart_has_a_title_and_a_description(charts):
    for drawing in drawings(charts):
        root = ET.fromstring(drawing)
        named = [root.find(f"{SVG}{tag}").attrib["id"] for tag in ("title", "desc")]
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"].split() == named
    gaps = ET.fromstring(drawings(charts)[0])
    assert gaps.find(f"{SVG}title").text == "Share of deals that raise each gap"
    assert gaps.find(f"{SVG}desc").text.replace("\N{NO-BREAK SPACE}", " ") == (
        "2 bars with intervals, the most pressing first: Security and compliance, Information security "
        "at Decision, 80 % of deals, interval 50 to 96 %. The table below says the same."
    )


def test_a_chart_takes_the_colours_of_the_page(charts):
    for drawing in drawings(charts):
        colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawing))
        assert {c for c in colours if c not in ("none", "transparent")} <= {
            f"var(--{name})"
            for name in (
                *(
                    "ink",
                    "ink-2",
                    "line",
                    "sunk",
                    "gap-bar",
                    "weak-bar",
                    "demand-bar",
                    "supply-bar",
                ),
            )
        }


def test_a_chart_loads_and_runs_nothing_and_shares_no_id(charts):
    drawn = drawings(charts)

    for drawing in drawn:
        assert not re.search(r"<(script|image|style|foreignObject)|javascript:|\bon\w+=", drawing)
        assert not re.search(r'href="(?!#)', drawing)
    ids = re.findall(r'\bid="([^"]+)"', "".join(drawn))
    assert len(ids) == len(set(ids))


def test_a_chart_is_drawn_the_same_again(autumn):
    report = autumn.report()

    assert gap_chart(report.gaps) == gap_chart(report.gaps)
    assert balance_chart(report.balance) == balance_chart(report.balance)


def test_the_table_says_what_the_chart_says(charts):
    assert charts[0].rows[0][:3] == (
        "Security and compliance",
        "Information security at Decision",
        "Gap",
    )
    assert len(charts[0].rows) == 2


def test_names_of_others_do_no_harm(autumn):
    import dataclasses

    gaps = [dataclasses.replace(gap, concern=HOSTILE) for gap in autumn.report().gaps]
    chart = gap_chart(gaps)

    for drawing in drawings([chart]):
        assert "<script" not in drawing
        assert HOSTILE in " ".join(ET.fromstring(drawing).itertext())


def test_one_gap_needs_no_chart_and_a_silent_month_none(empty):
    empty.demand(8, 10, "need_fit", "champion", "decision")
    report = empty.report()

    assert gap_chart(report.gaps) is None
    assert balance_chart(()) is None
