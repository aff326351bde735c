"""Configuration of the documentation.

    python -m sphinx -W --keep-going -b html docs docs/_build/html

Nothing is fetched while it is built: no intersphinx, no remote images.
"""

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / '_ext'), str(HERE.parent)]
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')

import mmdegrade  # noqa: E402

project = 'mmdegrade'
author = 'the mmdegrade contributors'
project_copyright = 'the mmdegrade contributors, Apache-2.0'
version = release = mmdegrade.__version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'from_repository',
    'docstrings',
]
exclude_patterns = ['_build', 'how_to/examples']
language = 'en_GB'
smartquotes = False  # p' of a formula stays p'

# Docstrings: a name in single backticks is code, types are read from them, not from annotations.
default_role = 'code'
autodoc_member_order = 'bysource'
autodoc_typehints = 'none'
add_module_names = False
napoleon_numpy_docstring = False
napoleon_use_rtype = False
toc_object_entries_show_parents = 'hide'

myst_enable_extensions = ['linkify']
myst_linkify_fuzzy_links = False
myst_heading_anchors = 3
# `page:` is a link to a file that is copied as it is (html_extra_path), see from_repository.
myst_url_schemes = {'http': None, 'https': None, 'mailto': None, 'page': '{{path}}'}

html_theme = 'furo'
html_title = 'mmdegrade'
html_static_path = ['_static']
html_css_files = ['site.css']
html_extra_path = ['severity_grid_camvid.html']
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    'light_css_variables': {'color-brand-primary': '#0b66b8', 'color-brand-content': '#0b66b8'},
    'dark_css_variables': {'color-brand-primary': '#6cb6ff', 'color-brand-content': '#6cb6ff'},
}
