"""Pictures and videos that are nearly the same: signatures, an index of them on disk, warnings, groups of re-uploads.

signature ─> index ─┬─> near   this cover is nearly an older one of the channel
                    └─> groups these videos show the same material
"""
