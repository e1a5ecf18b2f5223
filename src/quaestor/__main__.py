"""`python -m quaestor` is the command line."""

from quaestor.surfaces.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
