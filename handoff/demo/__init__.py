"""What lets people try Silta without accounts elsewhere. Nothing of the hub depends on it."""
