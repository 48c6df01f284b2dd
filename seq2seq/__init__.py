"""seq2seq: translation with an LSTM encoder, an LSTM decoder, and attention between them."""

__version__ = "0.1.0"
