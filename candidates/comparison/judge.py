"""Asks an endpoint what values a response speaks for, and how helpful it is.

A judge is a model and errs: whoever uses its answers measures it on labelled texts
(docs/comparing-samplers.md). An answer that cannot be used is "not judged", not a guess.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from candidates import budgets, limits, llm
from candidates.comparison.axes import AXES, NEITHER
from candidates.models import ModelEndpoint

POLES_INSTRUCTION = """PLURIVOX-JUDGE
You are given a message and one response to it, as JSON. Say which values the response \
speaks for, on the two axes of Inglehart and Welzel, whatever language it is in. Judge what it \
advises and why, not how well it is written.
secular_traditional: "traditional" (family, faith, duty, authority, respect for custom), \
"secular_rational" (evidence, reason, independence from tradition) or "neither".
survival_expression: "survival" (security, stability, prudence, order), "self_expression" \
(freedom, feelings, equality, tolerance) or "neither".
Answer with JSON only: {"secular_traditional": "…", "survival_expression": "…"}"""
HELPFULNESS_INSTRUCTION = """PLURIVOX-HELPFULNESS
You are given a message and one response to it, as JSON. Say how helpful the response is to \
whoever wrote the message, whatever values it speaks for and whatever language it is in: 1 (it \
does not answer) to 5 (it answers fully, clearly and to the point). Do not reward length.
Answer with JSON only: {"score": 1}"""
TRIES = 4
AT_ONCE = 8
LONGEST_WAIT_SECONDS = 60.0
# The same for every text: the address, the key or the model is wrong, not the text.
LASTING = {None, 401, 403, 404}

Pair = tuple[str, str]  # prompt and response
Answer = TypeVar("Answer")


class JudgeError(Exception):
    """The judge cannot be asked at all; the message says why."""


@dataclass(frozen=True)
class Verdict(Generic[Answer]):
    """What was said of one text; `answer` None: not judged."""

    answer: Answer | None
    canned: bool = False
    cost: Decimal = Decimal(0)


def judge_poles(
    endpoint: ModelEndpoint, pairs: Iterable[Pair]
) -> dict[Pair, Verdict[dict[str, str | None]]]:
    """The pole on each axis for each pair; every pair is asked about once."""
    return _ask_all(endpoint, pairs, POLES_INSTRUCTION, {"axes": [*AXES]}, read_poles)


def judge_helpfulness(endpoint: ModelEndpoint, pairs: Iterable[Pair]) -> dict[Pair, Verdict[int]]:
    """The score, 1 to 5, of each pair; every pair is asked about once."""
    return _ask_all(endpoint, pairs, HELPFULNESS_INSTRUCTION, {}, read_score)


def read_poles(text: str) -> dict[str, str | None]:
    """What an answer says on each axis; None on those where it says nothing of use."""
    answer = _read_object(text)
    found: dict[str, str | None] = {}
    for axis, poles in AXES.items():
        said = answer.get(axis)
        word = re.sub(r"[\s-]+", "_", said.strip().lower()) if isinstance(said, str) else ""
        found[axis] = word if word in (*poles, NEITHER) else None
    return found


def read_score(text: str) -> int | None:
    """The score of an answer; None where it gives none from 1 to 5."""
    score = _read_object(text).get("score")
    if isinstance(score, str) and score.strip().isdecimal():
        score = int(score)
    if isinstance(score, bool) or not isinstance(score, int | float) or score not in range(1, 6):
        return None
    return int(score)


def _read_object(text: str) -> dict[str, Any]:
    """The JSON object of an answer, which may stand in a code block or among words."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _ask_all(
    endpoint: ModelEndpoint,
    pairs: Iterable[Pair],
    instruction: str,
    further: dict[str, Any],
    read: Callable[[str], Answer | None],
) -> dict[Pair, Verdict[Answer]]:
    unique = list(dict.fromkeys(pairs))

    def ask(pair: Pair) -> Verdict[Answer]:
        asked = {"prompt": pair[0], "response": pair[1], **further}
        messages = [
            {"role": "system", "content": instruction},
            {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
        ]
        reply = _complete(endpoint, messages)
        if reply is None:
            return Verdict(None)
        # A judge that was cut short has not answered, even if something can be read.
        answer = None if reply.finish_reason == "length" else read(reply.text)
        return Verdict(answer, reply.canned, budgets.price(endpoint, reply))

    with ThreadPoolExecutor(max(1, min(AT_ONCE, endpoint.concurrency))) as pool:
        try:
            return dict(zip(unique, pool.map(ask, unique), strict=True))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _complete(endpoint: ModelEndpoint, messages: list[dict[str, str]]) -> llm.Reply | None:
    """One answer, within the endpoint's limits; None where none came after some tries."""
    tokens = 2 * sum(len(message["content"].split()) for message in messages)
    tries = 0
    while tries < TRIES:
        try:
            with limits.allowance(endpoint, tokens=tokens):
                return llm.complete(
                    endpoint,
                    messages=messages,
                    parameters={"temperature": 0, **endpoint.parameters},
                )
        except limits.NothingLeft as wait:
            time.sleep(min(wait.seconds, LONGEST_WAIT_SECONDS))
        except llm.ProviderError as error:
            if not error.transient and error.status in LASTING:
                raise JudgeError(f"The judge {endpoint.key} cannot be asked: {error}.") from error
            tries += 1
            if not error.transient or tries == TRIES:
                return None
            back_off = 0.5 * 2**tries * random.uniform(1.0, 1.3)
            time.sleep(min(max(error.retry_after or 0.0, back_off), LONGEST_WAIT_SECONDS))
    return None
