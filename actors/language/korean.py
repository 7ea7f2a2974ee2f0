"""Korean particles: their form depends on the final sound of the preceding word. Pure."""

import re

_PARTICLE = re.compile(r"(\S)((?:</?[a-z]+>)*)(을\(를\)|이\(가\)|은\(는\)|과\(와\)|\(으\)로)")
_FORMS = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
}
_CLOSED_DIGITS, _CLOSED_LETTERS = "013678", "lmnrLMNR"
"""Digits and letters whose Korean names end in a consonant: 영, 일, 삼, 육, 칠, 팔; 엘, 엠, 엔, 알."""
_ENDS_IN_L = "178lrLR"
_SYLLABLES, _FINALS, _L = ord("가"), 28, 8


def particles(text: str) -> str:
    """Choose each particle's form: `BTCUSDT은(는)` -> `BTCUSDT는`. Tags between word and particle are skipped."""
    return _PARTICLE.sub(lambda match: match[1] + match[2] + _form(match[1], match[3]), text)


def _form(last: str, particle: str) -> str:
    closed, open_ = _FORMS[particle]
    if "가" <= last <= "힣":
        final = (ord(last) - _SYLLABLES) % _FINALS
        has_final, ends_in_l = bool(final), final == _L
    else:
        has_final, ends_in_l = last in _CLOSED_DIGITS + _CLOSED_LETTERS, last in _ENDS_IN_L
    if particle == "(으)로" and ends_in_l:
        return open_
    return closed if has_final else open_
