"""The compiled catalog's tables, and the number of their version.

Before: `catalog.compiling` writes them. After: `catalog.store` reads them.
"""

#: Changes whenever compiled files of older versions can't be read any more.
FORMAT = 6

TABLES = """
CREATE TABLE meta (format INTEGER, pages INTEGER);
CREATE TABLE providers (name TEXT PRIMARY KEY, data TEXT) WITHOUT ROWID;
CREATE TABLE services (provider TEXT, name TEXT, title TEXT, resources INTEGER,
    PRIMARY KEY (provider, name)) WITHOUT ROWID;
CREATE TABLE resources (provider TEXT, service TEXT, name TEXT, title TEXT, methods INTEGER, content INTEGER,
    PRIMARY KEY (provider, service, name)) WITHOUT ROWID;
CREATE TABLE resource_data (id INTEGER PRIMARY KEY, data TEXT);
CREATE TABLE schemas (provider TEXT, name TEXT, data TEXT);
"""
