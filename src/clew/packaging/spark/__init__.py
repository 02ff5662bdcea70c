"""Models asked by Spark: the driver's side (``udf``, ``types``, ``shipment``) and the workers' (``worker``)."""
