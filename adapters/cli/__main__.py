"""`python -m adapters.cli`: everything but `run`, which needs the composition root."""

import sys

from adapters.cli.entry import main

sys.exit(main())
