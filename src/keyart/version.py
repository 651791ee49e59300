"""The version, apart from `keyart` itself so that a room need not import the whole house to know it."""

__version__ = "0.1.0"
