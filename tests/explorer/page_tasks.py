"""Ten tasks on the page of `seq2seq explore`, each by mouse or by keyboard.

A task takes a hand, which uses the page in one of the two ways, and the page's address. It asserts that the page shows
what it should. The numbers are compared with the JSON API of the same address.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

MOST_KEYS = 400  # of one way to an element: it must be reachable
MARK_GRID = """(item) => {
    document.querySelectorAll('[data-aim]').forEach((old) => old.removeAttribute('data-aim'));
    const roles = '[role=toolbar], [role=grid], [role=tree], [role=group]';
    document.querySelector(item).closest(roles).setAttribute('data-aim', '');
}"""
READY = "() => document.querySelector('.answer')?.getAttribute('aria-busy') === 'false'"


class Hand(Protocol):
    """A way to use a page. All arguments are CSS selectors."""

    page: Page

    def write(self, field: str, text: str) -> None: ...
    def press(self, button: str) -> None: ...
    def choose(self, item: str) -> None: ...
    def point(self, item: str) -> None: ...
    def select(self, box: str, value: str) -> None: ...
    def raise_weight(self, slider: str) -> None: ...


class Mouse:
    """Uses a page with the mouse; text is typed."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def write(self, field: str, text: str) -> None:
        """Replace the text of a field."""
        self.page.locator(field).click()
        self.page.locator(field).fill(text)

    def press(self, button: str) -> None:
        """Click a button."""
        self.page.locator(button).click()

    def choose(self, item: str) -> None:
        """Click an item of a grid."""
        self.page.locator(item).click()

    def point(self, item: str) -> None:
        """Move the mouse onto an item."""
        self.page.locator(item).hover()

    def select(self, box: str, value: str) -> None:
        """Choose a value from a list."""
        self.page.locator(box).select_option(value)

    def raise_weight(self, slider: str) -> None:
        """Drag the bar of a weight to three quarters of its height."""
        self.page.locator(slider).scroll_into_view_if_needed()
        box = self.page.locator(f"{slider} > .ground").bounding_box()
        assert box
        x = box["x"] + box["width"] / 2
        self.page.mouse.move(x, box["y"] + box["height"] - 2)
        self.page.mouse.down()
        self.page.mouse.move(x, box["y"] + box["height"] / 4, steps=5)
        self.page.mouse.up()


class Keyboard:
    """Uses a page with the keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def has_focus(self, selector: str) -> bool:
        """Return whether the focus is on an element that the selector fits."""
        return bool(self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector))

    def go_to(self, selector: str) -> None:
        """Press Tab until the focus is on an element that the selector fits."""
        for _ in range(MOST_KEYS):
            if self.has_focus(selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {selector}")

    def point(self, item: str) -> None:
        """Go to an item: with Tab into its grid, and with the arrows inside it."""
        expect(self.page.locator(item)).to_have_count(1)
        self.page.evaluate(MARK_GRID, item)
        stops = self.page.locator("[data-aim] [tabindex='0']")
        expect(stops).to_have_count(1)
        self.go_to("[data-aim] [tabindex='0']")
        for axis, (back, forth) in {"column": ("ArrowLeft", "ArrowRight"), "row": ("ArrowUp", "ArrowDown")}.items():
            aim = int(self.page.locator(item).get_attribute(f"data-{axis}") or 0)
            for _ in range(MOST_KEYS):
                place = int(self.page.evaluate(f"() => document.activeElement.dataset.{axis}"))
                if place == aim:
                    break
                self.page.keyboard.press(forth if place < aim else back)
        assert self.has_focus(item), f"the arrows do not lead to {item}"

    def choose(self, item: str) -> None:
        """Go to an item of a grid, and press Enter."""
        self.point(item)
        self.page.keyboard.press("Enter")

    def press(self, button: str) -> None:
        """Go to a button, and press Enter."""
        self.go_to(button)
        self.page.keyboard.press("Enter")

    def write(self, field: str, text: str) -> None:
        """Replace the text of a field."""
        self.go_to(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def select(self, box: str, value: str) -> None:
        """Choose a value from a list with the arrows."""
        self.go_to(box)
        self.page.keyboard.press("Home")
        for _ in range(MOST_KEYS):
            if self.page.locator(box).input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{box} has no value {value}")

    def raise_weight(self, slider: str) -> None:
        """Raise a weight with the arrow."""
        self.point(slider)
        for _ in range(5):
            self.page.keyboard.press("ArrowUp")


Task = Callable[[Hand, str], None]


def open_page(page: Page, address: str) -> None:
    """Open the page at an address, and wait for its first translation."""
    page.goto(address)
    page.locator("#translation").wait_for()
    wait(page)


def wait(page: Page) -> None:
    """Wait until the page shows the answer to what was asked last."""
    page.wait_for_function(READY)


def wait_for_sentence(page: Page, sentence: str) -> None:
    """Wait until a sentence is in the page's address and translated."""
    has_sentence = "(text) => new URLSearchParams(location.hash.slice(1)).get('text') === text"
    page.wait_for_function(has_sentence, arg=sentence)
    wait(page)


def ask(page: Page, address: str, path: str, body: dict[str, Any]) -> Any:
    """Return the answer of the JSON API."""
    root = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    response = page.request.post(f"{root}/api/{path}", data=body, headers={"Origin": root})
    assert response.ok, response.text()
    return response.json()


def shown(page: Page) -> dict[str, Any]:
    """Return the request that the page's address stands for."""
    values = {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment).items()}
    body: dict[str, Any] = {"run": values["run"], "text": values["text"]}
    if "forced" in values:
        body["forced"] = [int(id) for id in values["forced"].split(",")]
    return body


def text(page: Page) -> str:
    """Return the translation that the page shows."""
    return page.locator("#translation").inner_text()


def number(value: float, decimals: int) -> str:
    """Return a number as the page writes it."""
    return f"{value:.{decimals}f}".replace("-", "−")


def translate_sentence(hand: Hand, address: str, sentence: str = "Um sieben Uhr ist meine Tante krank.") -> None:
    """Translate a sentence, and read the time it took."""
    open_page(hand.page, address)
    hand.write("#text", sentence)
    hand.press("[data-key=translate]")
    wait_for_sentence(hand.page, sentence)
    answer = ask(hand.page, address, "translate", {"run": shown(hand.page)["run"], "text": sentence})
    assert text(hand.page) == answer["text"]
    facts = hand.page.locator(".answer .facts").first.inner_text()
    assert " ms" in facts
    assert f"score {number(answer['score'], 3)}" in facts


def read_weight(hand: Hand, address: str) -> None:
    """Read the attention weight of a link."""
    open_page(hand.page, address)
    hand.point('[data-key="cell 1 2"]')
    answer = ask(hand.page, address, "inspect", shown(hand.page))
    weight = answer["sentences"][0]["attention"][1][2]
    expect(hand.page.locator("#weight")).to_contain_text(f"with the weight {number(weight, 2)}.")
    for marked in ".cell.on-step", ".chip.on-step", ".chip.on-from", ".strip.on-step", ".node.on-step", ".band.on-step":
        assert hand.page.locator(marked).count() > 0, marked


def take_second_token(hand: Hand, address: str) -> None:
    """Take the second token at step 3, and go back and forward."""
    open_page(hand.page, address)
    before = text(hand.page)
    hand.choose('[data-key="Target tokens 2"]')
    token = ask(hand.page, address, "inspect", shown(hand.page))["sentences"][0]["next"][2]["tokens"][1]
    hand.choose(f'[data-key="bar Tokens at step 3 {token["id"]}"]')
    expect(hand.page.locator('[data-key="Target tokens 2"] bdi')).to_have_text(token["token"])
    wait(hand.page)
    forced = shown(hand.page)
    assert len(forced["forced"]) == 3
    assert forced["forced"][2] == token["id"]
    after = ask(hand.page, address, "inspect", forced)["sentences"][0]["gates"]["text"]
    assert text(hand.page) == after
    expect(hand.page.locator(".branches li")).to_have_count(2)
    hand.press("[data-key=back]")
    expect(hand.page.locator("#translation")).to_have_text(before)
    hand.press("[data-key=forward]")
    expect(hand.page.locator("#translation")).to_have_text(after)


def follow_pruned(hand: Hand, address: str) -> None:
    """Follow a pruned hypothesis, and let the search go on from it."""
    open_page(hand.page, address)
    search = ask(hand.page, address, "inspect", shown(hand.page))["sentences"][0]["search"]
    considered = search["steps"][1]["hypotheses"]
    pruned = next(each for each in considered if each["state"] == "pruned" and each["token"] != "</s>")
    parent = next(each for each in search["steps"][0]["hypotheses"] if each["id"] == pruned["parent"])
    ids = [parent["token_id"], pruned["token_id"]]
    hand.choose(f'[data-key="node {pruned["id"]}"]')
    expect(hand.page.locator("#hypothesis")).to_contain_text(number(pruned["log_probability"], 3))
    answer = ask(hand.page, address, "inspect", shown(hand.page) | {"forced": ids})["sentences"][0]
    expect(hand.page.locator(".followed-text")).to_contain_text(answer["gates"]["text"])
    hand.press("[data-key=follow]")
    expect(hand.page.locator("#translation")).to_have_text(answer["gates"]["text"])
    assert shown(hand.page)["forced"] == ids


def open_equations(hand: Hand, address: str) -> None:
    """Open the equations of a unit at a token of the first layer."""
    open_page(hand.page, address)
    hand.choose('[data-key="unit 0 3 1"]')
    layer = ask(hand.page, address, "inspect", shown(hand.page) | {"units": [3]})["sentences"][0]["gates"]["layers"][0]
    cells = hand.page.locator("#equations .value").all_inner_texts()
    values = {each["name"]: each["units"][0]["values"] for each in layer["gates"] + layer["states"]}
    before = [number(values[state["name"]][0], 2) for state in layer["states"]]
    after = [number(values[name][1], 2) for name in values]
    if "c" in values:  # the page computes c′ before h′
        after[-2:] = after[-1:-3:-1]
    assert cells == [cell.replace("−0.00", "0.00") for cell in before + after]
    hand.press('[data-key="close equations"]')
    expect(hand.page.locator("#equations .value")).to_have_count(0)


def move_attention(hand: Hand, address: str) -> None:
    """Give a source token more weight and apply it, give it all the weight and apply it, and reset."""
    open_page(hand.page, address)
    before = text(hand.page)
    hand.choose('[data-key="Target tokens 1"]')
    slider = '[data-key="slider 0"]'
    old = float(hand.page.locator(slider).get_attribute("aria-valuenow") or 0)
    hand.raise_weight(slider)
    assert float(hand.page.locator(slider).get_attribute("aria-valuenow") or 0) > min(old, 0.7)
    hand.choose(slider)
    expect(hand.page.locator(slider)).to_have_attribute("aria-valuenow", "1.00")
    hand.press('[data-key="apply weights"]')
    expect(hand.page.locator("#weights figure")).to_have_count(2)
    wait(hand.page)
    expect(hand.page.locator('[data-key="cell 1 0"]')).to_have_attribute("aria-label", re.compile(r"1\.00$"))
    hand.press('[data-key="reset weights"]')
    expect(hand.page.locator("#weights figure")).to_have_count(0)
    expect(hand.page.locator("#translation")).to_have_text(before)


def compare_runs(hand: Hand, address: str, beside: str = "") -> None:
    """Translate the same sentence with a second run, and score both against a reference."""
    open_page(hand.page, address)
    box = '[data-key="choice Beside it"]'
    other = beside or str(hand.page.locator(f"{box} option").last.get_attribute("value"))
    hand.select(box, "")
    hand.select(box, other)
    hand.write("#reference", "At seven o'clock my aunt is ill.")
    hand.press("[data-key=translate]")
    table = hand.page.locator("#compare table").first
    expect(table).to_contain_text("chrF of the sentence")
    wait(hand.page)
    request = shown(hand.page) | {"run": other, "reference": "At seven o'clock my aunt is ill."}
    answer = ask(hand.page, address, "inspect", request)
    expect(table).to_contain_text(number(answer["scores"]["chrf"], 1))
    expect(hand.page.locator("#compare .side .translation").last).to_have_text(answer["sentences"][0]["gates"]["text"])
    if answer["sentences"][0]["gates"]["text"] != text(hand.page):
        assert hand.page.locator("#compare mark").count() > 0


def open_sent_address(hand: Hand, address: str) -> None:
    """Choose a step and a hypothesis, and open the page's address elsewhere: it shows the same."""
    open_page(hand.page, address)
    hand.choose('[data-key="Target tokens 1"]')
    node = '[role=treeitem][data-row="1"][data-column="1"]'
    hand.choose(node)
    details = hand.page.locator("#hypothesis .hypothesis-text")
    expect(details).to_have_count(1)
    wait(hand.page)
    context = hand.page.context
    other = context.new_page()
    open_page(other, hand.page.url)
    assert text(other) == text(hand.page)
    assert other.locator("#hypothesis").inner_text() == hand.page.locator("#hypothesis").inner_text()
    expect(other.locator('[data-key="Target tokens 1"]')).to_have_attribute("aria-pressed", "true")
    other.close()


def read_export(hand: Hand, address: str) -> None:
    """Choose a sentence of an exported page, and read a weight and an equation. `address`: of its file."""
    open_page(hand.page, address)
    expect(hand.page.locator("#text")).to_have_count(0)
    expect(hand.page.locator("#input .hint")).to_contain_text("This page is one file")
    tokens = hand.page.locator('[role=toolbar][aria-label="Source tokens"]')
    first = tokens.inner_text()
    box = '[data-key="choice Sentence"]'
    values = [value for value in ("0", "1") if value != hand.page.locator(box).input_value()]
    if hand.page.locator(f"{box} option").count() > 2:  # the first one stands for none
        hand.select(box, values[0])
        expect(tokens).not_to_have_text(first, use_inner_text=True)
    hand.point('[data-key="cell 1 0"]')
    expect(hand.page.locator("#weight")).to_contain_text("with the weight")
    assert hand.page.locator(".bar[role=button]").count() == 0
    assert hand.page.locator('[data-key="apply weights"]').count() == 0


def read_right_to_left(hand: Hand, address: str, sentence: str = "يقرأ جارنا كتابا في البيت.") -> None:
    """Translate a sentence that is written from right to left."""
    open_page(hand.page, address)
    hand.write("#text", sentence)
    hand.press("[data-key=translate]")
    wait_for_sentence(hand.page, sentence)
    assert hand.page.locator("#text").evaluate("(field) => getComputedStyle(field).direction") == "rtl"
    tokens = ask(hand.page, address, "inspect", shown(hand.page))["sentences"][0]["gates"]["source_tokens"]
    chips = hand.page.locator('[role=toolbar][aria-label="Source tokens"]')
    assert chips.locator("bdi").all_inner_texts() == tokens
    letters = "".join(tokens)
    if any("\u0600" <= letter <= "\u06ff" for letter in letters):  # not split into bytes
        assert chips.get_attribute("dir") == "rtl"
        first, second = (chips.locator("button").nth(place).bounding_box() for place in (0, 1))
        assert first
        assert second
        assert first["x"] > second["x"]
    hand.point('[data-key="Source tokens 1"]')
    expect(hand.page.locator('[data-key="Source tokens 1"]')).to_have_class(re.compile("on-from"))


LIVE_TASKS: list[Task] = [
    translate_sentence,
    read_weight,
    take_second_token,
    follow_pruned,
    open_equations,
    move_attention,
    compare_runs,
    open_sent_address,
    read_right_to_left,
]
