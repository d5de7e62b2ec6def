"""What is done with a trained model: sample, interpolate, edit, inpaint, reconstruct, judge.

`python -m tfflows.generate MODE --model=...` writes pictures; the functions here return arrays.
"""

from tfflows.generate.denoising import denoise as denoise
from tfflows.generate.densities import auroc as auroc
from tfflows.generate.densities import density as density
from tfflows.generate.densities import warped_grid as warped_grid
from tfflows.generate.editing import attribute_vectors as attribute_vectors
from tfflows.generate.editing import edit as edit
from tfflows.generate.inpainting import inpaint as inpaint
from tfflows.generate.interpolation import interpolate as interpolate
from tfflows.generate.interpolation import manifold as manifold
from tfflows.generate.masks import mask as mask
from tfflows.generate.outliers import Detector as Detector
from tfflows.generate.posterior import posterior_draws as posterior_draws
from tfflows.generate.quality import frechet_distance as frechet_distance
from tfflows.generate.quality import precision_and_recall as precision_and_recall
from tfflows.generate.reconstruction import reconstruct as reconstruct
from tfflows.generate.reconstruction import sample_reconstructions as sample_reconstructions
from tfflows.generate.sampling import at_temperatures as at_temperatures
from tfflows.generate.trained import Trained as Trained
