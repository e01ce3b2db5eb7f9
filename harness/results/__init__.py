"""Results: the files of a run on disk, typed, each with one reader and one writer."""
