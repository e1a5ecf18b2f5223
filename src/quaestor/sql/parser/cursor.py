"""Reading tokens: names, paths, expectations, and what to say when one fails. All of the parser stands on it."""

from __future__ import annotations

from quaestor.errors import LimitError, SqlSyntaxError
from quaestor.sql.nodes import Name
from quaestor.sql.tokens import ALIASES, JOIN_WORDS, NAMES, RESERVED, tokenize, unquote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from quaestor.sql.nodes import Expr, Select

#: How deep the tree of a statement may be. An operand counts one, a subquery three, and of operators in a row each
#: one: `a || b || c` is a tree to the left. AND, OR, compound SELECTs and lists are flat.
MAX_DEPTH = 200

#: Every word that is a name when nothing else could be meant.
ANY_NAME = NAMES | RESERVED
#: After AS a clause's own word is rather a forgotten alias.
_AFTER_AS = ANY_NAME - {"FROM", "WHERE", "SELECT", "JOIN", "ON"}
_CLAUSES = (
    "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "JOIN", "UNION", "INTO", "VALUES",
    "SET", "RETURNING", "BETWEEN", "LIKE", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "EXISTS",
)  # fmt: skip


class Cursor:
    """A place in the tokens of a text. `extended`: StackQL's statements and names beyond SQLite's grammar."""

    def __init__(self, text: str, *, extended: bool = True) -> None:
        tokens = tokenize(text)
        self.text = text
        self.kinds = tokens.kinds
        if not extended:
            beyond = ("placeholder", "payload", "block")
            self.kinds = ["illegal" if kind in beyond else kind for kind in tokens.kinds]
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.extended = extended
        self.at = 0
        self.depth = 0
        self.chain = 0
        self.parameters: dict[str, int] = {}
        self.last_parameter = 0
        self.in_insert = False

    if TYPE_CHECKING:
        # the parts that need each other: `expressions` and `select` fill them in

        def expr(self, level: int = 0, *, low: bool = False) -> Expr:
            raise NotImplementedError

        def select(self) -> Select:
            raise NotImplementedError

    # ---------------------------------------------------------------------------------------------- where we are

    @property
    def kind(self) -> str:
        """The kind of the token here."""
        return self.kinds[self.at]

    @property
    def start(self) -> int:
        """Where the token here starts."""
        return self.starts[self.at]

    @property
    def last_end(self) -> int:
        """Where the token before this one ends."""
        return self.ends[self.at - 1]

    def token(self, ahead: int = 0) -> str:
        """The text of a token."""
        at = self.at + ahead
        return self.text[self.starts[at] : self.ends[at]]

    def word(self, ahead: int = 0) -> str:
        """The bare word of a token in capitals, or an empty text."""
        at = self.at + ahead
        if at >= len(self.kinds):
            return ""
        token = self.text[self.starts[at] : self.ends[at]]
        return token.upper() if token[:1].isalpha() else ""

    def gap(self) -> str:
        """The blanks and comments before the token here."""
        return self.text[self.last_end : self.start] if self.at else ""

    def swallowed(self, sign: str) -> bool:
        """Whether a comment right before the token here ends in `sign`."""
        gap = self.gap()
        lines = [line.split("--", 1)[1] for line in gap.splitlines() if "--" in line]
        blocks = [part.split("*/")[0] for part in gap.split("/*")[1:]]
        return any(comment.rstrip().endswith(sign) for comment in [*lines, *blocks])

    # ----------------------------------------------------------------------------------------------- stepping on

    def accept(self, kind: str) -> bool:
        """Steps over a token of this kind, if one is here."""
        if self.kinds[self.at] == kind:
            self.at += 1
            return True
        return False

    def accept_word(self, *words: str) -> str:
        """Steps over one of these words, if one is here."""
        word = self.word()
        if word and word in words:
            self.at += 1
            return word
        return ""

    def expect(self, kind: str) -> None:
        """Steps over a token of this kind. Raises SqlSyntaxError if another is here."""
        if self.kinds[self.at] != kind:
            raise self.failure(kind)
        self.at += 1

    def expect_word(self, *words: str) -> str:
        """Steps over one of these words. Raises SqlSyntaxError if another is here."""
        return self.accept_word(*words) or self.fail(_either(words))

    def fail(self, expected: str, hint: str = "") -> NoReturn:
        raise self.failure(expected, hint)

    def failure(self, expected: str, hint: str = "") -> SqlSyntaxError:
        """What to raise when the token here isn't what was expected."""
        token = self.token()
        expected = expected if expected[:1].islower() or " " in expected else f"'{expected}'"
        if self.kind == "":
            message = f"the statement ends where {expected} should follow"
        elif self.kind == "illegal":
            message = _illegal(token, self.text[self.start :])
        else:
            shown = token if len(token) <= 40 else token[:39] + "…"
            message = f"{shown!r} is not expected here: {expected} should follow"
        return SqlSyntaxError(message, text=self.text, position=self.start, hint=hint or self.misspelt())

    def misspelt(self) -> str:
        """Which keyword the name here, or the one before, may be meant for: `SELECT a FORM t`."""
        import difflib

        for ahead in (0, -1):
            if self.at + ahead < 0 or self.kinds[self.at + ahead] != "id":
                continue
            token = self.token(ahead)
            if found := difflib.get_close_matches(token.upper(), _CLAUSES, 1, 0.75):
                return f"is {token!r} meant for {found[0]}?"
        return ""

    def error(self, message: str, position: int, hint: str = "") -> SqlSyntaxError:
        """What to raise for something that is wrong elsewhere than here."""
        return SqlSyntaxError(message, text=self.text, position=position, hint=hint)

    def deeper(self, levels: int = 1) -> None:
        """Counts nesting; the caller takes `levels` off again. Raises LimitError."""
        self.depth += levels
        if self.depth > MAX_DEPTH:
            raise too_deep()

    def longer(self) -> None:
        """Counts one more operator in a row. Raises LimitError."""
        self.chain += 1
        if self.chain + self.depth > MAX_DEPTH:
            raise too_deep()

    # ----------------------------------------------------------------------------------------------------- names

    def here(self) -> str:
        """The name that the token here stands for."""
        token = self.text[self.starts[self.at] : self.ends[self.at]]
        if token[0] not in "\"'`[":
            return token
        if self.extended and "{{" in token:
            raise self.error(
                "a placeholder stands for a value, not for a name",
                self.start,
                hint="write the name itself; a manifest (`deploy`) can put names together",
            )
        return unquote(token)

    def name(self, expected: str) -> str:
        """A name; a keyword too where SQLite takes it for one."""
        if self.kinds[self.at] not in NAMES:
            self.fail(expected)
        name = self.here()
        self.at += 1
        return name

    def any_name(self, expected: str) -> str:
        """A name where nothing but a name can stand: beyond SQLite, any keyword."""
        if not (self.extended and self.kinds[self.at] in ANY_NAME):
            return self.name(expected)
        name = self.here()
        self.at += 1
        return name

    def name_node(self, expected: str) -> Name:
        pos = self.start
        return Name(self.any_name(expected), pos=pos, end=self.last_end)

    def names(self, expected: str) -> tuple[Name, ...]:
        """`(name, name …)`."""
        self.expect("(")
        names = [self.name_node(expected)]
        while self.accept(","):
            names.append(self.name_node(expected))
        self.expect(")")
        return tuple(names)

    def alias(self) -> str | None:
        """`[AS] name`, or None. Without AS it can't be a word that begins a join."""
        kind = self.kinds[self.at]
        if kind == "AS":
            self.at += 1
            if self.extended and self.kinds[self.at] in _AFTER_AS:
                return self.any_name("an alias")
            return self.name("an alias")
        if kind in ALIASES:
            name = self.here()
            self.at += 1
            return name
        return None

    def path(self, expected: str, most: int) -> tuple[str, ...]:
        """A dotted name of up to `most` parts."""
        parts = [self.name(expected)]
        while self.kinds[self.at] == ".":
            if len(parts) == most:
                self.fail(f"the end of a name of at most {most} parts")
            self.at += 1
            parts.append(self.any_name("a name"))
        return tuple(parts)

    def several(self) -> tuple[str, ...]:
        """A dotted name whose first part, with `*` in it, names several connections; empty if here is none."""
        at = self.at
        if not self.extended or "*" not in self.kinds[at : at + 2]:
            return ()
        while self.kinds[at] in ("*", *NAMES) and (at == self.at or self.starts[at] == self.ends[at - 1]):
            at += 1
        if self.kinds[at] != "." or self.starts[at] != self.ends[at - 1]:
            return ()
        pattern = self.text[self.start : self.ends[at - 1]]
        self.at = at + 1
        return (pattern, *self.path("a service", 3))

    def hints(self, *known: str) -> tuple[str, ...]:
        """The words of the `/*+ … */` comments right before this token. Raises SqlSyntaxError for an unknown one."""
        gap = self.gap()
        if "/*+" not in gap:
            return ()
        found: list[str] = []
        for part in gap.split("/*+")[1:]:
            words = part.split("*/")[0].replace(",", " ").split()
            for word in words:
                if word.upper() not in known:
                    raise self.error(
                        f"{word!r} is not a hint of this statement",
                        self.last_end + gap.index(word),
                        hint=f"its hints: {', '.join(known)}",
                    )
                found.append(word.upper())
        return tuple(found)


def too_deep() -> LimitError:
    return LimitError(
        f"the statement nests deeper than {MAX_DEPTH} levels, counting operators in a row",
        hint="WITH takes inner SELECTs out; IN (…), parentheses around halves or a table make long rows short",
    )


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def _illegal(token: str, rest: str) -> str:
    if token[0] in "'\"`[":
        what = "string" if token == "'" else "quoted name"
        return f"this {what} is not closed"
    if rest.startswith("{{"):
        return "this placeholder is not closed: '}}' is missing"
    if rest.startswith("<<<"):
        return "this block is not closed: '>>>' is missing"
    if token[0] in "xX":
        return f"{token[:40]!r} is not a blob: pairs of hexadecimal digits between quotes"
    if token[0].isdigit() or token[0] == ".":
        return f"{token[:40]!r} is not a number"
    return f"{token[:40]!r} begins nothing"


#: What may follow FROM's tables as an alias or join; used by `select`.
JOIN_STARTS = JOIN_WORDS | {",", "JOIN"}
