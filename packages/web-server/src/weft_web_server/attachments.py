"""Content-Disposition of an answer that is to be saved under a name (RFC 6266).

Decides how a name of any characters is written, and which of it never gets to the client.
"""

from weft_http_parser import format_extended, format_quoted

_UNSAFE = str.maketrans({"/": "_", "\\": "_"})


def format_attachment(name: str) -> str:
    r"""The field for a file's name, which is no path: its slashes become underscores.

    A name beyond ASCII is said twice, for clients that know RFC 8187 and for others.

    >>> format_attachment("report.pdf")
    'attachment; filename="report.pdf"'
    >>> format_attachment("../Zürich €.pdf")
    'attachment; filename=".._Z_rich _.pdf"; filename*=UTF-8\'\'.._Z%C3%BCrich%20%E2%82%AC.pdf'
    """
    if not name.isprintable():
        raise ValueError(f"the name {name!r} of a download has what cannot be printed")
    name = name.translate(_UNSAFE)
    # RFC 6266 appendix D: percent signs and quotes are read in several ways.
    plain = "".join(sign if sign.isascii() and sign not in '%"' else "_" for sign in name)
    field = f"attachment; filename={format_quoted(plain)}"
    return field if plain == name else f"{field}; filename*={format_extended(name)}"
