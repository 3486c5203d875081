// placeholder until the model file lands
