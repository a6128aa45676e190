"""``python -m augdiff``."""

from augdiff.cli import main

main()
