"""The papers of the house agree with the code."""

import re
from pathlib import Path

import augdiff

HOUSE = Path(__file__).parents[1]


def test_the_changelog_begins_with_this_version():
    found = re.search(r"^## \[(.+?)\]", (HOUSE / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    assert found[1] == augdiff.__version__


def test_the_layout_in_contributing_names_only_what_is_there():
    table = (HOUSE / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| where |")[2].partition("\n\n")[0]
    names = [name for line in table.splitlines() for name in re.findall(r"`([a-z_]+(?:/|\.py))`", line.split("|")[1])]
    assert len(names) > 15
    assert [name for name in names if not (HOUSE / "augdiff" / name).exists()] == []
