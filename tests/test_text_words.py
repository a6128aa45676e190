import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.text.words import find_words


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in find_words(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("don't well-known rock'n'roll", ["don't", "well-known", "rock'n'roll"]),
        ("3.14 20% 7th 10:30 1,000", ["3.14", "20%", "7th", "10:30", "1,000"]),
        ("U.S. e.g. J.R.R. Tolkien", ["U.S.", "e.g.", "J.R.R.", "Tolkien"]),
        ("I saw it.I went", ["I", "saw", "it", "I", "went"]),
        ("AT&T snake_case _x_", ["AT&T", "snake_case", "x"]),
        ("one--two", ["one", "two"]),
        ("dogs' tails", ["dogs", "tails"]),
        ("iPhone手机", ["iPhone", "手", "机"]),
        ("2020年5月", ["2020", "年", "5", "月"]),
        ("コーヒー", ["コー", "ヒー"]),
        ("cafe\u0301 می\u200cخواهم", ["cafe\u0301", "می\u200cخواهم"]),
        ("I ❤️ it 3️⃣ 👨‍👩‍👧", ["I", "it"]),
        ("", []),
        ("?! \u0301", []),
    ],
)
def test_words_are_found_whole(text: str, found: list[str]):
    assert words(text) == found


@given(st.text())
def test_spans_are_sorted_apart_and_not_empty(text: str):
    at = 0
    for start, end in find_words(text):
        assert at <= start < end <= len(text)
        at = end
