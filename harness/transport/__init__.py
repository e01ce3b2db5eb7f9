"""What carries calls under gevent: the choice, the channels, and grpcio without a thread for each call."""
