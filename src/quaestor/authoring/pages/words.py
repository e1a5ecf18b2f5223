"""A vendor's Markdown made fit for our pages: broken links mended, what a format would take for its own escaped.

Before: `prose` has read a description. After: `maker` puts it into a page: in a cell (`flat`), above code (`block`).
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Fenced code and code spans, which formats leave alone.
_CODE = re.compile(r"(```.*?```|``[^`].*?``|`[^`\n]+`)", re.DOTALL)
_LINK = re.compile(r"\[([^\]\n]*(?:\n[^\]\n]+)?)\]\(\s*([^)\s]*)\s*(?:\"[^\"]*\")?\)")
#: A link whose parentheses were lost (`[text]https://…`).
_BARE_LINK = re.compile(r"\[([^\]]+)\](https?://[^\s)\]]*[^\s)\].,;])")
#: An address that was written onto the end of another path.
_DOUBLED = re.compile(r"\((?:/?[\w/.-]*?)(https?://)")
_TAG = re.compile(r"</?(?:p|div|span|b|i|em|strong|a|ul|ol|x-lifecycle|nobr)(?:\s[^>]*)?/?>")


def tidied(text: str) -> str:
    """The text with its links whole. A link that leads to another page of the vendor's site, by a path alone, would
    lead nowhere from here: its text stays."""
    text = text.replace("\r", "")
    text = _BARE_LINK.sub(r"[\1](\2)", text)
    text = _DOUBLED.sub(r"(\1", text)
    text = re.sub(r"<li>", "\n* ", text)
    text = _TAG.sub("", re.sub(r"</li>", "", text))
    return _LINK.sub(_linked, text)


def _linked(match: re.Match[str]) -> str:
    words, target = " ".join(match[1].split()), match[2]
    return f"[{words}]({target})" if target.startswith(("https://", "http://", "mailto:")) else words


def flat(text: str, escape: Callable[[str], str]) -> str:
    """The text on one line, for a cell of a table."""
    parts: list[str] = []
    for line in tidied(text).replace("```", "`").splitlines():
        line = line.strip()
        item = re.match(r"(?:[*+-]|\d+\.)\s+", line)
        if item is not None:
            parts.append("\n• " + line[item.end() :])
        elif not line:
            parts.append("\n")
        elif not re.fullmatch(r"[|:\-\s]+", line):
            parts.append((" " if parts and not parts[-1].endswith("\n") else "") + re.sub(r"^#+\s*", "", line))
    whole = re.sub(r"\n+", "\n", "".join(parts)).strip()
    return escape(re.sub(r"<br\s*/?>", "\n", whole)).replace("\n", "<br />")


def block(text: str, escape: Callable[[str], str]) -> str:
    """The text as paragraphs; its headings are bold, so that they aren't the page's."""
    lines = [re.sub(r"^#+\s*(.*?)\s*#*$", r"**\1**", line.rstrip()) for line in tidied(text).strip().splitlines()]
    return escape("\n".join(lines))


def _outside(text: str, change: Callable[[str], str]) -> Iterator[str]:
    for number, part in enumerate(_CODE.split(text)):
        yield part if number % 2 else change(part)


def for_markdown(text: str) -> str:
    """The text for plain Markdown: angle brackets would be taken for HTML."""
    return "".join(_outside(text, lambda part: re.sub(r"<(?!br\s*/?>|https?://)", r"\\<", part)))


def for_mdx(text: str) -> str:
    """The text for MDX, which takes braces for JavaScript, angle brackets for components, and a line that begins
    with `import` or `export` for a module's."""

    def change(part: str) -> str:
        part = re.sub(r"<(https?://[^>\s]+)>", r"[\1](\1)", part)
        part = re.sub(r"<br\s*/?>", "\0", part)
        for plain, entity in (("{", "&#123;"), ("}", "&#125;"), ("<", "&lt;"), (">", "&gt;")):
            part = part.replace(plain, entity)
        part = re.sub(r"(?m)^(&gt;)(?= )", ">", part)  # a quotation is one in MDX too
        part = re.sub(r"(?m)^(im|ex)(?=port\b)", r"\1&#8203;", part)
        return part.replace("\0", "<br />")

    return "".join(_outside(text, change))
