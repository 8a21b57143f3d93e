"""`python -m haicbook`: the same as `haicbook`."""

from haicbook.cli import main

if __name__ == "__main__":
    main(prog_name="haicbook")
