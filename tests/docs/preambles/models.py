import time

import joblib
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier

import clew

X, y = load_diabetes(return_X_y=True, as_frame=True)
model = RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0).fit(X, y > 100)
joblib.dump(model, "forest.joblib")
time_ms = int(time.time() * 1000)
