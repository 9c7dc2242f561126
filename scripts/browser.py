"""Open the HTML report in a real browser: try its filter and its keys, and take screenshots.

    pip install selenium, and a Chromium with its driver (on Debian: apt-get install chromium chromium-driver)
    racelint report src --html report.html
    python scripts/browser.py report.html --screenshots FOLDER

Tells what does not work, and exits with 1 then.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
TALLEST = 1500
"""A screenshot shows so many pixels of the page at most."""

VISIBLE = "return [...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility()).length"
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Page:
    """The report in a browser, and what was found wrong with it."""

    def __init__(self, file: Path, binary: str, driver: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,1000"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.browser: Any = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        self.address = file.resolve().as_uri()
        self.wrong: list[str] = []

    def open(self, fragment: str = "") -> None:
        """Load the page anew, at a fragment of it."""
        self.browser.get("about:blank")
        self.browser.get(self.address + fragment)

    def count(self, selector: str) -> int:
        """How many elements can be seen."""
        return int(self.browser.execute_script(VISIBLE, selector))

    def expect(self, what: str, expected: object, found: object) -> None:
        """Note what is not as it should be."""
        print(f"{'ok   ' if expected == found else 'WRONG'} {what}: {found!r}")
        if expected != found:
            self.wrong.append(f"{what}: {found!r}, not {expected!r}")

    def choose(self, name: str, value: str) -> None:
        """Set a field of the filter as a user does."""
        field = self.browser.find_element(By.NAME, name)
        if field.tag_name == "select":
            field.find_element(By.CSS_SELECTOR, f"option[value='{value}']").click()
        else:
            field.clear()
            field.send_keys(value)

    def values(self, name: str) -> list[str]:
        """What can be chosen in a field."""
        found = self.browser.find_elements(By.CSS_SELECTOR, f"select[name={name}] option")
        return [each.get_attribute("value") for each in found if each.get_attribute("value")]

    def of(self, attribute: str) -> list[str]:
        """What each finding says of itself."""
        findings = self.browser.find_elements(By.CSS_SELECTOR, ".finding")
        return [each.get_attribute(f"data-{attribute}") for each in findings]


def check_filters(page: Page) -> None:
    """Each choice shows the findings that it is for."""
    fits: dict[str, Callable[[str, str], bool]] = {
        "rule": str.__eq__,
        "evidence": str.__eq__,
        "path": lambda own, value: own == value or own.startswith(f"{value}/"),
        "build": lambda own, value: value in own.split(),
    }
    for name, is_fit in fits.items():
        own = page.of(name)
        for value in page.values(name):
            page.open()
            page.choose(name, value)
            expected = sum(is_fit(each, value) for each in own)
            page.expect(f"findings with {name} {value}", expected, page.count(".finding"))
    page.expect("the address keeps the filter", True, f"build={value}" in page.browser.current_url)
    page.browser.refresh()
    page.expect("and gives it back", expected, page.count(".finding"))
    page.browser.find_element(By.CSS_SELECTOR, "#filter [type=reset]").click()
    page.browser.implicitly_wait(1)
    page.expect("all findings after the filter is cleared", len(own), page.count(".finding"))


def check_search(page: Page) -> None:
    """A word shows what has it, on both lists; no word that is nowhere does."""
    page.open()
    texts = [
        each.get_attribute("textContent").lower() for each in page.browser.find_elements(By.CSS_SELECTOR, ".finding")
    ]
    for word in ("self", "lock", "RL1", "append"):
        page.choose("text", word)
        page.expect(f"findings with {word!r}", sum(word.lower() in each for each in texts), page.count(".finding"))
    page.choose("text", "nobody has this <b>")
    page.expect("findings with what nobody has", 0, page.count(".finding"))
    page.expect("and that is said", 2, page.count(".nothing"))
    page.browser.find_element(By.NAME, "text").send_keys(Keys.ESCAPE)
    page.expect("findings after Escape", len(texts), page.count(".finding"))


def check_keys_and_links(page: Page) -> None:
    """The keyboard and the links inside the page lead where they say."""
    page.open()
    page.browser.find_element(By.TAG_NAME, "body").send_keys("/")
    page.expect("the field after `/`", "text", page.browser.switch_to.active_element.get_attribute("name"))
    page.open()
    link = page.browser.find_element(By.CSS_SELECTOR, ".counts a")
    rule = link.text
    link.send_keys(Keys.ENTER)
    page.expect(f"findings after the link {rule}", page.of("rule").count(rule), page.count(".finding"))
    page.open("#rule=RL000")
    page.expect("findings of a rule that is no choice", 0, page.count(".finding"))
    last = page.browser.find_elements(By.CSS_SELECTOR, ".finding")[-1].get_attribute("id")
    page.open(f"#{last}")
    page.expect("a finding by its address is open", 1, page.count(f"#{last}[open] .body"))
    page.browser.find_element(By.ID, "open").click()
    page.expect("open findings after `Open all`", page.count(".finding"), page.count(".finding[open] > .body"))
    page.browser.find_element(By.ID, "close").click()
    page.expect("open findings after `Close all`", 0, page.count(".finding[open]"))


def check_pictures(page: Page) -> None:
    """A picture can be made as narrow as its box."""
    page.open()
    for box in page.browser.find_elements(By.CSS_SELECTOR, "input.fit"):
        box.click()
    wider = (
        "return [...document.querySelectorAll('.picture')].filter((each) => each.scrollWidth > each.clientWidth).length"
    )
    page.expect("pictures wider than their box", 0, page.browser.execute_script(wider))


def check_peace(page: Page) -> None:
    """Nothing is fetched, and the browser has nothing to complain about."""
    page.open()
    page.expect("complaints of the browser", [], [each["message"] for each in page.browser.get_log("browser")])
    fetched = "return performance.getEntriesByType('resource').map((each) => each.name)"
    page.expect("what was fetched beside the page", [], page.browser.execute_script(fetched))


CHECKS = (check_peace, check_filters, check_search, check_keys_and_links, check_pictures)


def take(page: Page, folder: Path, fragment: str, name: str) -> None:
    """Screenshots of the page from the top, in each width and scheme; nothing may be wider than the screen."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        for scheme in SCHEMES:
            media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            page.open(fragment)
            page.browser.execute_script(
                "document.querySelectorAll(arguments[0]).forEach((each) => each.open = true)", name
            )
            page.expect(f"pixels beyond the screen at {width}", 0, page.browser.execute_script(OVERFLOW))
            top = page.browser.execute_script(
                "const found = document.querySelector(arguments[0]);"
                "return found ? found.getBoundingClientRect().top + scrollY : 0",
                name,
            )
            height = page.browser.execute_script("return document.documentElement.scrollHeight")
            clip = {"x": 0, "y": top, "width": width, "height": min(height - top, TALLEST), "scale": 1}
            shot = page.browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
            label = "".join(char if char.isalnum() else "-" for char in name)
            (folder / f"{label}-{width}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))


def main() -> int:
    """Run all checks on the report that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER", help="where to leave them")
    parser.add_argument("--shown", nargs="*", default=["body"], metavar="SELECTOR", help="a screenshot from each on")
    parser.add_argument("--only-screenshots", action="store_true", help="leave out the checks")
    parser.add_argument("--binary", default="/usr/bin/chromium")
    parser.add_argument("--driver", default="/usr/bin/chromedriver")
    chosen = parser.parse_args()
    page = Page(chosen.report, chosen.binary, chosen.driver)
    try:
        for check in (
            () if chosen.only_screenshots else (check_peace, check_filters, check_search, check_keys_and_links)
        ):
            check(page)
        for selector in chosen.shown if chosen.screenshots else ():
            take(page, chosen.screenshots, "", selector)
    finally:
        page.browser.quit()
    print(*page.wrong, sep="\n", end="\n" if page.wrong else "")
    return 1 if page.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
