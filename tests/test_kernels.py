"The C kernels, compiled with address and undefined-behaviour checks, draw scenes made to break them"
import shutil, subprocess, sys
from pathlib import Path

import pytest
from conftest import environment, root, run, said


def runtime(name):
    "A sanitizer's library of the system's gcc, or None"
    if sys.platform != 'linux' or not shutil.which('gcc'): return None
    found = subprocess.run(['gcc', f'-print-file-name={name}'], capture_output=True, text=True).stdout.strip()
    return found if Path(found).is_absolute() else None


def test_kernels_stay_within_bounds(tmp_path):
    "With gcc's sanitizers where the system has them; else ziglang's, which know undefined behaviour but not addresses"
    asan, ubsan = runtime('libasan.so'), runtime('libubsan.so')
    if asan and ubsan: how, env = ['gcc', '-fsanitize=address,undefined,float-cast-overflow', '-fno-sanitize-recover=all'], dict(LD_PRELOAD=f'{asan} {ubsan}', ASAN_OPTIONS='detect_leaks=0')
    else:
        pytest.importorskip('ziglang', reason='neither gcc with sanitizers nor ziglang')
        how, env = [f'{sys.executable} -m ziglang cc', '-fsanitize=undefined', '-fsanitize-trap=undefined'], {}
    result = run(sys.executable, root/'tests'/'adversarial_scenes.py', *how, env=environment(GHA_NB_CACHE=str(tmp_path), GHA_NB_THREADS='1', **env), cwd=root)
    assert result.returncode == 0 and 'pictures' in result.stdout, said(result)
