"""The forms in which a token lies in a file, an answer or a command's output, and what lies there in its place.

A token is found whatever stands around it: white space, quotes, ``Bearer``, a variable's name, JSON. What is read
so is noted, for a client less patient than this one would stumble on it.
"""

from harness.tokens.forms.found import Found
from harness.tokens.forms.search import find_token

__all__ = ["Found", "find_token"]
