"""All cases, from the modules that hold them."""

from . import closing, compression, fragmenting, framing, listed, sizes, texts

CASES = (
    *framing.CASES,
    *fragmenting.CASES,
    *texts.CASES,
    *closing.CASES,
    *sizes.CASES,
    *compression.CASES,
    *listed.CASES,
)
