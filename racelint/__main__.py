"""`python -m racelint`."""

from racelint.cli import main

if __name__ == "__main__":
    main()
