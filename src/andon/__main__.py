"""`python -m andon` is the command `andon`."""

from andon.cli import main

if __name__ == "__main__":
    main()
