"""`python -m langsamp` and `torchrun -m langsamp train ...` are the command `langsamp`."""

from langsamp.cli.command import main

if __name__ == "__main__":
    main()
