"""What can go wrong, each kind also being the builtin a caller would expect."""

from __future__ import annotations


class KeyartError(Exception):
    """Base of every error that keyart raises on purpose; its text is one clear line."""


class UnreadableVideo(KeyartError, ValueError):
    """The path holds nothing that can be decoded as a video."""


class MissingFile(KeyartError, FileNotFoundError):
    """The path does not exist, or is no regular file."""

    __str__ = Exception.__str__  # FileNotFoundError would print the errno form


class BadSetting(KeyartError, ValueError):
    """A setting came with a value outside what is allowed."""


class OutputProblem(KeyartError, OSError):
    """The output cannot be written: read-only, full, or in use by another run."""

    __str__ = Exception.__str__


class NothingUsable(KeyartError, RuntimeError):
    """The video was read, but not one picture in it can be offered."""


class MissingModel(KeyartError, LookupError):
    """A model asked for by name is not in the store."""

    def __init__(self, name: str, cure: str = "") -> None:
        self.name = name
        super().__init__(
            f"model {name!r} is not in the model store; {cure or f'get it with: keyart models pull {name}'}"
        )


class BadModel(KeyartError, ValueError):
    """A model file does not have the checksum that its card states."""


class MissingExtra(KeyartError, ImportError):
    """A Python package of an optional extra is not installed."""

    def __init__(self, package: str, *, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"{package!r} is not installed; get it with: pip install 'keyart[{extra}]'")


class LicenceRefused(BadSetting):
    """A model was asked for by name whose licence the licence mode does not allow."""

    def __init__(self, model: str, licence: str) -> None:
        self.model, self.licence = model, licence
        super().__init__(
            f"model {model!r} is not permissive (licence: {licence}); choose another one, or allow it: --licence any"
        )
