"""A worker whose files may not grow beyond NYXTER_TEST_FILE_BYTES: its disk is full by then."""

import os
import resource

from streams.cli import app

if __name__ == "__main__":
    limit = int(os.environ["NYXTER_TEST_FILE_BYTES"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    app()
