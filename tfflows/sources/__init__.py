"""Files of rows in several formats, on any file system that TensorFlow supports: as events, or as named columns."""
