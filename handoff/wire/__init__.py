"""The frames of the two sockets: frozen dataclasses, and decoders that refuse what they do not know. Pure."""
