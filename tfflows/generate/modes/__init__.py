"""The modes of `python -m tfflows.generate`: each is a function of a trained model that returns a `Result`."""

from tfflows.generate.modes.density import density
from tfflows.generate.modes.edit import edit
from tfflows.generate.modes.inpaint import inpaint
from tfflows.generate.modes.interpolate import interpolate
from tfflows.generate.modes.ood import ood
from tfflows.generate.modes.quality import quality
from tfflows.generate.modes.reconstruct import reconstruct
from tfflows.generate.modes.sample import sample

MODES = {
    **{"sample": sample, "interpolate": interpolate, "edit": edit, "inpaint": inpaint, "reconstruct": reconstruct},
    **{"density": density, "ood": ood, "quality": quality},
}
