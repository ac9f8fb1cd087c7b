"""What every page must hold in every language: accessible, and nothing clipped."""

import os
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What the theme and the width of a page can change; the rest is the same markup.
RULES_OF_LOOKS = [
    "color-contrast",
    "target-size",
    "scrollable-region-focusable",
    "link-in-text-block",
]
# A third longer, as translations of short English texts are, in letters that are easy to see.
LENGTHEN = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const skipped = new Set(["SCRIPT", "STYLE", "TEXTAREA", "OPTION"]);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const text = node.textContent.trim();
    if (!text || skipped.has(node.parentElement.tagName)) continue;
    node.textContent = node.textContent.replace(/\\S+/g, (word, at) =>
      word + (word.length > 3 ? "ÿ".repeat(Math.ceil(word.length / 3)) : ""));
  }
}"""
# What is just changing its colours is looked at with those it will have.
RUN = """options => {
  for (const change of document.getAnimations()) {
    if (change instanceof CSSTransition) change.finish();
  }
  return axe.run(document, options).then((found) => found.violations);
}"""
CLIPPED = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`page is ${root.scrollWidth} wide`);
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility()) continue;
    if (element.closest("[data-clamped], .skip-link, select")) continue;
    const style = getComputedStyle(element);
    if (style.clipPath !== "none" || !element.textContent.trim()) continue;
    if (["INPUT", "TEXTAREA", "SELECT", "OPTION"].includes(element.tagName)) continue;
    if (style.overflowX === "auto" || style.overflowX === "scroll") continue;
    const wide = element.scrollWidth > element.clientWidth + 1 && style.display !== "inline";
    const hides = style.overflowX === "hidden" || style.overflowX === "clip";
    const button = element.tagName === "BUTTON" && wide;
    const cut = style.overflowY === "hidden" && element.scrollHeight > element.clientHeight + 1;
    if ((wide && hides) || button || cut) {
      const words = element.textContent.trim().slice(0, 40);
      found.push(`${element.tagName}.${element.className}: ${words}`);
    }
  }
  return found;
}"""


def picture(page: Page, file: Path) -> None:
    """The whole page, for people to look at: only where PLURIVOX_PICTURES is set, as it is in a
    run of all tests, since no test looks at it and several hundred of them take a while."""
    if os.environ.get("PLURIVOX_PICTURES"):
        page.wait_for_load_state()
        page.screenshot(path=file, full_page=True)


def violations(page: Page, *, of_looks: bool = False) -> list[str]:
    """What axe-core finds wrong, one line for each element; or only by rules on looks. A page
    that a click led to is looked at when it is whole, with its styles."""
    page.wait_for_load_state()
    kind, rules = ("rule", RULES_OF_LOOKS) if of_looks else ("tag", EVERY_RULE)
    options = {
        "runOnly": {"type": kind, "values": rules},
        "resultTypes": ["violations"],
        "selectors": False,  # a fault is told by its markup; finding its path takes long
    }
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, options)
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found
        for node in rule["nodes"]
    ]


def clipped_when_longer(page: Page) -> list[str]:
    """Elements whose text no longer shows whole once every word is a third longer."""
    page.evaluate(LENGTHEN)
    found: list[str] = page.evaluate(CLIPPED)
    return found
