"""Variables from a dotenv file, for `--env.file`."""

from __future__ import annotations

from quaestor.config.values import is_variable, read_text
from quaestor.errors import UsageError


def read_env_file(path: str) -> dict[str, str]:
    """The variables of a dotenv file: `NAME=value` lines, `#` comments, `export ` and quotes allowed.

    In double quotes `\\n`, `\\t`, `\\"` and `\\\\` are escapes; in single quotes nothing is. Variables inside values
    are not expanded. Raises UsageError naming file and line, without the line's text: it may hold a secret.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(read_text(path, "--env.file").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.removeprefix("export ").partition("=")
        name = name.strip()
        unquoted = _env_value(value.strip())
        if not equals or not is_variable(name) or unquoted is None:
            raise UsageError(f"{path}, line {number}: not of the form NAME=value", hint="quote values with spaces")
        values[name] = unquoted
    return values


def _env_value(text: str) -> str | None:
    """The value that a dotenv file means, None if its quotes don't match."""
    if not text.startswith(("'", '"')):
        return text.partition(" #")[0].rstrip()
    quote, index = text[0], 1
    out: list[str] = []
    while index < len(text):
        char = text[index]
        if char == quote:
            after = text[index + 1 :].strip()
            return "".join(out) if not after or after.startswith("#") else None
        if char == "\\" and quote == '"' and index + 1 < len(text):
            index += 1
            char = {"n": "\n", "t": "\t", "r": "\r"}.get(text[index], text[index])
        out.append(char)
        index += 1
    return None
