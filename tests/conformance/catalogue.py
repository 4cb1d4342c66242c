"""All cases, from the modules that hold them."""

from . import bodies, requests, responses

CASES = (*requests.CASES, *bodies.CASES, *responses.CASES)
