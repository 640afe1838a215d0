"""What the worker starts for each flow run: Prefect's engine, tied to the worker's life (`prefect.yaml`, `command`).

Without the tie a killed worker leaves its run behind, alive and unwatched, and the next run finds the lease taken.
"""

import os
import runpy

from flows.tether import end_with, tie_to_parent

if __name__ == "__main__":
    parent = os.getppid()
    tie_to_parent(parent)
    end_with(parent)
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
