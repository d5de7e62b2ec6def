"""An export as TF Serving runs it: a session, which checks the types of its inputs but not the shapes."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


class Session:
    """The signatures of a SavedModel."""

    def __init__(self, version: Path):
        with tf.Graph().as_default() as self._graph:
            self._session = tf.compat.v1.Session()
            loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], str(version))
        self.signatures = loaded.signature_def
        self.graph_def = loaded.graph_def
        self._session._extend_graph()

    def run(self, signature: str, **inputs: Any) -> dict[str, np.ndarray]:
        """The outputs of a signature, by name."""
        known = self.signatures[signature]
        fed = {self._tensor(known.inputs[name].name): np.asarray(value) for name, value in inputs.items()}
        names = sorted(known.outputs)
        wanted = [self._tensor(known.outputs[name].name) for name in names]
        # `Session.run` compares shapes in Python; this is what it calls next.
        return dict(zip(names, self._session._call_tf_sessionrun(None, fed, wanted, [], None), strict=True))

    def _tensor(self, name: str) -> Any:
        return self._graph.get_tensor_by_name(name)._as_tf_output()
