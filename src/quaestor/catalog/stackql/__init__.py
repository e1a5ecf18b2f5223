"""Reads StackQL's provider documents: a registry's folder, a provider, its services, one method after the other.

    folder      where a provider is in a registry's folders, and which version counts
    provider    provider.yaml → Provider, and the files of its services
    service     a service document → Facts
    methods     an operation with StackQL's configuration → Method
    programs    a method that runs a program of this machine → what it needs of an operation
    config      what is configured on several levels: the nearest one counts

Before: `run.registry` has put documents on the disk, or a person points at a folder. After: `catalog.documents`
compiles each service when a statement names it. What the keys mean: StackQL's provider specification; where ours
differs, `docs/compatibility.md` says so.
"""
