"""The variants that every comparison offers. They differ only in how the decoder reads the source."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from seq2seq.model.attention import AdditiveAttention, DotAttention, FixedContext, MultiHeadAttention, NoContext
from seq2seq.model.context import Context
from seq2seq.model.luong import LuongAttention

Keys = Mapping[str, Any]  # the keys of the recipe that a variant sets: {"model.encoder.layers": 2}

CONTEXT = "model.decoder.context"


class BuiltInVariant(NamedTuple):
    """A variant that needs no entry in a recipe.

    Args:
        context: the class that reads the source.
        description: what it does, and which paper it comes from.
        options: the options of the class that make it this variant. The recipe chooses the others.
    """

    context: type[Context]
    description: str
    options: Mapping[str, Any] = {}

    @property
    def keys(self) -> Keys:
        """The keys of the recipe that the variant sets."""
        return {CONTEXT: self.context.__name__} | {
            f"{CONTEXT}.init_args.{name}": value for name, value in self.options.items()
        }


BUILT_IN: Mapping[str, BuiltInVariant] = {
    "initial-state": BuiltInVariant(
        NoContext, "the encoder's last states start the decoder, and are not read again (Sutskever et al. 2014)"
    ),
    "bottleneck": BuiltInVariant(
        FixedContext, "the decoder reads the encoder's last states, one vector, at every step (Cho et al. 2014)"
    ),
    "luong": BuiltInVariant(
        LuongAttention,
        "global attention, read after each step, with input feeding (Luong et al. 2015, sections 3.1 and 3.3)",
    ),
    "bahdanau": BuiltInVariant(
        AdditiveAttention,
        "additive attention, read before each step, whose query is the decoder's state s_{i−1} alone (Bahdanau et al. "
        "2015, section 3.1: the score and the context)",
        {"sees_last_word": False},
    ),
    "bahdanau-last-word": BuiltInVariant(
        AdditiveAttention,
        "additive attention whose query has also seen the last word, which is not in Bahdanau et al. 2015",
        {"sees_last_word": True},
    ),
    "multi-head": BuiltInVariant(
        MultiHeadAttention, "additive attention with several heads (heads: Vaswani et al. 2017)"
    ),
    "dot": BuiltInVariant(
        DotAttention,
        "attention with the general score of Luong et al. 2015 (equation 8), but read before each step, as in Bahdanau "
        "et al. 2015",
    ),
}
DEFAULT = ("bottleneck", "bahdanau")


def describe_context(context: type[Context], options: Mapping[str, Any]) -> str | None:
    """Return the description of the built-in variant that reads the source in this way, or None.

    Args:
        context: the class that reads the source.
        options: the values of its options.
    """
    for variant in BUILT_IN.values():
        if variant.context is context and variant.options.items() <= options.items():
            return variant.description
    return None
