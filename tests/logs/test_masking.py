import pytest

from adapters.masking import Masker
from adapters.secret import MASK, Secret

SECRET = "Zx81kk/9+secret=="


@pytest.mark.parametrize(
    "text",
    [
        "GET /fapi/v1/order?symbol=BTCUSDT&signature=LEAK&x=1",
        "apiKey=LEAK",
        '{"apiKey": "LEAK", "symbol": "BTCUSDT"}',
        '{\\"apiKey\\":\\"LEAK\\"}',
        "{'secret': 'LEAK'}",
        "X-MBX-APIKEY: LEAK",
        "Authorization: Bearer LEAK-abcdefgh",
        "sent with Bearer LEAK.abcdefgh",
        "listenKey=LEAK",
        '{"listenKey":"LEAK"}',
        "api_secret: LEAK",
        "wss://fstream.binance.com/ws/" + "LEAK" * 16,
        "/stream?streams=" + "LEAK" * 16,
        "POST https://api.telegram.org/bot123456789:LEAK-LEAKLEAKLEAKLEAKLEAKLEAK/sendMessage",
        "password=LEAK",
        "passphrase: LEAK",
        "url=https%3A%2F%2Fx%3Fsignature%3DLEAK",
    ],
)
def test_whatever_looks_like_a_secret_is_masked(text: str) -> None:
    masked = Masker().text(text)
    assert "LEAK" not in masked
    assert MASK in masked


def test_a_registered_secret_is_masked_wherever_it_stands_also_as_a_url_has_it() -> None:
    masker = Masker([Secret(SECRET)])
    for text in (f"x{SECRET}y", "q=Zx81kk/9%2Bsecret%3D%3D&z=1"):
        assert "Zx81kk" not in masker.text(text)


def test_a_secret_that_contains_another_is_masked_whole() -> None:
    assert Masker([Secret("abcd"), Secret("abcdefgh")]).text("abcdefgh") == MASK


def test_plain_words_stay() -> None:
    for text in ("position main.BTCUSDT.long.manual.1 OPENING -> ACTIVE", "tokens=5", "3 secrets were masked", ""):
        assert Masker([Secret("xyz")]).text(text) == text


def test_structures_keep_their_shape() -> None:
    masked = Masker([Secret("hunter2")]).value(
        {"api_key": 7, "n": 1, "l": ["hunter2", None, True], "d": {"token": "t"}}
    )
    assert masked == {"api_key": MASK, "n": 1, "l": [MASK, None, True], "d": {"token": MASK}}
