"""The door to Locust: the only folder, beside the command line, that imports it."""
