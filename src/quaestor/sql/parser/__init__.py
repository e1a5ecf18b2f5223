"""Text to tree. Before it `sql.tokens`, after it `sql.template` and `plan.bind`.

Recursive descent, a function for a piece of grammar. `cursor` reads names and reports what is wrong; upon it stand,
each knowing the ones before it, `expressions`, `select`, `writes` and `workspace`; this page puts them together.

SELECT is SQLite's whole grammar (https://www.sqlite.org/lang_select.html) but for INDEXED BY: the tests compare what
is accepted with SQLite's own parser. Beyond it lie StackQL's statements, names of three and four parts, keywords as
names where nothing else can be meant, and placeholders.
"""

from __future__ import annotations

from quaestor.errors import SqlSyntaxError, did_you_mean
from quaestor.sql.nodes import Block, Script, Statement
from quaestor.sql.parser.cursor import too_deep
from quaestor.sql.parser.workspace import Workspace
from quaestor.sql.tokens import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def parse_script(text: str | bytes) -> Script:
    """The statements and `<<<json … >>>` blocks of a script; positions are offsets into it.

    Raises SqlSyntaxError for what is no statement, LimitError for one that nests too deep.
    """
    return Parser(decode(text)).script()


def parse(text: str | bytes) -> tuple[Statement, ...]:
    """The statements of a text without `<<<json … >>>` blocks.

    Raises SqlSyntaxError for what is no statement and for a block, LimitError for a statement that nests too deep.
    """
    script = parse_script(text)
    if script.blocks:
        block = script.blocks[0]
        raise SqlSyntaxError("a block of values can only stand in a script", text=decode(text), position=block.pos)
    return script.statements


def parse_one(text: str | bytes) -> Statement:
    """The only statement of a text. Raises as `parse` does, and SqlSyntaxError for none or several."""
    statements = parse(text)
    if not statements:
        raise SqlSyntaxError("there is no statement", text=decode(text), position=0)
    if len(statements) > 1:
        raise SqlSyntaxError("only one statement can stand here", text=decode(text), position=statements[1].pos)
    return statements[0]


class Parser(Workspace):
    """The whole parser. Without `extended`, it accepts one SELECT of SQLite and nothing more."""

    def script(self) -> Script:
        """Everything in the text. A comment may swallow a semicolon: provider pages print `… -- required;`."""
        statements: list[Statement] = []
        blocks: list[Block] = []
        try:
            while self.kind:
                if self.accept(";"):
                    continue
                if self.kind == "block" and self.extended:
                    blocks.append(self.block())
                    continue
                self.parameters.clear()
                self.last_parameter = 0
                statements.append(self.statement())
                if self.kind not in (";", "") and not (self.extended and self.swallowed(";")):
                    self.fail("the end of the statement", hint=self.end_hint())
        except RecursionError:  # the caller's own stack was deep already
            raise too_deep() from None
        return Script(tuple(statements), tuple(blocks), pos=0, end=len(self.text))

    def statement(self) -> Statement:
        word = self.word()
        if self.kind in ("SELECT", "VALUES"):
            return self.select()
        if self.kind == "WITH":
            return self.with_statement()
        read = _STATEMENTS.get(word) if self.extended else None
        if read is None:
            shown = self.token()[:40]
            if self.kind in ("", "illegal", "(") or not word:
                raise self.failure("a statement")
            raise self.error(
                f"{shown!r} begins no statement", self.start, hint=did_you_mean(word, tuple(_STATEMENTS))
            )
        return read(self)

    def block(self) -> Block:
        pos, token = self.start, self.token()
        self.at += 1
        words = token[3:-3].split(None, 1)
        kind = words[0].lower() if words else ""
        if kind not in ("json", "jsonnet"):
            raise self.error(
                "a block begins with its kind",
                pos,
                hint="write <<<json … >>> (or <<<jsonnet … >>> that is plain JSON)",
            )
        text = token[3:-3].lstrip()[len(kind) :]
        return Block(kind, text, pos=pos, end=self.last_end)

    def end_hint(self) -> str:
        """What may help where a statement goes on after its end."""
        if self.kind == "INDEXED":
            return "INDEXED BY means nothing here: an API has no indexes"
        if self.token() == ":" and self.kind == "illegal":
            return "a cast is CAST(x AS type)"
        return ""


_STATEMENTS: dict[str, Callable[[Parser], Statement]] = {
    "SELECT": Parser.select,
    "VALUES": Parser.select,
    "WITH": Parser.with_statement,
    "INSERT": Parser.write,
    "UPDATE": Parser.write,
    "REPLACE": Parser.write,
    "DELETE": Parser.write,
    "EXEC": Parser.exec_statement,
    "SHOW": Parser.show,
    "DESCRIBE": Parser.describe,
    "DESC": Parser.describe,
    "EXPLAIN": Parser.explain,
    "CREATE": Parser.create,
    "DROP": Parser.drop,
    "REFRESH": Parser.refresh,
    "USE": Parser.use,
    "SET": Parser.set,
    "RESET": Parser.reset,
    "BEGIN": Parser.begin,
    "START": Parser.begin,
    "COMMIT": Parser.commit,
    "ROLLBACK": Parser.rollback,
    "SAVEPOINT": Parser.savepoint,
    "RELEASE": Parser.release,
    "REGISTRY": Parser.registry,
    "PURGE": Parser.purge,
    "SLEEP": Parser.sleep,
    "NATIVEQUERY": Parser.native_query,
    "COPY": Parser.copy,
    "AUTH": Parser.auth,
}
