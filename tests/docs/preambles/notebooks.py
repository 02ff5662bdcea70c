import clew

clew.set_experiment("my experiment")
