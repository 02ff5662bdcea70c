# A forest registered as wine_quality and in production, and the wines as a Parquet file.
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

import clew

random = np.random.default_rng(0)
table = pd.DataFrame(random.normal(size=(60, 2)), columns=["alcohol", "pH"])
forest = RandomForestRegressor(3, random_state=0).fit(table, table["alcohol"])
clew.sklearn.log_model(forest, "model", input_example=table.head(3), registered_model_name="wine_quality")
clew.ClewClient().transition_model_version_stage("wine_quality", "1", "Production")
table.assign(good=(table["alcohol"] > 0) * 1.0).to_parquet("wines.parquet")
