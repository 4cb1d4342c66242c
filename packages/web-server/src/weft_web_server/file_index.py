"""The page that lists a directory.

Decides how names are shown and linked. Knows no directory; names come from whoever put files there.
"""

import html
import os
from collections.abc import Sequence
from urllib.parse import quote


def format_index(folder: str, entries: Sequence[tuple[str, bool]], more: int = 0) -> str:
    """A page of links, of the files and directories below a path that is quoted already.

    >>> print(format_index("/s", [("<a>.txt", False), ("sub", True)]).split("<ul>")[1])
    <BLANKLINE>
    <li><a href="/s/%3Ca%3E.txt">&lt;a&gt;.txt</a></li>
    <li><a href="/s/sub/">sub/</a></li>
    </ul>
    </body>
    </html>
    <BLANKLINE>
    """
    # GHSA-7gpw-8wmc-pm8g: a name may be a script.
    title = f"Index of {html.escape(folder)}/"
    items = []
    for name, is_directory in entries:
        slash = "/" if is_directory else ""
        href = html.escape(f"{folder}/{quote(os.fsencode(name))}{slash}")
        # Bytes that are no text cannot be shown.
        shown = html.escape(os.fsencode(name).decode("utf-8", "replace"))
        items.append(f'<li><a href="{href}">{shown}{slash}</a></li>')
    if more:
        items.append(f"<li>and {more} more</li>")
    listing = "\n".join(items)
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n<ul>\n{listing}\n</ul>\n</body>\n</html>\n"
    )
