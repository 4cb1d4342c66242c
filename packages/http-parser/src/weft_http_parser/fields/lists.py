"""Comma-separated lists (RFC 9110 5.6.1) and quality values (RFC 9110 12.4.2).

Decides order and weight. Knows no field by name.
"""

from weft_http_parser.fields.tokens import WHITESPACE, split_unquoted


def parse_tokens(text: str) -> list[str]:
    """The members of a list as they are written; empty ones are left out.

    >>> parse_tokens("keep-alive, , Upgrade")
    ['keep-alive', 'Upgrade']
    """
    return [stripped for item in text.split(",") if (stripped := item.strip(WHITESPACE))]


def parse_quality_list(text: str) -> list[tuple[str, float]]:
    """The members in lower case with their weights, best first, equal ones as they are written.

    A weight of 0 means "not acceptable" and stays in the list. A member with a malformed weight
    is left out.

    >>> parse_quality_list("gzip;q=0.5, br, *;q=0")
    [('br', 1.0), ('gzip', 0.5), ('*', 0.0)]
    """
    found: list[tuple[str, float]] = []
    for item in split_unquoted(text, ","):
        pieces = split_unquoted(item, ";")
        weight: float | None = 1.0
        kept = [pieces[0].lower()]
        for piece in pieces[1:]:
            name, _, value = piece.partition("=")
            if name.strip(WHITESPACE).lower() == "q":
                weight = _parse_weight(value.strip(WHITESPACE))
                break
            kept.append(piece)
        if kept[0] and weight is not None:
            found.append((";".join(kept), weight))
    found.sort(key=lambda member: -member[1])
    return found


def _parse_weight(text: str) -> float | None:
    """RFC 9110 12.4.2: 0 to 1 with up to three decimals."""
    whole, point, decimals = text.partition(".")
    if whole not in ("0", "1") or len(decimals) > 3:
        return None
    if decimals and not (decimals.isascii() and decimals.isdigit()):
        return None
    if whole == "1" and decimals.strip("0"):
        return None
    return float(f"{whole}{point}{decimals}0") if point else float(whole)
