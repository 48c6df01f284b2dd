"""The four ids that every vocabulary begins with. No other file knows them as numbers."""

PAD = 0  # fills a batch's short rows; never read, never predicted
UNK = 1  # required by SentencePiece; byte fallback keeps it out of every text
BOS = 2  # the word before the first
EOS = 3  # the word after the last; a source ends with it, too

SPECIAL = {PAD: "<pad>", UNK: "<unk>", BOS: "<s>", EOS: "</s>"}
