"""`python -m triode` is the command `triode`."""

from triode.cli import main

if __name__ == "__main__":
    main()
