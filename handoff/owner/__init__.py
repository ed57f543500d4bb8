"""What the owner sets in files (``data/owner``): hours, routing, manners, texts, ready replies. Read, checked, and
looked at again while the hub runs (:mod:`handoff.owner.files`).
"""
