"""Processes of the lab and of the user: started, watched, and ended with us."""
