"""One process that has users: arrivals on time, calls, and the rows that they leave."""
