"""Simulated people, each with a browser: what they read, decide, press, and leave undone."""

import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import httpx

from annotation.dealing.seeds import derive_seed
from rehearsal.browser import Answer, Browser, Form, Page, PageError, Tally
from rehearsal.ledger import Submission, content_of
from rehearsal.truth import SimulatedPerson
from rehearsal.world import World, judged_fields, reading_seconds, reply_to

STEPS = 600
WAIT_SECONDS = 0.15
LONGEST_WAIT = 180.0
BUSY_TRIES = 20


def play(world: World, index: int) -> None:
    """One person, from the join link until she is done or gone. Never raises."""
    player = Player(world, world.truth.person(index))
    try:
        player.play()
    except PageError as error:
        world.ledger.note_stranded(index, str(error))
    except Exception as error:
        world.ledger.note_stranded(index, repr(error))
    finally:
        player.leave()


class Player:
    """One person at her browser."""

    def __init__(self, world: World, person: SimulatedPerson) -> None:
        self.world, self.person = world, person
        self.tally = Tally()
        self.browser = Browser(world.site, self.tally)
        self.random = random.Random(derive_seed(world.truth.seed, "acts", person.index))
        self.language = person.language
        self.seen: list[str] = []  # her conversations, in order
        self.busy = 0
        self.moved = False
        self.return_url = ""
        self.waited = 0.0
        self.gone = False
        self.last_liked: Answer | None = None

    def leave(self) -> None:
        self.browser.close()
        self.world.ledger.add(self.tally.seconds, self.tally.unanswered, self.tally.failures)

    def play(self) -> None:
        page = self.browser.get(f"{self.world.join_path}?pid={self.world.key}-{self.person.index}")
        for _step in range(STEPS):
            self.return_url = page.return_url or self.return_url
            if page.path.startswith("/finish/"):
                self.world.ledger.note(f"ended: {page.outcome or 'unknown'}")
                return
            page = self._act(page)
            if self.gone:
                return
        raise PageError(f"{page.path} leads nowhere after {STEPS} steps.")

    def _act(self, page: Page) -> Page:
        place = page.path.strip("/").split("/")
        if place[0] == "conversations":
            return self._converse(page, place[1]) if len(place) > 1 else self._open(page)
        acts: dict[str, Callable[[Page], dict[str, str]]] = {
            "join": lambda page: {},
            "guidelines": lambda page: {},
            "country": lambda page: {"country": self.person.country},
            "language": self._language,
            "questions": self._questions,
            "more-questions": self._questions,
            "last-questions": self._questions,
            "consent": lambda page: dict.fromkeys(page.form().choices, "yes"),
            "practice": self._practice,
        }
        if place[0] not in acts or page.status >= 400:
            raise PageError(f"{page.path} answered {page.status}.")
        return self.browser.send(page.form(), acts[place[0]](page), page.query)

    def _language(self, page: Page) -> dict[str, str]:
        """Her own language; another one where hers has no place left."""
        offered = page.form().choices["locale"]
        wanted = self.world.locales[self.person.country, self.person.language]
        chosen = wanted if wanted in offered else offered[0]
        self.language = next(
            language for (_country, language), key in self.world.locales.items() if key == chosen
        )
        return {"locale": chosen}

    def _questions(self, page: Page) -> dict[str, str]:
        form = page.form()
        known = {
            "gender": self.person.gender,
            "education": self.person.education,
            "ai_help": "no",
        } | dict(self.world.expected)
        if self.person.misses_attention:
            for code, right in self.world.expected.items():
                known[code] = next(c for c in form.choices.get(code, ["-"]) if c != right)
        given = {"age": str(self.person.age)} if form.has("age") else {}
        for name, options in form.choices.items():
            if not name.endswith("_refused"):
                code = known.get(name, "")
                given[name] = code if code in options else self.random.choice(options)
        return given

    def _practice(self, page: Page) -> dict[str, str]:
        form = page.form()
        places = sorted(name for name in form.choices if name.startswith("place_"))
        given = {name: str(number) for number, name in enumerate(places, start=1)}
        return given | ({"option": self.world.right_option} if "option" in form.choices else {})

    # -- Between conversations

    def _open(self, page: Page) -> Page:
        if self.person.changes_device and self.seen and not self.moved and self.return_url:
            return self._move()
        form = page.form("/open/")
        if "busy" in page.query:
            self.busy += 1
            if self.busy > BUSY_TRIES:
                self.world.ledger.note("finished while others were at work on the rest")
                return self.browser.send(form, {"finish": "1"})
            time.sleep(3 * WAIT_SECONDS)
        else:
            self.busy = 0
        if self.person.two_tabs:
            self.world.ledger.note("opened in two tabs")
            return self._twice([(form, {}), (form, {})])
        return self.browser.send(form)

    def _move(self) -> Page:
        """On another device, by the personal link that was on the page."""
        self.moved = True
        self.world.ledger.note("went on at another device")
        self.browser.close()
        self.browser = Browser(self.world.site, self.tally)
        welcome = self.browser.get(urlsplit(self.return_url).path)
        return self.browser.send(welcome.form())

    def _twice(self, sendings: list[tuple[Form, dict[str, str]]]) -> Page:
        """Two requests at one moment, from one browser; the first one's answer is looked at."""
        cookies = httpx.Cookies(self.browser.client.cookies)
        windows = [Browser(self.world.site, self.tally, httpx.Cookies(cookies)) for _ in sendings]
        try:
            with ThreadPoolExecutor(len(windows)) as pool:
                answers = [
                    pool.submit(window.send, form, entered)
                    for window, (form, entered) in zip(windows, sendings, strict=True)
                ]
                first, *_others = [answer.result() for answer in answers]
                return first
        finally:
            for window in windows:
                window.close()

    # -- In a conversation

    def _converse(self, page: Page, key: str) -> Page:
        if key not in self.seen:
            self.seen.append(key)
            number = len(self.seen) - 1
            if self.person.leaves_after == number + 1:
                self.world.lapse(key)
                self.world.ledger.note("left in the middle")
                self.gone = True
                return page
            if self.person.skips_at == number and page.has_form("/skip/"):
                self.world.ledger.note("skipped")
                return self.browser.send(page.form("/skip/"))
            if self.person.idles_at == number:
                self.world.lapse(key)
                self.world.ledger.note("let the place lapse")
                time.sleep(self.random.uniform(2, 6) * WAIT_SECONDS)
        for ending, act in {
            "/ranking/": self._rank,
            "/message/": self._write,
            "/explanation/": self._explain,
            "/retry/": self._retry,
        }.items():
            if page.has_form(ending):
                self.waited = 0.0
                return act(page, key)
        return self._wait(page)

    def _wait(self, page: Page) -> Page:
        if self.waited > LONGEST_WAIT:
            raise PageError(f"{page.path} had no answers after {LONGEST_WAIT:.0f} s.")
        pause = min(1.0, WAIT_SECONDS + self.waited / 4)
        self.waited += pause
        time.sleep(pause)
        return self.browser.get(page.path)

    def _retry(self, page: Page, key: str) -> Page:
        self.world.ledger.note("asked for answers again")
        return self.browser.send(page.form("/retry/"))

    def _write(self, page: Page, key: str) -> Page:
        message = self.random.choice(self.world.messages[self.language])
        return self._send_written(page.form("/message/"), {"message": message})

    def _explain(self, page: Page, key: str) -> Page:
        return self.browser.send(page.form("/explanation/"), {"text": self._words_on(page)})

    def _words_on(self, page: Page) -> str:
        """Half of those who care quote what they liked: so no two texts are alike."""
        if self.person.is_careless or self.random.random() < 0.5 or not self.last_liked:
            return ""
        words = self.last_liked.text.split()
        start = self.random.randrange(max(1, len(words) - 12))
        return f"{self.last_liked.letter}: “{' '.join(words[start : start + 12])}”"

    def _rank(self, page: Page, key: str) -> Page:
        form = page.form("/ranking/")
        position = int(re.findall(r"/turns/(\d+)/", form.action)[0])
        entered, submission = self._decide(page, form, key, position)
        self.world.ledger.note_sent(submission)
        sendings = [(form, entered)]
        if self.person.double_clicks:
            self.world.ledger.note("clicked twice")
            sendings.append((form, entered))
        if self.person.two_tabs and position == 1:
            other = self.browser.get(page.path)
            if other.has_form("/ranking/"):
                second = other.form("/ranking/")
                self.world.ledger.note("sent from two tabs")
                self.world.ledger.note_sent(_under(submission, second.values["submission_key"]))
                sendings.append((second, entered))
        several = len(sendings) > 1
        found = self._twice(sendings) if several else self._send_written(form, entered)
        if found.status >= 400 or found.path.startswith("/no-session"):
            raise PageError(f"A ranking of {page.path} was answered {found.status}.")
        self.world.ledger.note_acknowledged(key, position)
        return found

    def _decide(
        self, page: Page, form: Form, key: str, position: int
    ) -> tuple[dict[str, str], Submission]:
        texts = [answer.text for answer in page.answers]
        _poles, ranked = self.world.judge(
            self.person, texts, (len(self.seen), position, derive_seed(*sorted(texts)))
        )
        handles = [answer.handle for answer in page.answers]
        chosen = handles[ranked.chosen]
        self.last_liked = page.answers[ranked.chosen]
        entered = judged_fields(form, handles, ranked)
        entered |= {
            "acceptable": self.random.choice(["yes", "yes", "no", "cant_say"]),
            "represents": self.random.choice(["yes", "no", "cant_say"]),
        }
        if form.has("next_message"):
            entered["next_message"] = reply_to(self.last_liked.text)
        submission = Submission(
            person=self.person.index,
            conversation=key,
            position=position,
            key=form.values["submission_key"],
            content=content_of(chosen, dict(zip(handles, ranked.ranks, strict=True))),
            seconds=reading_seconds(texts, self.language) * ranked.time,
        )
        return entered, submission

    def _send_written(self, form: Form, entered: dict[str, str]) -> Page:
        """Sends; where the message comes back with a doubt, sends it as it is."""
        page = self.browser.send(form, entered)
        if page.status == 422:
            for again in page.forms:
                if again.action == form.action and "confirm" in again.buttons:
                    form.buttons.append("confirm")
                    return self.browser.send(form, entered | {"confirm": "yes"})
        return page


def _under(submission: Submission, key: str) -> Submission:
    return replace(submission, key=key)
