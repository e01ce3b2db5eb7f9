"""The token's life-cycle: where tokens come from, when they are renewed, and who shares one."""
