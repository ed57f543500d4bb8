"""Files that visitors and agents send: their kinds, where they lie, the way in and out, and what they do to a log."""
