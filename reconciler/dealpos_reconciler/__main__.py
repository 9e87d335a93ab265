"""Entry point of `reconciler` and of `python -m dealpos_reconciler`."""

import atexit
import os
import sys
import threading


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends without a traceback."""
    try:
        from dealpos_reconciler.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _end_at_once(ended.code)
        raise


def _end_at_once(code: int) -> None:
    """End the process without freeing its objects one by one, as the system frees them all.

    Return where somebody waits for a thread, or where the output cannot be written.
    """
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    if all(thread.daemon for thread in others):
        atexit._run_exitfuncs()
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            return  # the interpreter reports it
        os._exit(code)


if __name__ == "__main__":
    main()
