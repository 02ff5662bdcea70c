import pandas as pd
from sklearn.linear_model import LinearRegression

import clew

test_frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "quality": [0.1, 0.9, 2.2, 2.8]})
info = clew.sklearn.log_model(LinearRegression().fit(test_frame[["a"]], test_frame["quality"]), "line")
scored = pd.DataFrame({"label": [0, 1, 1, 0], "guess": [0, 1, 0, 0], "y": [0.0, 1.0, 1.0, 0.0]})
candidate_result = clew.evaluate(
    lambda frame: frame["a"] > 1,
    pd.DataFrame({"a": [0, 1, 2, 3], "up": [False, False, True, True]}),
    targets="up",
    model_type="classifier",
    extra_metrics=[
        clew.metrics.make_metric(eval_fn=lambda predictions, targets: 0.1, greater_is_better=False, name="log_loss")
    ],
)
baseline_result = clew.evaluate(
    lambda frame: frame["a"] > 2,
    pd.DataFrame({"a": [0, 1, 2, 3], "up": [False, False, True, True]}),
    targets="up",
    model_type="classifier",
    extra_metrics=[
        clew.metrics.make_metric(eval_fn=lambda predictions, targets: 0.7, greater_is_better=False, name="log_loss")
    ],
)
