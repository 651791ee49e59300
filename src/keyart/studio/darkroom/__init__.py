"""Pictures made while somebody waits: frames, previews, covers, variants, drawn images."""
