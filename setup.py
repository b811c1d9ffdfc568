"""Build of the compiled modules: plain Python files with Cython annotations (everything else stands in pyproject.toml)."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

#: A module is compiled because it stands here; each is ordinary Python with ``cython`` annotations.
FOLDERS = ("names", "readers", "wire")
COMPILED = sorted(str(p) for folder in FOLDERS for p in Path("src/molehunt", folder).glob("_*.py") if p.stem != "__init__")


def extension(path: str) -> Extension:
    """Return the extension module that a source file becomes."""
    module = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    return Extension(module, [path], extra_compile_args=["-O3"])


setup(ext_modules=cythonize([extension(p) for p in COMPILED], language_level=3, build_dir="build/cython"))
