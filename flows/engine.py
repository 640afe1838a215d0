"""What the worker starts for each flow run: Prefect's engine, tied to the worker's life (`prefect.yaml`, `command`).

Without the tie a killed worker leaves its run behind, alive and unwatched, and the next run finds the lease taken.
"""

import os
import runpy

from flows.tether import tie_to_parent

if __name__ == "__main__":
    tie_to_parent(os.getppid())
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
