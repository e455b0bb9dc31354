"""`python -m callinsight.cli` is the `callinsight` program."""

from callinsight.cli import main

main()
