"""What conductor and workers tell each other during a run."""
