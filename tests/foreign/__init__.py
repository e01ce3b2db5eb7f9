"""What others wrote, run as they wrote it."""
