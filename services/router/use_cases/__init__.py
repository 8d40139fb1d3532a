"""What the router does, in the words of the contact centre: route, answer, place again, chase."""
