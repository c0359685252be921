"""Sphinx configuration: MyST Markdown, furo, warnings are errors."""

from importlib.metadata import version as installed

project = "Scorewright"
author = "The Scorewright developers"
release = installed("scorewright")
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Scorewright"
myst_heading_anchors = 4
nitpicky = True
