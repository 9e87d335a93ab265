"""Entry point of `reconciler` and of `python -m reconciler`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends without a traceback."""
    try:
        from reconciler.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
