"""The page itself: one file without scripts and remote resources, light and dark, fit to print."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from nad import _core
from nad.plots._palette import DARK, LIGHT
from nad.plots._svg import style_sheet

# Nothing may be loaded and no script may run, even if a text from traffic found its way into the page unchanged.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Section:
    """A heading with what follows it."""

    key: str
    heading: str
    body: str


def escaped(text: Any, most: int = 200) -> str:
    """What comes from traffic, a file or a person: plain text on one line."""
    return html.escape(_core.printable(str(text), most))


def table(headings: list[str], rows: list[list[str]], numbers: set[int] | None = None) -> str:
    """A table of cells that are escaped already; columns of numbers stand on the right."""
    right = numbers or set()

    def cells(row: list[str], tag: str) -> str:
        kinds = (' class="number"' if place in right else "" for place in range(len(row)))
        return "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(kinds, row))

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{cells(headings, "th")}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def tiles(figures: list[tuple[str, str, str]]) -> str:
    """Large numbers, each with what it is and a remark; escaped already."""
    made = (
        f'<div class="tile"><div class="what">{what}</div><div class="figure">{figure}</div>'
        f'<div class="remark">{remark}</div></div>'
        for what, figure, remark in figures
    )
    return f'<div class="tiles">{"".join(made)}</div>'


def page(title: str, subtitle: str, sections: list[Section]) -> str:
    """The text of the file; title and subtitle are escaped already."""
    links = "".join(f'<a href="#{one.key}">{one.heading}</a>' for one in sections)
    bodies = "".join(f'<section id="{one.key}"><h2>{one.heading}</h2>{one.body}</section>' for one in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{_rules()}</style></head>"
        f'<body><header><h1>{title}</h1><p class="remark">{subtitle}</p><nav>{links}</nav></header>'
        f"<main>{bodies}</main></body></html>\n"
    )


def _rules() -> str:
    def variables(colours: dict[str, str]) -> str:
        return ":root{" + ";".join(f"--{name}:{colours[name]}" for name in _USED) + "}"

    return (
        variables(LIGHT)
        + "@media screen and (prefers-color-scheme:dark){"
        + variables(DARK)
        + "}"
        + style_sheet()
        + _RULES
    )


_USED = ("ground", "ink", "faint", "grid", "normal", "anomaly", "rest", "fill")
_RULES = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:24px 20px 60px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--ground)}
h1{font-size:26px;margin:0}h2{font-size:19px;margin:40px 0 10px;padding-top:10px;border-top:1px solid var(--grid)}
h3{font-size:15px;margin:18px 0 6px}
p{margin:6px 0}a{color:var(--fill)}nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:10px;font-size:14px}
.remark,.what{color:var(--faint);font-size:13px}.strong{color:var(--anomaly);font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:12px;margin:12px 0}
.tile{border:1px solid var(--grid);border-radius:8px;padding:10px 14px}.figure{font-size:21px;font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(460px,100%),1fr));gap:12px;align-items:start}
.charts svg{width:100%}.one,.charts>div{min-width:0;overflow-x:auto}td .host{white-space:nowrap}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13.5px;width:100%}
th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--faint);font-weight:600}.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.host{font-family:ui-monospace,monospace;font-size:12.5px;overflow-wrap:anywhere}
details{border:1px solid var(--grid);border-radius:8px;margin:6px 0;padding:0 12px}
summary{cursor:pointer;padding:8px 0}.entry{display:grid;gap:10px;align-items:baseline;font-size:13.5px;
grid-template-columns:3em 11.5em minmax(10em,1.2fr) minmax(10em,1.6fr) 8em;overflow-wrap:anywhere}
.entry::marker{content:""}
details[open] summary{border-bottom:1px solid var(--grid)}
.reasons{margin:8px 0}.reason{display:grid;grid-template-columns:120px 3.6em 1fr;gap:10px;padding:2px 0;
font-size:13.5px;align-items:center;overflow-wrap:anywhere}.bar{background:var(--grid);height:9px;border-radius:4px}
.bar i{display:block;height:9px;border-radius:4px;background:var(--anomaly)}.bar i.less{background:var(--fill)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:2px 14px;margin:6px 0 10px;
font-size:12.5px}
dl div{overflow-wrap:anywhere}dt{display:inline;color:var(--faint)}dt::after{content:" "}dd{display:inline;margin:0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}ul{margin:6px 0;padding-left:20px}
.entry b{display:block}
@media screen{.one svg,.charts svg{min-width:var(--nad-least)}}
@media screen and (max-width:760px){.entry{grid-template-columns:2em 1fr}.entry>*{grid-column:2;text-align:left}
.entry>:first-child{grid-column:1}.reason{grid-template-columns:60px 3.6em 1fr}}
@media print{body{max-width:none;padding:0;font-size:11px}nav{display:none}
details:not(.more)::details-content{content-visibility:visible;height:auto}
dl,.others{display:none}.entry .host,td .host{font-size:9.5px}
.entry{grid-template-columns:2em 9em 1fr 1.6fr 7em}
.entry,.reason,.remark,table,p,li{font-size:10.5px}
summary,.tile,svg,tr,.reasons{break-inside:avoid}summary,h2{break-after:avoid}
.bar i,svg *{print-color-adjust:exact}}
"""
