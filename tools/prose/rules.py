"""The rules: words that the project does not use, and sentences that a reader must solve."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_WORDS = 25

# Each pattern is matched without regard to case; the text says what to write instead.
WORDS = {
    r"withh[eo]ld(s|ing)?": "blocked",
    r"dropped": "orphaned (applied once, in no file any more), or removed",
    r"retained": "pending removal",
    r"left alone": "unmanaged, or not changed",
    r"leases?": "lock",
    r"tak(e[sn]?|ing) (it|the \w+) over": "lock, --force-unlock",
    r"held(?! at tills)": "stale (saved plan), conflict (ledger) or blocked",
    r"dearer|cheaper": "price increase, price decrease",
    r"(requests?|reads?|uses?|window) (are |is )?spent": "used",
    r"half done": "partially applied, or interrupted",
    r"cut in half": "interrupted",
    r"cut off": "interrupted",
    r"no reads? (of \w+ \w+ )?(shows?|returns?|have shown)": "the API never returns",
    r"(what )?the files say(s|ing)?": "declared",
    r"as the files say": "as declared",
    r"(the )?(server|shop) keeps": "DealPOS stored",
    r"mend(s|ed|ing)?": "fix",
    r"anew": "again, recreate",
    r"go(es|ing)? on": "continue",
    r"evidence": "proof",
    r"reckon(s|ed)?": "compute, use",
    r"heed(s|ed)?": "follow, respect",
    r"worth the name": "valid",
    r"at hand": "available",
    r"so far as": "as far as",
    r"cannot be told": "unknown",
    r"which side moved": "whether the files or the shop changed",
    r"has moved": "has changed",
    r"nobody knows": "is not known",
    r"in the files' words": "declared",
    r"(not )?begun": "started",
    r"otherwise than": "differently",
    r"by whose": "who",
    r"spoken to": "connected to",
    r"of nobody": "unknown",
    r"moved meanwhile": "changed since",
}
_WORDS = [(re.compile(rf"\b(?:{p})\b", re.IGNORECASE), better) for p, better in WORDS.items()]
_NO_NOUN = re.compile(
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|later\b|other\b)(\w+)"
)
_SUBJECTLESS = re.compile(
    r"^(What|Whether|Why|Those (?:who|that|of|with)|Whoever|Whatever|That which)\b(?!.*\?$)"
)


def findings(sentence: str) -> Iterator[str]:
    """Return what is wrong with one sentence; code in it is already a single word."""
    for pattern, better in _WORDS:
        if found := pattern.search(sentence):
            yield f"{found[0]!r}: write {better}"
    if found := _NO_NOUN.search(sentence):
        yield f"{found[0]!r}: write 'is not a {found[1]}', or say that it does not exist"
    if found := _SUBJECTLESS.match(sentence):
        yield f"begins with {found[1]!r}: name the thing"
    if sentence.count(";") > 1:
        yield "has more than one semicolon: write a list, or several sentences"
    count = len(re.findall(r"[^\W_]+(?:['.,/:×\u2019-]\w+)*", sentence))
    if count > MAX_WORDS:
        yield f"has {count} words, the limit is {MAX_WORDS}"
