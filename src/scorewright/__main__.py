"""Run the command line as ``python -m scorewright``."""

from scorewright.entry.cli import main

if __name__ == "__main__":
    main()
