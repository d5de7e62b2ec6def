"""The gallery, docs/gallery/index.html: a static page with every pretrained model."""
