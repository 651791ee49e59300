"""Path <-> arrays and sound. Everything that touches a container, a codec or an image file is here."""
