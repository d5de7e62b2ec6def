"""What is done with samples of a trained model."""

from tfflows.generate.denoise import denoised as denoised
