"""Who comes in, and who may what: accounts, sign-in with its second factor and the company's provider, sign-ins
under way, API keys, visitors' tokens, and the one table of permissions.
"""
