"""The reader that docs/feed.md prints works against a real web process."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from annotation.actions.withdrawal import withdraw
from annotation.models import Ranking, RecruitmentLink, Study
from tests.exports.feeding import make_short_study, token_for
from tests.processes import ROOT, Site
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(empty_database: None, provider: Provider) -> Study:
    return make_short_study()


def test_the_printed_reader_keeps_every_row_and_forgets_whom_it_must(
    link: RecruitmentLink, site: Site, tmp_path: Path
) -> None:
    walker = Walker(link)
    walker.enter()
    walker.finish()
    text = (ROOT / "docs" / "feed.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found
    script = found[1].replace("https://study.example.org", site.address)
    script = script.replace("plv_…", token_for(link))
    for kept in (Ranking.objects.count(), Ranking.objects.count(), 0):
        if not kept:
            withdraw(participation=walker.participation)
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
        with closing(sqlite3.connect(tmp_path / "feed.sqlite")) as stored:
            assert stored.execute("SELECT count(*) FROM turns").fetchone() == (kept,)
