#!/bin/sh
# Serves the models of models.config without docker, by tensorflow_model_server; further flags are passed on:
#     serving/serve.sh [--loopback] [--port=8500] [--rest_api_port=8501]
# --loopback takes the emulator in tools/, for laptops and tests. MODELS is the folder of the models (default: exported),
# PYTHON the interpreter of the emulator.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

# The server wants absolute paths: /models becomes the folder of the models.
models=$(cd "${MODELS:-$root/exported}" && pwd)
mkdir -p "$root/build/serving"
config=$root/build/serving/models.config
sed "s#\"/models/#\"$models/#" "$here/models.config" > "$config.$$"
mv "$config.$$" "$config"

server=tensorflow_model_server
if [ "${1:-}" = --loopback ]; then
    shift
    server="${PYTHON:-python} -m tools.emulator"
    export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
else
    # A label may name a version before it is loaded, as all are at the start. The emulator has no metrics.
    set -- --allow_version_labels_for_unavailable_models --monitoring_config_file="$here/monitoring.config" "$@"
fi
exec $server --port=8500 --rest_api_port=8501 --model_config_file="$config" \
    --enable_batching --batching_parameters_file="$here/batching.config" "$@"
