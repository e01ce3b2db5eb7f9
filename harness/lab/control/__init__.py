"""The control ports of the lab's children: the side that asks and the side that answers."""
