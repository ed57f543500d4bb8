"""Understanding one message: its language, its topic, how sure that is, and what follows from it."""
