"""A Toxiproxy, real or embedded: which one serves, how it starts, and how it is asked."""
