"""Entry point of `python3 -m deploy.native`."""

import sys

from deploy.native.cli import main

sys.exit(main())
