"""Count words: what stands between spaces, and each character in scripts that are written without spaces."""

import re
import unicodedata

# Unicode blocks of scripts without spaces between words, with their punctuation: first and last character.
BLOCKS = (
    ("\u0e00", "\u0eff"),  # Thai, Lao
    ("\u0f00", "\u0fff"),  # Tibetan
    ("\u1000", "\u109f"),  # Myanmar
    ("\u1780", "\u17ff"),  # Khmer
    ("\u1950", "\u19ff"),  # Tai Le, New Tai Lue, Khmer symbols
    ("\u1a20", "\u1aaf"),  # Tai Tham
    ("\u2e80", "\u2fdf"),  # radicals
    ("\u3000", "\u312f"),  # punctuation of Chinese and Japanese, Hiragana, Katakana, Bopomofo
    ("\u31a0", "\u31bf"),  # Bopomofo, extended
    ("\u31f0", "\u31ff"),  # Katakana, phonetic extensions
    ("\u3400", "\u4dbf"),  # Han, extension A
    ("\u4e00", "\u9fff"),  # Han
    ("\ua000", "\ua4cf"),  # Yi
    ("\ua9e0", "\ua9ff"),  # Myanmar, extended B
    ("\uaa60", "\uaadf"),  # Myanmar, extended A; Tai Viet
    ("\uf900", "\ufaff"),  # Han, compatibility
    ("\ufe30", "\ufe4f"),  # punctuation of vertical text
    ("\uff01", "\uff0f"),  # full-width punctuation
    ("\uff1a", "\uff20"),
    ("\uff3b", "\uff40"),
    ("\uff5b", "\uff9f"),  # full-width punctuation, half-width Katakana
    ("\U0001b000", "\U0001b16f"),  # Kana, supplement and extensions
    ("\U00020000", "\U0003ffff"),  # Han, extensions B and later
)
LETTERS_ONLY = ("\u3400", "\u4e00", "\uf900", "\U0001b000", "\U00020000")  # where such blocks begin


def _letters() -> str:
    """Return the letters and digits of the blocks, as the inside of a regular expression's character class."""
    ranges = []
    for first, last in BLOCKS:
        if first in LETTERS_ONLY:
            ranges.append(f"{first}-{last}")
        else:
            ranges += [c for c in map(chr, range(ord(first), ord(last) + 1)) if unicodedata.category(c)[0] in "LN"]
    return "".join(ranges)


LETTERS = _letters()
LETTER = re.compile(f"[{LETTERS}]")
IN_BLOCK = re.compile("[" + "".join(f"{first}-{last}" for first, last in BLOCKS) + "]")
# A character of a script without spaces, or other letters and digits up to the next such character or space.
WORD = re.compile(rf"[{LETTERS}]|[^\W{LETTERS}][^\s{LETTERS}]*")


def count_words(text: str) -> int:
    """Return the number of words of a text.

    A word is what stands between white space. In scripts that are written without spaces (Han, Hiragana, Katakana,
    Thai, Lao, Khmer, Myanmar, …), every character counts as a word: "我有book。" has three. Combining marks and
    punctuation count only if they stand alone.
    """
    runs = text.split()
    return sum(len(WORD.findall(run)) or 1 for run in runs) if has_no_spaces(text) else len(runs)


def has_no_spaces(text: str) -> bool:
    """Return whether a text has characters of a script that is written without spaces."""
    return LETTER.search(text) is not None


def in_unspaced_script(character: str) -> bool:
    """Return whether a character, which may be punctuation, belongs to a script that is written without spaces."""
    return IN_BLOCK.match(character) is not None


def split_words(text: str) -> list[str]:
    """Return the words, spaces and punctuation marks that a text consists of. Joined, they are the text again.

    Letters and digits form words. In scripts that are written without spaces, each character is a word. A combining
    mark belongs to the character before it.
    """
    pieces: list[str] = []
    before = ""
    for character in text:
        category = unicodedata.category(character)[0]
        kind = "letter" if category in "LN" and not in_unspaced_script(character) else "other"
        joins = category == "M" or (kind == before == "letter")
        if pieces and joins:
            pieces[-1] += character
        else:
            pieces.append(character)
        before = before if category == "M" else kind
    return pieces
