"""From waiting to a person: the order of the queue, who gets whom and why, offers, presence, and how long it takes."""
