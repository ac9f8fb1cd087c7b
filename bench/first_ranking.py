"""How soon can the first answer be ranked on a slow phone line?

The line is simulated in Chromium: 400 kbit/s down and up, 400 ms more for every answer of
the server. Nothing is cached. The clock runs from the address of the page until the
scripts have run and a place is given to the first of four Hindi answers of 300 words. The
ideal is what the bytes and two rounds cost (the page, then its files at once):
bytes × 8 / 400,000 + 2 × 0.4 s.

Run by `./run bench`, which starts the servers, the provider and the web process.
"""

import json
import os
import statistics
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop is in this thread
django.setup()

from playwright.sync_api import Browser, sync_playwright

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase
from candidates.generation import complete_candidate_set
from tests.definitions import small_definition
from tests.long_answers import make_answers_long
from tests.walker import Walker

KILOBITS, LATENCY = 400, 0.4
TARGET_SECONDS = 5.0
RUNS = 5
USABLE = """() => {
  const place = document.querySelector('[data-answer] input[type="radio"]');
  return place && document.readyState === "complete" && window.htmx &&
    place.getBoundingClientRect().width > 0;
}"""


def main() -> None:
    site, chromium = sys.argv[1:]
    path = make_person()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        runs = [measure(browser, site, path) for _run in range(RUNS)]
        browser.close()
    seconds = statistics.median(run[0] for run in runs)
    weight = int(statistics.median(run[1] for run in runs))
    ideal = weight * 8 / (KILOBITS * 1000) + 2 * LATENCY
    report = {
        "line": f"{KILOBITS} kbit/s, {LATENCY * 1000:.0f} ms",
        "bytes": weight,
        "seconds": round(seconds, 2),
        "slowest_seconds": round(max(run[0] for run in runs), 2),
        "ideal_seconds": round(ideal, 2),
        "ratio_of_ideal": round(ideal / seconds, 3),
        "target_seconds": TARGET_SECONDS,
        "holds": seconds <= TARGET_SECONDS,
    }
    print(json.dumps(report))


def make_person() -> str:
    """Somebody in India before four Hindi answers of 300 words; the path of her return link."""
    study = apply_study(
        small_definition(prompts=1, pool_conversations=1, own_conversations=0, key="slow-line")
    )
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    make_answers_long()
    open_study(study=study)
    vendor = Vendor.objects.create(key="slow-line", name="Slow line")
    link = create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
    walker = Walker(link, country="IN", language="hi")
    walker.enter()
    walker.open()
    return f"/return/{walker.participation.return_token}/"


def measure(browser: Browser, site: str, path: str) -> tuple[float, int]:
    """Seconds from the address to a usable control, and the bytes that came meanwhile."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(site + path)
    page.locator("main form button").click()
    page.wait_for_load_state("networkidle")
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.clearBrowserCache")
    line = KILOBITS * 1000 / 8
    devtools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY * 1000,
            "downloadThroughput": line,
            "uploadThroughput": line,
        },
    )
    weight: list[int] = []
    devtools.on(
        "Network.loadingFinished", lambda event: weight.append(int(event["encodedDataLength"]))
    )
    started = time.monotonic()
    page.goto(page.url, wait_until="commit")
    page.wait_for_function(USABLE, polling=20)
    page.locator('[data-answer] input[type="radio"]').first.check(force=True)
    seconds = time.monotonic() - started
    page.wait_for_load_state("networkidle")
    context.close()
    return seconds, sum(weight)


if __name__ == "__main__":
    main()
