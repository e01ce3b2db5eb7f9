"""The head of one run: its folder, its lab, its workers, its faults and their undo."""
