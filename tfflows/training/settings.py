"""How a model is trained: every setting of a run that is not one of the model or of the data."""

import dataclasses
import math

from tfflows.errors import check, check_choice

SCHEDULES = ("constant", "cosine")
OPTIMIZERS = ("adam", "adamax", "muon")
OBJECTIVES = ("maximum_likelihood", "flow_matching")
MEMORY = ("keep", "recompute")


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """Settings of one run; an architecture's presets change the defaults.

    Args:
        steps: Number of optimizer steps; None leaves the length to `epochs`.
        epochs: Number of passes over the training set, if `steps` is None.
        batch_size: Number of events in a step, over all replicas.
        learning_rate: Peak learning rate of the schedule.
        optimizer: `"adam"`, `"adamax"` or `"muon"`, which often needs fewer steps.
        schedule: Learning rate after warm-up, `"constant"`, or `"cosine"` down to 0 at the last step.
        warmup_steps: Number of steps of linear warm-up from 0; before a cosine, at most half of all steps.
        weight_decay: Rate of decoupled weight decay of the kernels of networks, times the learning rate; 0 for none.
        input_noise: Standard deviation of Gaussian noise that training adds to the standardized real columns of a
            table, where it smooths the density like the bandwidth of a kernel, or to pixels scaled to [-1, 1], where it
            lowers the score and makes samples noisy; `tfflows.generate.denoise` removes the noise. 0 for none.
        clip_norm: Maximum global norm, to which gradients are scaled down; None does not clip them.
        ema: Decay of the moving average of weights that evaluation and export use, which is at most
            `(1 + step) / (10 + step)`; 0 for none.
        patience: Number of validations without a better score before training stops; None never stops early.
        validate_every: Number of steps between validations, each with a checkpoint; None validates once per pass.
        sample_every: Number of validations between pictures of samples.
        eval_batch_size: Number of events in a batch of the validation or the test set, over all replicas; reduce it for
            large images. The scores do not depend on it.
        num_importance_samples: Number of importance samples of the final score on the test set, and of the exported
            `log_prob`, where they are bounds.
        objective: What is minimized for data: the negative log-likelihood, or its bound, `"maximum_likelihood"`; or the
            error of the velocity of a continuous flow, `"flow_matching"`, which needs no solver.
        optimal_transport: Whether flow matching pairs events and latents of a minibatch by a transport plan.
        anneal_steps: Number of steps over which a target is annealed from a flat one; 1 for no annealing.
        variational_em: Whether executions alternate between an E-step, which trains the posterior of a VAE, and an
            M-step, which trains its decoder and prior; each is `steps_per_execution` steps long.
        steps_per_execution: Number of steps in one call of the compiled loop; more steps reduce the overhead of small
            models. A number that does not divide both `steps` and `validate_every` is reduced to one that does.
        jit_compile: Whether to compile the step with XLA, on one replica only (a TPU always compiles its steps).
        memory: `"keep"` stores all intermediate results of the flow's layers for the gradient; `"recompute"` stores the
            input of each coupling, autoregressive, residual or linear layer only, and computes the rest again in more
            time and less memory.
        mixed_precision: Whether networks compute in bfloat16; the flow itself, the network of logit-normal noise, and
            every reported score use float32.
    """

    steps: int | None = None
    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    schedule: str = "constant"
    warmup_steps: int = 200
    weight_decay: float = 0.0
    input_noise: float = 0.0
    clip_norm: float | None = 50.0
    ema: float = 0.999
    patience: int | None = None
    validate_every: int | None = None
    sample_every: int = 5
    eval_batch_size: int = 256
    num_importance_samples: int = 1
    objective: str = "maximum_likelihood"
    optimal_transport: bool = False
    anneal_steps: int = 1
    variational_em: bool = False
    steps_per_execution: int = 1
    jit_compile: bool = False
    memory: str = "keep"
    mixed_precision: bool = False

    def __post_init__(self):
        check_choice("schedule", self.schedule, SCHEDULES)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("memory", self.memory, MEMORY)
        check_choice("objective", self.objective, OBJECTIVES)
        matches = self.objective == "flow_matching"
        rule = "Expected `optimal_transport` to be False without objective='flow_matching'."
        check(matches or not self.optimal_transport, rule, optimal_transport=True)
        rule = "Expected `input_noise` to be 0 with objective='flow_matching', which matches the data themselves."
        check(not (matches and self.input_noise), rule, input_noise=self.input_noise)
        rule = "Expected jit_compile=False with memory='recompute': XLA would merge the repeated computation."
        check(not (self.jit_compile and self.memory == "recompute"), rule, jit_compile=True, memory="recompute")
        check(0 <= self.ema < 1, "Expected `ema` to be in [0, 1).", ema=self.ema)
        rule = "Expected `learning_rate` to be positive and finite."
        check(0 < self.learning_rate < math.inf, rule, learning_rate=self.learning_rate)
        for name in ("warmup_steps", "weight_decay", "input_noise"):
            value = getattr(self, name)
            check(0 <= value < math.inf, f"Expected `{name}` to be 0 or more and finite.", **{name: value})
        counts = ("epochs", "batch_size", "sample_every", "eval_batch_size", "num_importance_samples", "anneal_steps")
        for name in (*counts, "steps_per_execution"):
            check(getattr(self, name) >= 1, f"Expected `{name}` to be 1 or more.", **{name: getattr(self, name)})
        for name in ("steps", "clip_norm", "patience", "validate_every"):
            value = getattr(self, name)
            check(value is None or value > 0, f"Expected `{name}` to be None or positive.", **{name: value})

    @property
    def evaluation(self) -> dict[str, int]:
        """The options of the final score, as `evaluate` takes them."""
        return {"batch_size": self.eval_batch_size, "num_importance_samples": self.num_importance_samples}

    def schedule_of(self, examples: int, replicas: int = 1) -> tuple[int, int]:
        """Total steps, and steps between validations, for a training set with this many examples.

        Raises:
            InputError: The training set does not fill one batch, a batch is not divided evenly by the replicas, or
                XLA is requested on several.
        """
        rule = "Expected jit_compile=False on several replicas: XLA cannot update the optimizer on all of them."
        check(not self.jit_compile or replicas == 1, rule, jit_compile=self.jit_compile, replicas=replicas)
        rule = f"Expected `batch_size` to be a multiple of the {replicas} replicas."
        check(self.batch_size % replicas == 0, rule, batch_size=self.batch_size)
        rule = f"Expected `batch_size` to be at most the {examples} events of the training set."
        check(self.batch_size <= examples, rule, batch_size=self.batch_size)
        per_pass = examples // self.batch_size
        steps = self.steps or self.epochs * per_pass
        return steps, min(self.validate_every or per_pass, steps)
