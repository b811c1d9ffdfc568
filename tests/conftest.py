"""What all tests share: where the public corpora are, and the loud skip where they are not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
SHARED = Path(os.environ.get("MOLEHUNT_SHARED", ROOT.parent / "shared")) / "data"

# The first example in a process loads the public suffix list, 200 ms or more by itself: no example has a deadline.
settings.register_profile("molehunt", deadline=None)
settings.load_profile("molehunt")


@pytest.fixture
def shared() -> Path:
    """Folder of the public corpora; the test is skipped, loudly, where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"public corpora are absent: {SHARED} (set MOLEHUNT_SHARED)")
    return SHARED


def can_make_namespaces() -> bool:
    """Tell whether this machine lets us make network namespaces and tun devices."""
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists() or not shutil.which("ip"):
        return False
    probe = ["unshare", "--net", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0
