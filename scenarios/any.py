"""Any: calls that the command line names, to any target, under tokens and no fault.

Question: how fast and how reliable is a service of yours, with the tokens that you give it?
Steady state: failures under 1 %.
"""

import sys

from locust import events  # first: it patches sockets before grpc loads

from harness.scenario import ad_hoc
from harness.users import CallUser

scenario = ad_hoc.from_arguments(sys.argv[1:])
events.init_command_line_parser.add_listener(lambda parser, **_: ad_hoc.add_to_locust(parser))


class Caller(CallUser):
    pass
