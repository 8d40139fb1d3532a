"""How fast the rules are beside other ways of doing the same work; nothing here is part of the product."""
