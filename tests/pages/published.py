"""Pages in StackQL's format taken apart: what their tables say, and their text as a reader sees it.

Before: a seed page, or one that we made. After: the tests hold one against the other.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
SEEDS = {
    "integrations.instances": "000_d8c4ce78ddbee332.txt",
    "apps.connections": "001_5d077ebe97290281.txt",
    "identity_sources.sessions": "003_c2dce0aee62c2551.txt",
}
REGISTRY = DATA / "registry-okta-5.1.0"
ABSENT = "" if REGISTRY.is_dir() else "the shared data is not beside this clone (../shared/data)"

_ROW = re.compile(r"<tr[^>]*>\n(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td>(.*?)</td>", re.DOTALL)
_ITEM = re.compile(r'<TabItem value="([^"]*)">(.*?)</TabItem>', re.DOTALL)


@dataclass(frozen=True)
class Tables:
    """What the tables of a page say, every cell as text.

    Attributes:
        fields: by method and field, type and description.
        methods: by name, the other cells.
        parameters: by name, type and description.
        examples: by tab, the code of the first example there.
    """

    fields: dict[tuple[str, str], tuple[str, ...]]
    methods: dict[str, tuple[str, ...]]
    parameters: dict[str, tuple[str, ...]]
    examples: dict[str, str]


def tables(page: str) -> Tables:
    """The tables of a page."""
    parts = dict(re.findall(r"(?ms)^## (\S+).*?\n(.*?)(?=^## |\Z)", page))
    found = {(tab, cells[0]): cells[1:] for tab, body in _ITEM.findall(parts["Fields"]) for cells in _rows(body)}
    examples: dict[str, str] = {}
    for section in re.findall(r"(?ms)^## (?:`|Lifecycle).*?(?=^## |\Z)", page):
        for tab, body in _ITEM.findall(section):
            code = re.search(r"```\w+\n(.*?)\n```", body, re.DOTALL)
            examples.setdefault(tab, code[1] if code else "")
    return Tables(
        found,
        {cells[0]: cells[1:] for cells in _rows(parts["Methods"])},
        {cells[0]: cells[1:] for cells in _rows(parts.get("Parameters", ""))},
        examples,
    )


def _rows(part: str) -> list[tuple[str, ...]]:
    rows = [tuple(text(cell) for cell in _CELL.findall(row)) for row in _ROW.findall(part)]
    return [row for row in rows if row]


def text(part: str) -> str:
    """What a reader sees of a piece of MDX, without differences of whitespace, bullets and addresses of links."""
    part = re.sub(r'<CopyableCode code="([^"]*)" />', r"\1", part)
    part = re.sub(r"<br />|[•*]", " ", part)
    part = html.unescape(re.sub(r"</?\w[^>]*>", "", part))
    part = re.sub(r"\[([^\]]*)\](?:\([^)]*\)|https?://[^\s)]*[^\s).])?", r"\1", part)
    return " ".join(part.replace("`", "").split())


def rendered(page: str) -> str:
    """The text of a whole page as a browser shows it, in order, without any whitespace."""
    body = page.split("\nimport ", 1)[1].split("\n\n", 1)[1]
    title = re.search(r"(?m)^title: (.*)$", page)
    body = re.sub(
        r"(?s)<Tabs\n.*?values=\{\[(.*?)\]\}\n>", lambda m: " ".join(re.findall(r"label: '([^']*)'", m[1])), body
    )
    body = re.sub(r"(?m)^```\w*$|^#+ ", "", body)
    return (title[1] if title else "") + "".join(text(body).split())
