"""Settings for the whole suite."""

import os

from hypothesis import settings

# No test depends on time. A gate repeats the same examples, so that it says the same twice;
# everywhere else new ones are tried.
settings.register_profile("default", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "default")
