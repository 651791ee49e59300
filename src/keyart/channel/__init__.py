"""What all videos of a channel have in common: fonts, palette, templates, avatar, words to avoid (`channel.toml`)."""

from keyart.channel.memory import Channel, find_channel, given_by, read_channel

__all__ = ["Channel", "find_channel", "given_by", "read_channel"]
