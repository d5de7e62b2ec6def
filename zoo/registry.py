"""The architectures of the zoo, by name: each is defined at the end of its own file."""

from zoo import (
    bnaf,
    ffjord,
    flow_vae,
    flowpp,
    glow,
    iaf,
    iaf_vae,
    made,
    maf,
    naf,
    nice,
    nsf,
    planar,
    radial,
    realnvp,
    sylvester,
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
    "bnaf": bnaf.ARCHITECTURE,
    "planar": planar.ARCHITECTURE,
    "radial": radial.ARCHITECTURE,
    "sylvester": sylvester.ARCHITECTURE,
    "ffjord": ffjord.ARCHITECTURE,
    "vae": vae.ARCHITECTURE,
    "flow_vae": flow_vae.ARCHITECTURE,
    "iaf_vae": iaf_vae.ARCHITECTURE,
}
