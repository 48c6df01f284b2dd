"""English–Chinese sentence pairs of a tiny grammar, for trainings of a language without spaces."""

import itertools
import random
from pathlib import Path

PEOPLE = {
    "the student": "学生",
    "my friend": "我的朋友",
    "the teacher": "老师",
    "his sister": "他的妹妹",
    "the doctor": "医生",
    "our neighbour": "我们的邻居",
    "the driver": "司机",
    "her son": "她的儿子",
}
# English in the past and after "will", Chinese: the verb, and its object.
ACTIONS = {
    ("read a book", "read a book"): ("看", "一本书"),
    ("bought apples", "buy apples"): ("买", "苹果"),
    ("drank tea", "drink tea"): ("喝", "茶"),
    ("wrote a letter", "write a letter"): ("写", "一封信"),
    ("ate noodles", "eat noodles"): ("吃", "面条"),
    ("sang a song", "sing a song"): ("唱", "一首歌"),
    ("learned Chinese", "learn Chinese"): ("学", "中文"),
    ("took photos", "take photos"): ("拍", "照片"),
}
PLACES = {
    "at school": "学校",
    "at the station": "车站",
    "in the park": "公园",
    "in the library": "图书馆",
    "at home": "家里",
    "in Beijing": "北京",
}
TIMES = {
    "yesterday": ("昨天", False),
    "last week": ("上星期", False),
    "this morning": ("今天早上", False),
    "tomorrow": ("明天", True),
    "next year": ("明年", True),
}


def toy_pairs(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Return different pairs of an English sentence and its Chinese translation, in random order."""
    pairs = []
    for someone, action, location, moment in itertools.product(PEOPLE, ACTIONS, PLACES, TIMES):
        past, infinitive = action
        verb, thing = ACTIONS[action]
        chinese_time, is_future = TIMES[moment]
        english = f"{moment.capitalize()} {someone} {f'will {infinitive}' if is_future else past} {location}."
        done = f"要在{PLACES[location]}{verb}" if is_future else f"在{PLACES[location]}{verb}了"
        pairs.append((english, f"{PEOPLE[someone]}{chinese_time}{done}{thing}。"))
    random.Random(seed).shuffle(pairs)
    return pairs[:count]


def write_toy_corpus(folder: Path, train: int, validation: int, test: int) -> Path:
    """Write the splits as parallel text files, such as train.en and train.zh."""
    pairs = toy_pairs(train + validation + test)
    for split, count in {"train": train, "validation": validation, "test": test}.items():
        rows, pairs = pairs[:count], pairs[count:]
        for language, lines in zip(("en", "zh"), zip(*rows, strict=True), strict=True):
            (folder / f"{split}.{language}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder
