"""Training on toys: what the presets of all architectures share. Each file adds its steps and its learning rate."""

TRAIN = {"batch_size": 512, "schedule": "cosine", "validate_every": 500, "steps_per_execution": 50}
