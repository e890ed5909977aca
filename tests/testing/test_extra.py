"""What a program without the extra is told."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
PROGRAM = "import sys; sys.modules['httpx2'] = None; import triode.testing"


def test_a_missing_package_names_the_extra() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        "triode.errors.MissingExtraError: triode.testing needs the package 'httpx2', which is not "
        'installed. Install it with: pip install "triode[testing]" [missing-extra]'
    )
