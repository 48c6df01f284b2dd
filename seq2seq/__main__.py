"""Run the command line: `python -m seq2seq` is the same as `seq2seq`."""

from seq2seq.stop_signals import exit_if_stopped


def import_and_run() -> None:
    """Import the command line, which takes a second, and run it."""
    from seq2seq.cli.main import run

    run()


def main() -> None:
    """Run the `seq2seq` command in this process, which ends with it. A signal may come from the first import on."""
    exit_if_stopped(import_and_run, process_ends=True)


if __name__ == "__main__":
    main()
