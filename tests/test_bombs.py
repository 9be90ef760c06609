"Small files that claim to be enormous are refused by what they say, not by the memory they fill"
import io, json, struct, tracemalloc, zlib

import numpy as np
import pytest
from conftest import gha, said
from fuzz import small_avatar
from PIL import Image

from gha_nb.capture.layout import params_file, picture_file
from gha_nb.capture.writer import record_ball
from gha_nb.core import GhaError


def huge_png(side):
    data = io.BytesIO()
    Image.new('RGB', (4, 4)).save(data, 'PNG')
    data = bytearray(data.getvalue())
    data[16:24] = side.to_bytes(4, 'big')*2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, 'big')
    return bytes(data)


def huge_npz(size):
    data = io.BytesIO()
    np.savez_compressed(data, pose=np.zeros(6), scale=np.zeros(()), exp_coeff=np.zeros(4))
    data = bytearray(data.getvalue())
    at = data.find(b'PK\x01\x02')
    data[at + 24:at + 28] = size.to_bytes(4, 'little')
    return bytes(data)


def huge_npy():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 3), }".ljust(117) + b'\n'
    return b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header + bytes(64)


@pytest.mark.parametrize('what', ['png', 'png that Pillow refuses', 'npz', 'npy'])
def test_capture(what, tmp_path):
    top = record_ball(tmp_path/'ball', frames=4, cameras=3, size=16)
    frame, camera = '0001', 'cam1'
    picture, params, points = top/picture_file('image', frame, camera), top/params_file(frame), top/'params'/frame/'lmk_3d.npy'
    file, data = {'png': (picture, huge_png(12_500)), 'png that Pillow refuses': (picture, huge_png(60_000)),
                  'npz': (params, huge_npz((4 << 30) - 1)),
                  'npy': (points, huge_npy())}[what]
    file.write_bytes(data)
    tracemalloc.start()
    result = gha('check', top)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.returncode == 1 and file.stem in result.stdout and 'Traceback' not in result.stdout + result.stderr, said(result)
    assert peak < 200 << 20


@pytest.mark.parametrize('length', [2**63, 2**40, 100_000_001])
def test_headers_of_terabytes(length, tmp_path):
    "Avatars, bakes and checkpoints are safetensors files, which begin with the length of their header"
    from gha_nb.avatar.avatar import HeadAvatar
    from gha_nb.export.baked import load_baked
    from gha_nb.training.run import newest_checkpoint
    run = small_avatar().save(tmp_path/'run')
    data = struct.pack('<Q', length) + b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}'
    (run/'avatar.safetensors').write_bytes(data)
    with pytest.raises(GhaError, match='avatar.safetensors|run'): HeadAvatar.load(run)
    (tmp_path/'head.baked').write_bytes(data)
    with pytest.raises(GhaError, match='head.baked'): load_baked(tmp_path/'head.baked')
    step = run/'checkpoints'/'step_000010'
    step.mkdir(parents=True)
    (step/'state.safetensors').write_bytes(data)
    (step/'state.json').write_text(json.dumps(dict(kind='gha_nb checkpoint', format=4)))
    assert newest_checkpoint(run) is None


def test_film_of_absurd_size(tmp_path, monkeypatch):
    "What ffmpeg says of a stream is enough"
    import imageio
    from gha_nb.tracking import video
    file = tmp_path/'me.mp4'
    imageio.mimwrite(file, [np.zeros((64, 64, 3), np.uint8)]*3, macro_block_size=1)
    facts = video.stream_facts
    assert video.read_video(file).width == 64
    monkeypatch.setattr(video, 'stream_facts', lambda words: facts(words) | dict(width=60_000, height=60_000))
    with pytest.raises(GhaError, match='60000 x 60000 pixels'): video.read_video(file)
