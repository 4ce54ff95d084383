"""Templates: what a page, a part, a dialog and a banner look like."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chalicelib import __version__, dates
from chalicelib.domain import phones
from chalicelib.logs import mask
from ops.console import drawing, frame, out_ids, pages
from ops.console.actions import Action, Question, Result, command_line
from ops.console.parts import Page
from ops.console.problems import Problem
from ops.console.visits import Values, Visit

# Characters of a value that are shown. The templates cut longer ones.
MAX_TEXT = 400


@cache
def environment() -> Environment:
    """Return the templates' environment. Every value is escaped; a name that is not given is an error."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "masked": mask,
        "grouped": _grouped,
        "short": _short,
        "beijing": dates.to_beijing,
        "lasting": _lasting,
    }
    made.globals |= {
        "bar": drawing.bar,
        "chart": drawing.chart,
        "address": address,
        "query": query,
        "shown_name": out_ids.shown,
    }
    return made


def query(values: Mapping[str, Any]) -> str:
    """Return values as a query, in which each character survives. Empty values are left out.

    A form's field needs it as an address does: HTML changes line breaks and NULs in a field.
    """
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return urlencode(given, errors="replace")


def address(path: str, /, **values: Any) -> str:
    """Return a path with a query; values that are empty are left out."""
    found = query(values)
    return f"{path}?{found}" if found else path


def part(visit: Visit, name: str, values: Values) -> str:
    """Return what a part shows."""
    return _render(visit, f"parts/{name}.html", values)


def problem(visit: Visit, found: Problem) -> str:
    """Return the banner of a problem."""
    return _render(visit, "banner.html", {"problem": found})


def failed(visit: Visit, found: Problem) -> str:
    """Return what a dialog shows of a problem."""
    return _render(visit, "failed.html", {"problem": found})


def question(visit: Visit, action: Action, asked: Question, error: str = "") -> str:
    """Return the dialog that asks before an action."""
    values = {"action": action, "question": asked, "error": error}
    return _render(visit, "question.html", values)


def result(visit: Visit, action: Action, done: Result) -> str:
    """Return the dialog that shows what an action did."""
    line = command_line(visit, done.command) if done.command else ""
    return _render(visit, "result.html", {"action": action, "result": done, "command": line})


def page(visit: Visit, shown: Page, sections: Mapping[str, str], banners: list[str]) -> str:
    """Return a page with its parts, which are rendered already."""
    page_query = {name: visit.query.get(name, "") for name in shown.keys}
    values = {"page": shown, "sections": sections, "banners": banners, "page_query": page_query}
    return _render(visit, f"pages/{shown.name}.html", values)


def number(visit: Visit, phone: str) -> str:
    """Return a whole number, as the page shows it in place of the masked one."""
    return _render(visit, "number.html", {"phone": phones.to_quick_audience(phone)})


def message(visit: Visit, body: str) -> str:
    """Return a page that shows a dialog by itself, for a browser without the script."""
    return _render(visit, "message.html", {"body": body})


def refused(reason: str, shown_in: str = "") -> str:
    """Return why a request is refused, in both languages: as a page, or as what a part or a dialog shows."""
    names = {"part": "refused.html", "dialog": "refused_dialog.html"}
    template = environment().get_template(names.get(shown_in, "stranger.html"))
    return template.render(reason=reason)


def entering() -> str:
    """Return the page that opens the console.

    It is no redirect: with one, a browser that followed a link from elsewhere would not send the new cookie.
    """
    return environment().get_template("entering.html").render()


def _render(visit: Visit, template: str, values: Values) -> str:
    console = visit.console
    common = {
        "t": visit.words,
        "visit": visit,
        "console": console,
        "session": visit.session,
        "stage_kind": frame.kind_of(console.stage),
        "version": __version__,
        "navigation": pages.NAVIGATION,
    }
    return environment().get_template(template).render(**common, **values)


def _grouped(count: int | None) -> str:
    return "—" if count is None else f"{count:,}"


def _short(text: object, length: int = MAX_TEXT) -> str:
    """Return a text that is cut at a number of characters."""
    found = str(text)
    return found if len(found) <= length else f"{found[:length]}…"


def _lasting(seconds: int) -> str:
    """Return a time in the largest units that fit, such as 42 s, 5 min 12 s, or 3 h 07 min."""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours:,} h {minutes % 60:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"
