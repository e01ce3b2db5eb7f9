"""What a probe leaves: terminal, page, JSON, JUnit and SARIF."""
