"""Rules and findings.

Before: `facts` and `documents` look. After: the command line prints, sorted by severity.
"""

from __future__ import annotations

from quaestor.record import Record

#: The worst first. An error makes statements fail or answers wrong, a warning makes them worse than they could be.
SEVERITIES = ("error", "warning", "info")


class Rule(Record):
    """A rule: what it is called, how bad a finding is, and what to do about one."""

    id: str
    severity: str
    advice: str


class Finding(Record):
    """Something that breaks a rule: `place` is service, resource, method as far as known, `text` what is there."""

    rule: Rule
    place: str
    text: str


RULES = {
    rule.id: rule
    for rule in (
        Rule("unreadable", "error", "correct the document"),
        Rule("no-document", "info", "add the document, or take the service out of provider.yaml"),
        Rule("file-case", "error", "write the file's name as the file system has it"),
        Rule("unknown-verb", "error", "use select, insert, update, replace, delete"),
        Rule("unused-path-item-parameters", "warning", "declare them in the operation: StackQL doesn't see these"),
        Rule("optional-path-parameter", "error", "set required: true on the parameter"),
        Rule("no-success", "warning", "document a 2xx response"),
        Rule("broken-link", "info", "write [text](address)"),
        Rule("type-contradicts-properties", "warning", "make it type: object"),
        Rule("pushdown-undeclared", "warning", "configure the pushdown where operations take the parameter"),
        Rule("prefixed-body", "info", "set requestBodyTranslate, so that columns needn't be called data__…"),
        Rule("ignored-discriminator", "info", "map the discriminator's values to schemas"),
        Rule("no-columns", "error", "give the response a schema, or make the method exec"),
        Rule("nested-rows", "error", "say where the rows are (objectKey, or rows in the overlay)"),
        Rule("row-path-about", "error", "correct the row path: it leads to what is said about the answer"),
        Rule("row-path-nowhere", "error", "correct the row path: the schema has nothing there"),
        Rule("jsonapi-envelope", "warning", "lay attributes flat (flatten: jsonapi)"),
        Rule("no-paging", "error", "configure the pagination: only the first page is read"),
        Rule("unreachable-select", "error", "put the select that needs more parameters first"),
        Rule("same-parameters", "warning", "only EXEC reaches one of them: require another parameter"),
        Rule("verb-of-post", "info", "check that the verb says what the POST does"),
        Rule("read-only-by-exec", "info", "make a GET that answers JSON a select"),
        Rule("write-without-body", "info", "nothing can be SET: check that the verb says what it does"),
        Rule("body-not-an-object", "warning", "no column can be set: make it exec"),
        Rule("no-verb", "info", "no statement but EXEC reaches it: is it a resource?"),
        Rule("no-select", "info", "its rows can't be read"),
        Rule("default-host", "warning", "write the API's whole host: it is asked as it is"),
        Rule("same-name", "info", "resources of different services are called the same: look at the service"),
        Rule("lost-words", "info", "names read better with an underscore between words"),
        Rule("optional-and-required", "info", "a parameter is required by one method and optional in another"),
        Rule("odd-media-type", "info", "choose the media type that is read and written"),
        Rule("untyped-column", "info", "give the property a type"),
        Rule("boolean-as-text", "warning", "make it type: boolean"),
        Rule("plain-secret", "error", "mark it as a secret (format: password, or secret in the overlay)"),
        Rule("undocumented-permission", "info", "say which permission or scope it needs"),
        Rule("quoted-name", "info", "the name must be quoted in SQL: rename it in the overlay"),
        Rule("unlisted-parent", "info", "nothing lists what its parameter names: say so, or add the parent"),
    )
}  # fmt: skip


def found(rule: str, place: str, text: str) -> Finding:
    """A finding of the rule of this id."""
    return Finding(RULES[rule], place, text)
