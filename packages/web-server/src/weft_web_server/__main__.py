"""`python -m weft_web_server`, which `python -m weft.web` is as well."""

import sys

from .cli import main

if __name__ == "__main__":
    spec = sys.modules["__main__"].__spec__
    name = __package__ if spec is None else spec.name.removesuffix(".__main__")
    main(sys.argv[1:], f"python -m {name}")
