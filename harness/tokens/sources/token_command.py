"""Tokens that a command prints."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import TokenError
from harness.tokens.forms import find_token
from harness.tokens.source import refuse
from harness.tokens.sources import child, token_source
from harness.validation import positive


@token_source
@dataclass(frozen=True)
class TokenCommand:
    """Run a command that prints a token, such as ``["gcloud", "auth", "print-identity-token"]``.

    It is run without a shell, anew at each fetch, with this process's environment and no input;
    what it prints is read in any of the forms of `harness.tokens.forms`: the token alone, JSON with
    an ``access_token``, a Kubernetes ExecCredential.
    """

    command: Sequence[str]
    timeout_s: float = 10.0

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        return _mistakes_of(self.command) + positive("TokenCommand", timeout_s=self.timeout_s)

    def open(self) -> "TokenCommand":
        """Return the source itself: it holds no secret."""
        refuse(self.mistakes())
        return self

    def fetch(self) -> str:
        """Run the command and return the token that it prints."""
        name = self.command[0]
        try:
            code, output = child.run(self.command, self.timeout_s)
        except TimeoutError as error:
            raise TokenError(f"{name} gave no token within {self.timeout_s:g} s", "DEADLINE") from error
        except OSError as error:
            raise TokenError(f"{name} cannot be run: {error.strerror}", "UNREACHABLE") from error
        if code or not output.strip():
            what = "some output" if output.strip() else "no token"
            raise TokenError(f"{name} ended with {code} and {what}; try it by hand", "BAD_RESPONSE")
        try:
            return find_token(output).token
        except TokenError as error:
            raise TokenError(f"{name} printed no token: {error}", error.cause) from None


def _mistakes_of(command: object) -> list[str]:
    if isinstance(command, str):
        try:
            parts = shlex.split(command)
        except ValueError:
            parts = command.split()
        # Arguments may hold secrets, so that only the first word is repeated.
        first = parts[0] if parts else ""
        return [f"TokenCommand: command is one text; it is run without a shell, so give a list: [{first!r}, …]"]
    if not isinstance(command, Sequence) or not command or not all(isinstance(word, str) for word in command):
        return ["TokenCommand: command must be a list of texts, the program first: ['gcloud', 'auth', …]"]
    if not command[0] or any("\0" in word for word in command):
        return ["TokenCommand: command has no program, or a null byte in it; give a list, the program first"]
    return []
