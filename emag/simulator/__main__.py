"""`python -m emag.simulator`: the simulator without Django, as tests start it."""

import sys

from emag.simulator.program import main

sys.exit(main())
