"""The licenses of the datasets that have a name here, as their authors or hosts state them."""

from tfflows.datasets.naming import family

_CC_BY = "Creative Commons Attribution 4.0"
_MNIST = "Creative Commons Attribution-Share Alike 3.0"
_RESEARCH = "for non-commercial research only"
_ADBENCH = f"{_CC_BY} (UCI Machine Learning Repository), as a file of ADBench under the BSD 2-Clause License"

LICENSES = {
    "digits": _CC_BY,
    "toy": "none needed, as it is generated",
    "energy": "none needed, as it is a formula",
    **dict.fromkeys(("mnist", "dynamic_mnist", "binarized_mnist"), _MNIST),
    "fashion_mnist": "MIT License",
    **dict.fromkeys(("power", "gas", "hepmass", "miniboone", "miniboone_small"), _CC_BY),
    **dict.fromkeys(("bsds300", "bsds300_patches", "celeb_a"), _RESEARCH),
    "downsampled_imagenet": _RESEARCH,
    "magic.gamma.npz": _ADBENCH,
}


def license_of(dataset: str) -> str:
    """The license of a dataset, or that it is not known here."""
    return LICENSES.get(family(dataset), "not stated here; see the source of the data")
