"""An emulator of TF Serving for laptops and tests: the same APIs, flags and files, in Python with TensorFlow."""
