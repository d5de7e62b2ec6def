"""An emulator of TF Serving for laptops and tests: the same APIs, flags and files, by TensorFlow in Python."""
