"""The frames of the runs of ``frame_mlflow`` are MLflow's; it leaves the order of columns to chance."""

import pandas as pd
from pandas.testing import assert_frame_equal

import clew
from clew.client import tablecalls

clew.set_experiment("frames")
for read_arrow in (True, False):
    tablecalls.can_read_arrow = lambda read_arrow=read_arrow: read_arrow
    for name, asked in (("frame", {"order_by": ["start_time DESC"]}), ("one", {"filter_string": "params.only = 'ä'"})):
        theirs, ours = pd.read_pickle(f"{name}.pickle"), clew.search_runs(**asked)
        still = [column for column in ours if column not in ("status", "end_time")]  # one run has ended since
        assert set(ours) == set(theirs)
        assert_frame_equal(ours[still], theirs[still])
        assert_frame_equal(ours[["status", "end_time"]][1:], theirs[["status", "end_time"]][1:])
print("ok")
