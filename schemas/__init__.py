"""What travels: bytes on a topic or a line of a file <-> typed events, outputs and rules."""
