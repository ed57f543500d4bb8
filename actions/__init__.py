"""The bot's actions: what follows from a message when a fixed answer is not enough.

An action reads the tracker and returns events and utterances. It keeps nothing: a message whose process died is run
again, and must then come to the same result.
"""
