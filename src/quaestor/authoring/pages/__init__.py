"""Pages that document a provider: what a page says (`page`), who makes it, and how it is written down.

`compat` makes pages from a StackQL document as StackQL's own generator did, faults included; `mdx` writes a page in
the format of that site; `site` writes a whole provider's pages into a folder.
"""
