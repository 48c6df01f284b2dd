"""Run the command line: `python -m seq2seq` is the same as `seq2seq`."""

from seq2seq.cli.main import main

if __name__ == "__main__":
    main()
