"""`python -m pacviz`."""

import sys

from pacviz.cli import main

sys.exit(main())
