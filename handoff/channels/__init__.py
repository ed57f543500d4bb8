"""Channels beside the website's own sockets."""
