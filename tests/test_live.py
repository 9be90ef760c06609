"Live: films and networks that fail, faces that come and go, and a face that moves an avatar from end to end"
import socket, struct, threading, time
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from gha_nb.core import GhaError, demo_capture_path
from gha_nb.export.baked import BakedAvatar, save_baked
from gha_nb.geometry import matrix_to_rotvec, rotvec_to_matrix
from gha_nb.live.datagrams import ARKIT_ORDER, make_source
from gha_nb.live.outputs import drive_live, make_output
from gha_nb.live.session import LiveSession
from gha_nb.tracking.models import arkit

turned = 3 # a frame of the demo in which the head is turned by eight degrees


@pytest.fixture(scope='module')
def head():
    "A ball with ARKit's coefficients: the jaw opens it, and that is all"
    r = torch.Generator().manual_seed(0)
    places = torch.nn.functional.normalize(torch.randn(150, 3, generator=r), dim=1)
    base = torch.zeros(150, 14)
    base[:, :3], base[:, 3:6], base[:, 6], base[:, 10], base[:, 11:] = places, -2., 1, 2., .5 + .4*places
    deltas = torch.zeros(1, 150, 14, dtype=torch.int8)
    deltas[0, :, 1] = (127*places[:, 1].sign()).to(torch.int8)
    mix = torch.zeros(1, 58)
    mix[0, arkit.index('jawOpen')] = 1
    return BakedAvatar(base, deltas, torch.full((1, 14), 1/127), mix, None, torch.zeros(52), torch.tensor([0, 0, 0, 0, 1.6, 0]),
                       torch.tensor(.12), torch.zeros(6), torch.tensor([[0.]*52, [1.]*52]), torch.ones(3), tuple(arkit), (64, 64))


@pytest.fixture(scope='module')
def pictures():
    "The studio's demo person, from the front"
    from gha_nb.capture.capture import Capture
    from gha_nb.drive.reenactment import frontal_camera
    capture = Capture.read(demo_capture_path(), check=False)
    camera = frontal_camera(capture)
    return [(255*capture.targets(f, camera, (256, 256))[0].permute(1, 2, 0)).byte().numpy() for f in capture.frames[:6]]


def film(path, images, fps=25):
    import imageio
    imageio.mimwrite(path, images, fps=fps, quality=8, macro_block_size=1)
    return path


def nothing_left(): return [o.name for o in threading.enumerate() if o.name.startswith('live')] == []


def phone(values):
    text = lambda s: struct.pack('>i', len(s)) + s.encode()
    return b'\x06' + text('0'*36) + text('me') + struct.pack('>ifii', 1, 0., 60, 1) + struct.pack('>B61f', 61, *values)


def test_what_is_missing(head, tmp_path):
    for settings, source, out, words in ((dict(path=tmp_path/'none.mp4'), 'video', 'null', 'no such file'),
                                         (dict(number=63), 'camera', 'null', 'camera 63'), ({}, 'televison', 'null', "no source is called"),
                                         (dict(port=0), 'vmc', 'me.avi', 'no output is called')):
        if source == 'camera': pytest.importorskip('cv2', reason='the webcam was not tried: the extra [live] is not installed')
        with pytest.raises(GhaError, match=words): drive_live(head, source=source, settings=settings, out=out, say=lambda s: None)
    (tmp_path/'text.mp4').write_text('no film')
    with pytest.raises(GhaError, match='text.mp4'): drive_live(head, source='video', settings=dict(path=tmp_path/'text.mp4'), out='null')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(('127.0.0.1', 0))
        with pytest.raises(GhaError, match='another program receives VMC'):
            drive_live(head, source='vmc', settings=dict(host='127.0.0.1', port=other.getsockname()[1]), out='null')
    with pytest.raises(GhaError, match='nothing comes from VMC'):
        drive_live(head, source='vmc', settings=dict(host='127.0.0.1', port=0), out='null', seconds=.2, say=lambda s: None)
    assert nothing_left()


def test_phone_that_vanishes(head):
    "It opens the mouth, falls silent, and the head goes to rest; it comes back, and the head follows again"
    source, null = make_source('live-link-face', host='127.0.0.1', port=0), make_output('null')
    place, values, sending = source.socket.getsockname(), np.zeros(61), threading.Event()
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            while not sending.is_set(): s.sendto(phone(values), place); time.sleep(.01)
    def until(what, seconds=20):
        end = time.perf_counter() + seconds
        while not what(): assert time.perf_counter() < end, session.state; time.sleep(.01)
    with LiveSession(head, source, [null], size=64, seconds=.1) as session:
        (sender := threading.Thread(target=send)).start()
        until(lambda: session.face.presence > .95)
        values[ARKIT_ORDER.index('jawOpen')] = .9
        rest = head.render(session.camera).numpy()*255
        away = lambda: float(np.abs(null.last - rest).mean())
        until(lambda: away() > 8)
        sending.set(), sender.join()
        until(lambda: away() < 1)
        assert session.state == 'no face: at rest' and not session.wait(0)
        sending.clear()
        (sender := threading.Thread(target=send)).start()
        until(lambda: away() > 8)
        sending.set(), sender.join()
    assert nothing_left()
    with pytest.raises(OSError): source.socket.getsockname() # closed


def test_film_without_a_face(head, tmp_path):
    pytest.importorskip('mediapipe', reason='no face was looked for: the extra [live] is not installed')
    clip, said = film(tmp_path/'wall.mp4', [np.full((96, 96, 3), 120, np.uint8)]*6), []
    with pytest.raises(GhaError, match='no face was seen'):
        drive_live(head, source='video', settings=dict(path=clip), out=str(tmp_path/'out.mp4'), size=64, say=said.append)
    assert (tmp_path/'out.mp4').stat().st_size > 500 and 'the video is at its end' in said[-1]


def test_film_to_film(head, tmp_path, pictures):
    "From a film to a film, by the command line"
    pytest.importorskip('mediapipe', reason='no face was looked for: the extra [live] is not installed')
    from gha_nb.app import main
    from gha_nb.tracking.video import read_video
    save_baked(head, tmp_path/'ball.baked')
    clip = film(tmp_path/'clip.mp4', [p for p in pictures for _ in range(5)])
    assert main(['live', str(tmp_path/'ball.baked'), '--video', str(clip), '--out', str(tmp_path/'out.mp4'), '--size', '64']) == 0
    assert read_video(tmp_path/'out.mp4').duration > .5
    assert main(['live', str(tmp_path/'ball.baked'), '--video', str(clip), '--out', str(tmp_path/'out.mp4')]) == 1 # is there


@dataclass
class Watch:
    "An output that keeps pictures and where the head was"
    images: list = field(default_factory=list)
    motions: list = field(default_factory=list)
    def __call__(self, image, session): self.images.append(image); self.motions.append(session.face.last)
    def close(self): pass


def test_head_follows(head, tmp_path, pictures):
    "Its turn is the person's; and of two people the one who was first is followed"
    pytest.importorskip('mediapipe', reason='no face was looked for: the extra [live] is not installed')
    from gha_nb.capture.capture import Capture
    capture, watch = Capture.read(demo_capture_path(), check=False), Watch()
    clip = film(tmp_path/'clip.mp4', [pictures[0]]*14 + [pictures[turned]]*12, fps=10) # slow: a busy machine sees most
    with LiveSession(head, make_source('video', path=clip), [watch], size=64, seconds=.25) as session: assert session.wait(60)
    first, second = (rotvec_to_matrix(capture.pose(capture.frames[i])[:3]) for i in (0, turned))
    truth = matrix_to_rotvec(first.T @ second).numpy()
    assert np.degrees(np.abs(watch.motions[-1].rotation - truth).max()) < 3 < 7 < np.degrees(np.abs(truth).max())
    assert np.abs(watch.images[-1].astype(float) - watch.images[0]).mean() > 1

    wall, watch = np.full_like(pictures[0], 128), Watch()
    alone, both = (np.concatenate(o, 1) for o in ((pictures[0], wall), (pictures[0], pictures[0])))
    source = make_source('video', path=film(tmp_path/'two.mp4', [alone]*10 + [both]*10, fps=10))
    with LiveSession(head, source, [watch], size=64, seconds=.25) as session: assert session.wait(60)
    aside = [abs(m.translation[0]) for m in watch.motions if m]
    assert len(aside) > 3 and max(aside) < .03, aside # metres: the second person is .2 away
    assert nothing_left()
