"""A child that is never ready."""

import time

time.sleep(60)
