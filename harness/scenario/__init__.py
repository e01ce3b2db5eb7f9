"""What a scenario file declares: load, requirements, variants, and the catalogue of the files."""
