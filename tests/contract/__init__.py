"""The promises made to other programs: events of every version, and the documents that describe them."""
