"""Word lists: families, gaps, slips, negation, disguises."""

from __future__ import annotations

import pytest

from app.rulebook.phrases import PhraseError, WordList, slots_of
from app.rulebook.tokens import folded, tokens_of
from app.rulebook.vocabulary import Vocabulary

LISTS = [
    WordList(name="flood", phrases=("flood*", "water .. everywhere", "inund*")),
    WordList(name="gas", phrases=("smell* .. gas", "huele .. gas", "fuite de gaz")),
    WordList(name="room", phrases=("mens|ladies room", "ceiling", "w9")),
    WordList(name="place", phrases=("freezer", "fire", "fire alarm"), negatable=False),
    WordList(name="harmless", phrases=("freezer aisle", "fire drill", "fire alarm"), disguise=True),
    WordList(name="water", phrases=("d eau", "eau")),
]
VOCABULARY = Vocabulary(LISTS, negators=["no", "not", "isnt", "pas"], breakers=["but", "sure"])


def found(text: str) -> set[str]:
    return set(VOCABULARY.find(tokens_of(folded(text)))) - {"harmless"}


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("FLOODING!!", {"flood"}),
        ("water is coming out everywhere", {"flood"}),
        ("water. it is everywhere", set()),
        ("water one two three four five everywhere", set()),
        ("kinda smells like gas", {"gas"}),
        ("huele muchísimo a gas", {"gas"}),
        ("the Ladies-room", {"room"}),
        ("cieling", {"room"}),
        ("the sealing", set()),
        ("please send the W9", {"room"}),
        ("it is not flooded", set()),
        ("not sure but it is flooding", {"flood"}),
        ("NO, it is flooded", {"flood"}),
        ("isn't really flooding", set()),
        ("no freezer", {"place"}),
        ("mop in the freezer aisle", set()),
        ("freezer by the freezer aisle", {"place"}),
        ("the fire drill", set()),
        ("the fire alarm", {"place"}),
        ("dégât d'eau", {"water"}),
        ("", set()),
    ],
)
def test_what_is_found(text: str, lists: set[str]) -> None:
    assert found(text) == lists


def test_places_count_words() -> None:
    tokens = tokens_of(folded("oh no: the ceiling floods"))
    assert VOCABULARY.find(tokens) == {"room": [(3, 4)], "flood": [(4, 5)]}


@pytest.mark.parametrize("slip", ["flooding", "cieling", "ceilin", "ceeiling", "ceilyng"])
def test_slips_of_one_letter(slip: str) -> None:
    assert found(slip)


def test_a_word_of_its_own_is_no_slip() -> None:
    lists = [WordList(name="pest", phrases=("roaches", "rats"))]
    assert Vocabulary(lists, [], []).find(tokens_of("reaches")) == {"pest": [(0, 1)]}
    careful = Vocabulary(lists, [], [], ["Reaches"])
    assert not careful.find(tokens_of("it reaches the freezer"))
    assert careful.find(tokens_of("raoches")) == {"pest": [(0, 1)]}


def test_another_consonant_is_another_word() -> None:
    vocabulary = Vocabulary([WordList(name="snow", phrases=("snowing",))], [], [])
    assert not vocabulary.find(tokens_of("showing"))


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("", "a phrase has at least one word"),
        (".. gas", "'.. gas' cannot start with '..'"),
        ("gas ..", "'gas ..' cannot end with '..'"),
        ("ga$s?", "'ga$s?' in 'ga$s?' is not a word"),
        ("a " * 13, "a phrase has at most 12 words"),
        ("w9|coi", "'w9' in 'w9|coi' cannot be one of several"),
    ],
)
def test_wrong_phrases(phrase: str, message: str) -> None:
    with pytest.raises(PhraseError) as caught:
        slots_of(phrase)
    assert str(caught.value).startswith(message.rstrip()) or message in str(caught.value)
