"""From a statement that writes to the requests that it makes: pure, like the rest of `plan`.

`names` says which method serves a statement and where each of its names goes, `form` what the method's body is made
of, `check` converts values to the schema's types and finds everything that is wrong with them, `calls` puts a row's
values into one `Call`, `rows` tells from WHERE which objects an UPDATE or DELETE is about. Before: `sql.parser` made
the tree. After: `run.writing.preparing` evaluates the values, `run.writing.mutate` sends the calls.
"""
