"""All cases, from the modules that hold them."""

from . import answers, bodies, bounds, desync, lenient, requests, responses, targets

CASES = (
    *requests.CASES,
    *targets.CASES,
    *bodies.CASES,
    *desync.CASES,
    *responses.CASES,
    *answers.CASES,
    *lenient.CASES,
    *bounds.CASES,
)
