"""Measurements: each module is one command that writes rows to a CSV, with commit and machine."""
