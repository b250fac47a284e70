"""Logs: every line is JSON, errors tell where and not what, a trouble is told seldom."""

import json
import logging
import subprocess
import sys

PROGRAM = """
import logging, structlog
from streams.logs import KAFKA, set_up_logs
set_up_logs()
structlog.get_logger().info("ours", partition=3)
try:
    raise ValueError("what a customer's event says")
except ValueError:
    logging.getLogger("faust").exception("theirs")
def fail(): raise ValueError("what a customer's event says")
import threading
thread = threading.Thread(target=fail, name="worker")
thread.start()
thread.join()
for port in range(9000, 9050):
    KAFKA.error("FAIL: connect to %d refused after %d ms", port, port)
KAFKA.error("FAIL: another")
logging.getLogger("faust").info("not worth a line")
"""


def test_lines() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert not done.stdout
    ours, theirs, thread, *kafka = [json.loads(line) for line in done.stderr.splitlines()]
    assert (ours["event"], ours["partition"], ours["level"]) == ("ours", 3, "info")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["error"], theirs["logger"]) == ("theirs", "ValueError", "faust")
    assert theirs["at"] == ["<string>:7 <module>"]
    assert (thread["event"], thread["thread"], thread["error"]) == (
        "thread broken",
        "worker",
        "ValueError",
    )
    assert b"customer" not in done.stderr
    assert [line["event"] for line in kafka] == [
        "FAIL: connect to 9000 refused after 9000 ms",
        "FAIL: another",
    ]
    assert all(line["level"] == logging.getLevelName(logging.ERROR).lower() for line in kafka)
