"""`python -m quaestor` is the command line."""

from quaestor.surfaces.cli.start import script

if __name__ == "__main__":
    script()
