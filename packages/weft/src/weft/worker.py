"""The workers of Gunicorn, under the name of aiohttp's module.

gunicorn -k weft.worker.GunicornWebWorker module:app
"""

from weft_web_server import GunicornUVLoopWebWorker, GunicornWebWorker

__all__ = ("GunicornUVLoopWebWorker", "GunicornWebWorker")
