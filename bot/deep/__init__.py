"""Deep training: all layers of the encoder learn the topics, once in a while and in an environment of its own."""
