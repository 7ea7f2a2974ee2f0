"""`python -m albra`."""

import sys

from albra import main

sys.exit(main())
