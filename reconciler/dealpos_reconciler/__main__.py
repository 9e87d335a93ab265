"""Entry point of `reconciler` and of `python -m dealpos_reconciler`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends without a traceback."""
    try:
        from dealpos_reconciler.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
