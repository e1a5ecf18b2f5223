"""Text to tokens, by the rules of SQLite's tokenizer.

The first step of a statement's way; `parser` reads what comes out. A token's kind is one of

- `id`: a name, bare or in `"…"`, `` `…` `` or `[…]`; the words of StackQL's statements (EXEC, SHOW) are names too;
- a keyword of SQLite in capitals: `SELECT`;
- `string`, `integer`, `real`, `blob`, `param` (`?`, `?1`, `:a`, `@a`, `$a`, `#a`);
- the sign itself: `(`, `<=`, `->>`; `==` comes as `=` and `<>` as `!=`;
- beyond SQLite: `placeholder` (`{{ name }}`), `payload` (`@@json`), `block` (`<<<json … >>>`);
- `illegal`: no token starts here, or it isn't finished; and the empty text, which is the end.

FILTER, OVER and WINDOW are keywords only where SQLite takes them for such (https://www.sqlite.org/windowfunctions.html):
OVER after `)` and before `(` or a name, FILTER between parentheses, WINDOW before a name and AS; else they are `id`.
"""

from __future__ import annotations

import re

from quaestor.errors import SqlSyntaxError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Keywords that are names wherever they would not parse as themselves (`%fallback ID` in SQLite's grammar).
FALLBACK = _words("""
    ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN CONFLICT CURRENT
    CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFERRED DESC DETACH DO EACH END EXCLUDE EXCLUSIVE
    EXPLAIN FAIL FIRST FOLLOWING FOR GENERATED GLOB GROUPS IF IGNORE IMMEDIATE INITIALLY INSTEAD KEY LAST LIKE
    MATCH MATERIALIZED NO NULLS OF OFFSET OTHERS PARTITION PLAN PRAGMA PRECEDING QUERY RAISE RANGE RECURSIVE
    REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT ROLLBACK ROW ROWS SAVEPOINT TEMP TEMPORARY TIES TRIGGER
    UNBOUNDED VACUUM VIEW VIRTUAL WITH WITHOUT
""")
#: Words before JOIN; names everywhere else but as an alias without AS.
JOIN_WORDS = frozenset(("CROSS", "FULL", "INNER", "LEFT", "NATURAL", "OUTER", "RIGHT"))
#: Keywords that SQLite never takes as a name.
RESERVED = _words("""
    ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE
    DELETE DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS
    ISNULL JOIN LIMIT NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO
    TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE
""")
#: FILTER, OVER, WINDOW are keywords in one place only.
_IN_PLACE = frozenset(("FILTER", "OVER", "WINDOW"))
#: Every keyword of SQLite, as a key.
KEYWORDS = {word: word for word in FALLBACK | JOIN_WORDS | RESERVED | _IN_PLACE | {"INDEXED"}}

#: What can stand for a name: `nm`, `ids` and `idj` of SQLite's grammar.
NAMES = FALLBACK | JOIN_WORDS | {"id", "string", "INDEXED"}
ALIASES = FALLBACK | {"id", "string"}
FUNCTION_NAMES = NAMES - {"string"}

# What may begin a name and what may be in it: ASCII letters, _, everything beyond ASCII; digits and $. Said by what
# may not, since `re` takes 5 ms to compile a class that reaches to U+10FFFF.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_WORD = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_SPACE = r"(?:[ \t\n\f\r][ \t\n\v\f\r]*|\ufeff|--[^\n]*|/\*(?=[\s\S])[\s\S]*?(?:\*/|\Z))*"
_TOKEN = re.compile(
    _SPACE
    + "(?:"
    + "|".join(
        (
            r"([xX]'[^']*'?)",  # 1 blob
            rf"({_LETTER}{_WORD}*)",  # 2 word
            r"(->>|->|\|\||<<<[\s\S]*?>>>|<<|<=|<>|>>|>=|==|!=|[-+*/%&|~(),;<>=]|\.(?![0-9]))",  # 3 sign
            r"('[^']*(?:''[^']*)*')",  # 4 string
            r"((?:0[xX][0-9a-fA-F][0-9a-fA-F_]*"
            r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)"
            rf"{_WORD}*)",  # 5 number
            r'("[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\])',  # 6 quoted name
            rf"(\?[0-9]*|[@:$#](?:::)*{_WORD}(?:{_WORD}|::)*(?:\([^ \t\n\v\f\r)]*\)?)?)",  # 7 parameter
            r"(\{\{\s*(?:`[^`]*`|[\s\S]*?)\s*\}\})",  # 8 placeholder
            rf"(@@{_WORD}+)",  # 9 payload
            r"(\Z)",  # 10 end
            r"([\s\S])",  # 11 none of all that
        )
    )
    + ")"
)
_SIGNS = {"==": "=", "<>": "!="}
# These are compiled when a text has such a token.
_NUMBER = (
    r"0[xX][0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
    r"|(?:[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?"
)
_BLOB = r"[xX]'(?:[0-9a-fA-F]{2})*'"


class Tokens:
    """The tokens of a text, in three lists of one length: kinds, where each starts, where each ends.

    The last two are the end, so that one can look one token ahead without asking.
    """

    __slots__ = ("ends", "kinds", "starts", "text")

    def __init__(self, text: str, kinds: list[str], starts: list[int], ends: list[int]) -> None:
        self.text = text
        self.kinds = kinds
        self.starts = starts
        self.ends = ends


def decode(text: str | bytes) -> str:
    """The text of a script. Raises SqlSyntaxError for bytes that aren't UTF-8 and for what SQLite can't be given."""
    if not isinstance(text, str):
        given = bytes(text)
        try:
            text = given.decode()
        except UnicodeDecodeError as error:
            shown = given.decode("utf-8", "replace")
            position = len(given[: error.start].decode())
            raise SqlSyntaxError(
                f"byte {error.start} is not UTF-8", text=shown, position=position, hint="save the text as UTF-8"
            ) from None
    if "\0" in text:
        raise SqlSyntaxError("a NUL character can't stand in a statement", text=text, position=text.index("\0"))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            shown = text.encode("utf-8", "replace").decode()
            raise SqlSyntaxError("half a surrogate pair is no character", text=shown, position=error.start) from None
    return text


def tokenize(text: str) -> Tokens:
    """The tokens of `text`. Never fails: what is no token comes as `illegal`."""
    kinds: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    add_kind, add_start, add_end = kinds.append, starts.append, ends.append
    keywords, signs, in_place = KEYWORDS, _SIGNS, False
    for match in _TOKEN.finditer(text):
        group = match.lastindex or 0
        start, end = match.span(group)
        if group == 2:
            kind = keywords.get(text[start:end].upper(), "id")
            in_place = in_place or kind in _IN_PLACE
        elif group == 3:
            sign = text[start:end]
            kind = signs.get(sign, sign) if end - start < 6 else "block"
        elif group == 10:
            kinds += ("", "")
            starts += (start, start)
            ends += (start, start)
            break
        else:
            kind = _kind(group, text[start:end])
        add_kind(kind)
        add_start(start)
        add_end(end)
    if in_place:
        _place(kinds)
    return Tokens(text, kinds, starts, ends)


def _kind(group: int, token: str) -> str:
    if group == 5:
        if token.isdigit():
            return "integer"
        if not re.fullmatch(_NUMBER, token):
            return "illegal"
        return "real" if "." in token or ("e" in token.lower() and token[:2] not in ("0x", "0X")) else "integer"
    if group == 1:
        return "blob" if re.fullmatch(_BLOB, token) else "illegal"
    if group == 7:
        return "illegal" if "(" in token and not token.endswith(")") else "param"
    return ("", "", "", "", "string", "", "id", "", "placeholder", "payload", "", "illegal")[group]


def _place(kinds: list[str]) -> None:
    """Makes FILTER, OVER and WINDOW names where SQLite takes them for names."""
    names = NAMES | _IN_PLACE
    for index, kind in enumerate(kinds):
        if kind not in _IN_PLACE:
            continue
        after = kinds[index + 1]
        closed = index > 0 and kinds[index - 1] == ")"
        if kind == "WINDOW":
            keyword = after in names and kinds[index + 2] == "AS"
        elif kind == "OVER":
            keyword = closed and (after == "(" or after in names)
        else:
            keyword = closed and after == "("
        if not keyword:
            kinds[index] = "id"


def unquote(token: str) -> str:
    """The name or text that a token stands for: without its quotes, and inner quotes undoubled."""
    quote = token[0]
    if quote == "[":
        return token[1:-1]
    if quote in "\"'`":
        return token[1:-1].replace(quote + quote, quote)
    return token
