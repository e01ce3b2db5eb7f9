"""The lab and the gateway on their own, for a client or a service of somebody else's."""
