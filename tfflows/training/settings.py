"""How a model is trained: every number of a run that is not of the model or of the data."""

import dataclasses

from tfflows.errors import check, check_choice

SCHEDULES = ("constant", "cosine")
OPTIMIZERS = ("adam", "adamax")


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """Settings of one run; an architecture's presets change the defaults.

    Args:
        steps: Optimizer steps; None leaves the length to `epochs`.
        epochs: Passes over the training set, where `steps` is None.
        batch_size: Events in a step, over all replicas.
        learning_rate: Peak of the schedule.
        optimizer: `"adam"` or `"adamax"`.
        schedule: After warm-up, `"constant"` or `"cosine"` down to 0 at the last step.
        warmup_steps: Steps of linear warm-up from 0.
        clip_norm: Gradients are scaled down to this global norm; None leaves them.
        ema: Decay of the moving average of weights that evaluation and export use; 0 for none.
        patience: Stop after so many validations without a better score; None never stops early.
        validate_every: Steps between validations, each with a checkpoint; None for once a pass.
        sample_every: Validations between grids of samples.
        num_importance_samples: Of the final score on the test set, where it is a bound.
        anneal_steps: Steps over which an energy becomes itself, from a flat one; 1 for at once.
        variational_em: Executions are in turn an E-step, which trains the posterior of a VAE, and an M-step, which
            trains its decoder and prior; each is `steps_per_execution` steps long.
        steps_per_execution: Steps in one call of the compiled loop: more cost less on small models.
        jit_compile: Compile the step with XLA; on one replica (a TPU compiles its steps without being asked).
        mixed_precision: Networks compute in bfloat16; the flow itself, and every score that is reported, in float32.
    """

    steps: int | None = None
    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    schedule: str = "constant"
    warmup_steps: int = 200
    clip_norm: float | None = 50.0
    ema: float = 0.999
    patience: int | None = None
    validate_every: int | None = None
    sample_every: int = 5
    num_importance_samples: int = 1
    anneal_steps: int = 1
    variational_em: bool = False
    steps_per_execution: int = 1
    jit_compile: bool = False
    mixed_precision: bool = False

    def __post_init__(self):
        check_choice("schedule", self.schedule, SCHEDULES)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check(0 <= self.ema < 1, "Expected `ema` to be in [0, 1).", ema=self.ema)
        check(self.learning_rate > 0, "Expected `learning_rate` to be positive.", learning_rate=self.learning_rate)
        check(self.warmup_steps >= 0, "Expected `warmup_steps` to be 0 or more.", warmup_steps=self.warmup_steps)
        counts = ("epochs", "batch_size", "sample_every", "num_importance_samples", "anneal_steps")
        for name in (*counts, "steps_per_execution"):
            check(getattr(self, name) >= 1, f"Expected `{name}` to be 1 or more.", **{name: getattr(self, name)})
        for name in ("steps", "clip_norm", "patience", "validate_every"):
            value = getattr(self, name)
            check(value is None or value > 0, f"Expected `{name}` to be None or positive.", **{name: value})

    def schedule_of(self, examples: int, replicas: int = 1) -> tuple[int, int]:
        """Total steps, and steps between validations, for a training set of so many examples.

        Raises:
            InputError: The training set does not fill one batch, a batch is not divided evenly by the replicas, or
                XLA is asked for on several.
        """
        rule = "Expected `jit_compile` on one replica only: XLA cannot reach the optimizer's state on another device."
        check(not self.jit_compile or replicas == 1, rule, jit_compile=self.jit_compile, replicas=replicas)
        rule = f"Expected `batch_size` to be a multiple of the {replicas} replicas."
        check(self.batch_size % replicas == 0, rule, batch_size=self.batch_size)
        rule = f"Expected `batch_size` to be at most the {examples} events of the training set."
        check(self.batch_size <= examples, rule, batch_size=self.batch_size)
        per_pass = examples // self.batch_size
        steps = self.steps or self.epochs * per_pass
        return steps, min(self.validate_every or per_pass, steps)
