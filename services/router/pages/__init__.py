"""The router's pages: a decision for staff, and for whoever was told of an offer what is asked and how to answer."""
