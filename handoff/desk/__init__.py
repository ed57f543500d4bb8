"""What lies on an agent's desk beside the conversation: search, transcripts, drafts, mentions, suggested answers."""
