"""Scores of large datasets by exported models: parts of the input are scored on one machine or by Apache Beam."""

from tfflows.scoring.job import Job as Job
from tfflows.scoring.served import Version as Version
