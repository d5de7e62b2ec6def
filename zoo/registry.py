"""The architectures of the zoo, by name: each is defined at the end of its own file."""

from zoo import (
    ffjord,
    flow_vae,
    flowpp,
    glow,
    iaf,
    iaf_vae,
    idf,
    made,
    maf,
    naf,
    nice,
    nsf,
    planar,
    radial,
    realnvp,
    residual,
    vae,
)
from zoo.architecture import Architecture

ARCHITECTURES: dict[str, Architecture] = {
    "nice": nice.ARCHITECTURE,
    "realnvp": realnvp.ARCHITECTURE,
    "glow": glow.ARCHITECTURE,
    "flowpp": flowpp.ARCHITECTURE,
    "nsf": nsf.ARCHITECTURE,
    "made": made.ARCHITECTURE,
    "maf": maf.ARCHITECTURE,
    "iaf": iaf.ARCHITECTURE,
    "naf": naf.ARCHITECTURE,
    "planar": planar.ARCHITECTURE,
    "radial": radial.ARCHITECTURE,
    "ffjord": ffjord.ARCHITECTURE,
    "residual": residual.ARCHITECTURE,
    "idf": idf.ARCHITECTURE,
    "vae": vae.ARCHITECTURE,
    "flow_vae": flow_vae.ARCHITECTURE,
    "iaf_vae": iaf_vae.ARCHITECTURE,
}
