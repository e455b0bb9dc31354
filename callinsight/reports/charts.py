"""Charts of a report as SVG that stands in a page: no network, no script, colours of the page.

A chart is described in Vega-Lite's own words, and vl-convert draws it: once for a wide and once for a
narrow page.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callinsight.reports.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callinsight.reports.balance import StageBalance
    from callinsight.reports.comparison import Comparison
    from callinsight.reports.demand import Demand

WIDTHS = {"wide": 760, "narrow": 330}  # pixels of the plot
MOST_ROWS = 12
COLOURS = {  # what a chart is drawn in, and which of the page's own colours stands there
    "#010101": "ink",
    "#020202": "ink-2",
    "#030303": "line",
    "#040404": "sunk",
    "#050505": "gap-bar",
    "#060606": "weak-bar",
    "#070707": "covered-bar",
    "#080808": "quiet-bar",
    "#090909": "demand-bar",
    "#0a0a0a": "supply-bar",
}
NAMED = {name: colour for colour, name in COLOURS.items()}
BARS = {"gap": "gap-bar", "weak": "weak-bar", "covered": "covered-bar"}
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Noto Sans, Arial, sans-serif"
SIZE = 13  # of words
ROW = {"field": "row", "type": "ordinal", "axis": None, "sort": None, "scale": {"padding": 0}}
COLOUR = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
AXIS = {
    "format": ".0%",
    "values": [0, 0.25, 0.5, 0.75, 1],
    "title": None,
    "domain": False,
    "ticks": False,
    "labelColor": NAMED["ink-2"],
    "labelFontSize": 12,
    "labelPadding": 6,
    "gridColor": NAMED["line"],
    "gridDash": [2, 3],
}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart with what says the same to those who do not see it."""

    id: str
    title: str
    description: str
    drawings: tuple[tuple[str, str], ...]  # for which page, SVG
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def gap_chart(demands: Sequence[Demand]) -> Chart | None:
    """How many deals raise each gap, with its interval; None for fewer than two gaps."""
    shown = demands[:MOST_ROWS]
    if len(shown) < 2:
        return None
    values = [
        {
            "row": number,
            "name": f"{d.rank}  {d.concern}" if d.rank else d.concern,
            "place": d.place,
            "value": f"{d.share} of deals",
            "share": d.share_pct / 100,
            "low": d.low_pct / 100,
            "high": d.high_pct / 100,
            "colour": NAMED[BARS.get(d.verdict, "quiet-bar")],
            "whole": 1,
        }
        for number, d in enumerate(shown)
    ]
    first = shown[0]
    return Chart(
        id="gaps",
        title="Share of deals that raise each gap",
        description=(
            f"{len(shown)} bars with intervals, the most pressing first: {first.concern}, "
            f"{first.place}, {first.share} of deals, interval {first.interval}. The table below "
            "says the same."
        ),
        drawings=tuple(
            (page, _drawn(_bars_with_intervals(values, width), f"gaps-{page}"))
            for page, width in WIDTHS.items()
        ),
        columns=(
            "Concern",
            "Who and where",
            "Verdict",
            "Share of deals",
            "95 % interval",
            "Supply",
        ),
        rows=tuple(
            (d.concern, d.place, d.verdict_word, d.share, d.interval, d.supply) for d in shown
        ),
    )


def balance_chart(balance: Sequence[StageBalance]) -> Chart | None:
    """What each stage has of what buyers raise and of the assets; None if there is neither."""
    if not any(stage.raised for stage in balance):
        return None
    values = [
        {
            "row": number,
            "name": stage.label,
            "kind": kind,
            "share": share,
            "value": f"{words} {percent(share)}",
            "colour": NAMED[colour],
        }
        for number, stage in enumerate(balance)
        for kind, words, share, colour in (
            ("0", "of what buyers raise:", stage.raised_share, "demand-bar"),
            ("1", "of the assets:", stage.assets_share, "supply-bar"),
        )
    ]
    told = "; ".join(
        f"{s.label}: {percent(s.raised_share)} of what buyers raise, {percent(s.assets_share)} of the assets"
        for s in balance
    )
    return Chart(
        id="balance",
        title="What buyers raise by stage, beside what the inventory offers",
        description=f"Two bars a stage. {told}. The table below says the same.",
        drawings=tuple(
            (page, _drawn(_pairs_of_bars(values, width), f"balance-{page}"))
            for page, width in WIDTHS.items()
        ),
        columns=(),
        rows=(),
    )


def change_chart(comparison: Comparison) -> Chart | None:
    """Then and now of what changed; None for fewer than two changes that can be drawn."""
    rows = [row for row in comparison.rows if "not heard" not in (row.before, row.now)]
    shown = rows[:MOST_ROWS]
    if len(shown) < 2:
        return None
    values = [
        {
            "row": number,
            "name": row.concern,
            "place": row.place,
            "value": row.word,
            "then": row.before_pct,
            "now": row.now_pct,
            "colour": NAMED["demand-bar" if row.direction in ("risen", "fallen") else "quiet-bar"],
        }
        for number, row in enumerate(shown)
    ]
    return Chart(
        id="changes",
        title=f"Share of deals, {comparison.month_name} (ring) and now (dot)",
        description=(
            f"{len(shown)} lines from then to now. Coloured is what moved more than chance explains. "
            "The table below says the same."
        ),
        drawings=tuple(
            (page, _drawn(_dots(values, width), f"changes-{page}"))
            for page, width in WIDTHS.items()
        ),
        columns=(),
        rows=(),
    )


def _bars_with_intervals(values: list[dict[str, Any]], width: int) -> dict[str, Any]:
    bar = {"type": "bar", "size": 10, "cornerRadius": 5, "yOffset": 13}
    end = {"type": "tick", "thickness": 2, "size": 10, "color": NAMED["ink"], "yOffset": 13}
    rule = {"type": "rule", "size": 2, "color": NAMED["ink"], "yOffset": 13}
    layers = [
        _layer({**bar, "color": NAMED["sunk"]}, x=_share("whole")),
        _layer(bar, x=_share("share", axis=AXIS), color=COLOUR),
        _layer(rule, x=_share("low"), x2={"field": "high"}),
        _layer(end, x=_share("low")),
        _layer(end, x=_share("high")),
        *_labels(width),
    ]
    return _sized({"data": {"values": values}, "layer": layers}, width, step=64)


def _pairs_of_bars(values: list[dict[str, Any]], width: int) -> dict[str, Any]:
    firsts = [value for value in values if value["kind"] == "0"]
    name = _layer(_text(-26, weight=600), text=_words("name"), x={"value": 0})
    layers = [{"data": {"values": firsts}, **name}]
    most = max(value["share"] for value in values)
    scale = {"domain": [0, max(0.05, most * (1.55 if width > 500 else 2.4))]}
    x = {"field": "share", "type": "quantitative", "scale": scale, "axis": None}
    for kind, offset in (("0", -8), ("1", 10)):
        data = {"values": [value for value in values if value["kind"] == kind]}
        bar = {"type": "bar", "size": 13, "cornerRadiusEnd": 3, "yOffset": offset}
        beside = {**_text(offset), "dx": 7, "color": NAMED["ink-2"]}
        layers.append({"data": data, **_layer(bar, x=x, color=COLOUR)})
        layers.append({"data": data, **_layer(beside, x=x, text=_words("value"))})
    return _sized({"layer": layers}, width, step=70)


def _dots(values: list[dict[str, Any]], width: int) -> dict[str, Any]:
    line = {"type": "rule", "color": NAMED["line"], "size": 2, "yOffset": 14}
    way = {"type": "rule", "size": 3, "yOffset": 14}
    dot = {"type": "point", "size": 80, "yOffset": 14, "strokeWidth": 2, "opacity": 1}
    ring = {**dot, "filled": False, "fill": NAMED["sunk"]}
    layers = [
        _layer(line, x={"value": 0}, x2={"value": width}),
        _layer(way, x=_share("then", axis=AXIS), x2={"field": "now"}, color=COLOUR),
        _layer(ring, x=_share("then"), color=COLOUR),
        _layer({**dot, "filled": True}, x=_share("now"), color=COLOUR),
        *_labels(width),
    ]
    return _sized({"data": {"values": values}, "layer": layers}, width, step=64)


def _layer(mark: dict[str, Any], **encoding: Any) -> dict[str, Any]:
    """A mark on each row."""
    return {"mark": mark, "encoding": {"y": ROW, **encoding}}


def _share(name: str, **more: Any) -> dict[str, Any]:
    return {"field": name, "type": "quantitative", "scale": {"domain": [0, 1]}, **more}


def _words(name: str) -> dict[str, Any]:
    return {"field": name, "type": "nominal"}


def _labels(width: int) -> list[dict[str, Any]]:
    """The name of a row above its mark, and where, on one line if the page is wide."""
    place = {**_text(-5, limit=width), "color": NAMED["ink-2"], "fontSize": 12}
    right = {**_text(-21), "align": "right", "color": NAMED["ink-2"]}
    return [
        _layer(_text(-21, weight=600, limit=width - 110), text=_words("name"), x={"value": 0}),
        _layer(place, text=_words("place"), x={"value": 0}),
        _layer(right, text=_words("value"), x={"value": width}),
    ]


def _text(offset: int, *, weight: int = 400, limit: int = 0) -> dict[str, Any]:
    return {
        "type": "text",
        "align": "left",
        "baseline": "middle",
        "yOffset": offset,
        "font": FONT,
        "fontSize": SIZE,
        "fontWeight": weight,
        "color": NAMED["ink"],
        "limit": limit,
    }


def _sized(chart: dict[str, Any], width: int, *, step: int) -> dict[str, Any]:
    return {
        **chart,
        "width": width,
        "height": {"step": step},
        "padding": {"left": 8, "right": 8, "top": 0, "bottom": 4},  # labels reach over the plot
        "config": {
            "aria": False,
            "background": "transparent",
            "view": {"stroke": None},
            "axis": {"labelFont": FONT},
        },
    }


def _drawn(chart: dict[str, Any], id_: str) -> str:
    """The SVG with the page's colours, and ids that no other chart has."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(json.dumps(chart))
    svg = re.sub(
        "|".join(COLOURS), lambda found: f"var(--{COLOURS[found[0]]})", svg, flags=re.IGNORECASE
    )
    ids: dict[str, str] = {}  # the drawing counts on from the last chart: count from 1 instead

    def renamed(found: re.Match[str]) -> str:
        return found[1] + ids.setdefault(found[2], f"{id_}-{len(ids) + 1}")

    return re.sub(r'(\bid="|url\(#|href="#)([\w-]+)', renamed, svg)


def with_text(chart: Chart, svg: str, page: str) -> str:
    """The SVG with a title and a description that a screen reader reads in its place."""
    title, said = f"{chart.id}-{page}-title", f"{chart.id}-{page}-said"
    words = (
        f'<title id="{title}">{html.escape(chart.title)}</title>'
        f'<desc id="{said}">{html.escape(chart.description)}</desc>'
    )
    head = f'<svg role="img" aria-labelledby="{title} {said}" '
    return re.sub(r"^<svg ([^>]*)>", lambda m: f"{head}{m[1]}>{words}", svg, count=1)
