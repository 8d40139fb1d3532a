"""What a message to a partner is, what may become of it, and how it is worded: pure Python."""
