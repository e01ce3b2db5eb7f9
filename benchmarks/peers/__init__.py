"""Peers: other load generators and ours, in turns, against one fast target (`make peers`).

What is measured is the same for all and measured outside of them: the target counts the calls that it
answered, the system the CPU time of the tool's processes. Start-up and report do not count for anybody.
"""
