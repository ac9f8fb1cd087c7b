"""May this set be shown? Pure checks; each failure is one reason in plain words."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import combinations

from candidates.languages import detect_language

# Markers that chat models leak: <|end_of_text|>, <think>, [INST], <s>, <start_of_turn>.
SPECIAL_TOKENS = re.compile(
    r"<\|[^|>]{1,40}\|>|</?(?:think|s|start_of_turn|end_of_turn)>|\[/?INST\]|EMPTY STRING"
)
# What is left of a form that was not filled in, or of the request's own form.
RESIDUE = re.compile(
    r"\{\{.*?\}\}|\{[a-z_]+\}|\[(?:your|insert|votre|inserisci|seu|sua|आपका|अपना)\b[^\]]*\]"
    r"|^\s*#{1,3}\s|^\s*(?:#\s*)?(?:response|réponse|risposta|resposta|जवाब)\s+[A-D1-9]\s*:"
    r"|\"responses\"\s*:",
    re.IGNORECASE | re.MULTILINE,
)
# A text that names its own maker unblinds the judgement.
MODEL_NAMES = re.compile(
    r"\b(?:chat\s?gpt|gpt-?\d[\w.]*|openai|llama[- ]?\d?|claude|anthropic|gemini|mistral(?:\s+ai)?"
    r"|mixtral|qwen|deepseek|grok)\b",
    re.IGNORECASE,
)
SELF_IDENTIFICATION = re.compile(
    r"\b(?:as|i am|i'm) an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|\ben tant qu(?:e |')(?:ia\b|intelligence artificielle|modèle de langage)"
    r"|\bje suis une? (?:ia\b|intelligence artificielle|modèle de langage)"
    r"|\b(?:in quanto|come|sono un[a']?\s?) ?(?:ia\b|intelligenza artificiale|modello linguistico)"
    r"|\b(?:como|sou) um[a]? (?:ia\b|inteligência artificial|modelo de linguagem)"
    r"|(?:एआई|कृत्रिम बुद्धिमत्ता|भाषा मॉडल) (?:के रूप में|हूँ|होने के नाते)",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"\bi(?:'m| am) (?:sorry|unable)[^.!?]{0,60}\b(?:can(?:no|')t|unable|help|assist)"
    r"|\bi can(?:no|')t (?:help|assist|answer|provide)"
    r"|\bje (?:suis désolée?[^.!?]{0,60})?ne (?:peux|puis) pas (?:répondre|vous aider|aider)"
    r"|\b(?:mi dispiace[^.!?]{0,60})?non posso (?:rispondere|aiutart[ei]|aiutare|fornire)"
    r"|\b(?:desculpe|sinto muito)[^.!?]{0,60}não posso|\bnão posso (?:responder|ajudar|fornecer)"
    r"|(?:क्षमा करें|माफ़ कीजिए|माफ़ करें|माफ कीजिए)[^।]{0,60}(?:नहीं (?:कर|दे) सक|असमर्थ)",
    re.IGNORECASE,
)
# Below this many words a text that declines says nothing else.
REFUSAL_WORDS = 60
# Share of common words (Jaccard index) from which two texts are the same to a reader.
NEAR_DUPLICATE = 0.95


def find_defects(
    texts: Sequence[str],
    *,
    n: int,
    language: str,
    words_min: int,
    words_max: int,
    finish_reasons: Collection[str],
    tolerated: Collection[str] = (),
) -> list[str]:
    """Every reason why these texts may not be shown as one set; empty when they may."""
    reasons = []
    if len(texts) != n:
        reasons.append(f"wrong number of responses: {len(texts)} instead of {n}")
    if "length" in finish_reasons:
        reasons.append("truncated: the provider stopped at its length limit")
    for place, text in enumerate(texts, start=1):
        defects = find_text_defects(
            text,
            language=language,
            words_min=words_min,
            words_max=words_max,
            tolerated=tolerated,
        )
        reasons += [f"response {place}: {defect}" for defect in defects]
    return reasons + _find_twins(texts)


def find_text_defects(
    text: str, *, language: str, words_min: int, words_max: int, tolerated: Collection[str] = ()
) -> list[str]:
    """Why one text may not be shown in any set; empty when it may."""
    if not text.strip():
        return ["empty"]
    defects = []
    if SPECIAL_TOKENS.search(text):
        defects.append("contains a special token")
    if any(unicodedata.category(c) in {"Cc", "Co", "Cn"} and c not in "\n\t" for c in text):
        defects.append("contains a control character")
    if "\ufffd" in text:
        defects.append("contains a broken character")
    if RESIDUE.search(text):
        defects.append("contains a piece of a template")
    if MODEL_NAMES.search(text) or SELF_IDENTIFICATION.search(text):
        defects.append("says that a model wrote it")
    words = len(text.split())
    if REFUSAL.search(text) and words < REFUSAL_WORDS:
        defects.append("only declines to answer")
    found = detect_language(text)
    if found != language and found not in tolerated:
        defects.append(f"language is {found or 'unknown'}, not {language}")
    if not words_min <= words <= words_max:
        defects.append(f"{words} words, outside {words_min} to {words_max}")
    return defects


def _find_twins(texts: Sequence[str]) -> list[str]:
    """Pairs that are the same, or the same to a reader, whatever case and punctuation say."""
    reasons = []
    bags = [normalise(text).split() for text in texts if text.strip()]
    for (i, one), (j, other) in combinations(enumerate(bags, start=1), 2):
        if one == other:
            reasons.append(f"responses {i} and {j} are the same text")
        elif _jaccard(set(one), set(other)) >= NEAR_DUPLICATE:
            reasons.append(f"responses {i} and {j} are nearly the same text")
    return reasons


def _jaccard(one: set[str], other: set[str]) -> float:
    union = one | other
    return len(one & other) / len(union) if union else 0.0


def normalise(text: str) -> str:
    """The text without case, encoding of accents, punctuation and spacing, to find twins.

    Marks are kept with their letters: in Devanagari they are the vowels.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return " ".join("".join(kept).split())
