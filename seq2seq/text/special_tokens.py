"""The ids of the special tokens. Every vocabulary begins with them, and no other file writes them as numbers."""

PAD = 0  # fills the short rows of a batch; the model never reads or predicts it
UNK = 1  # SentencePiece requires it; byte fallback keeps it out of every text
BOS = 2  # the decoder's first input, before the first token of the target
EOS = 3  # ends every target and every source

SPECIAL_TOKENS = {PAD: "<pad>", UNK: "<unk>", BOS: "<s>", EOS: "</s>"}
