"What speaks: `gha-nb speak`, recordings of all kinds, and what is refused"
import json, shutil, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import gha, said
from test_app import refused

pytest.importorskip('espeakng_loader', reason='pip install "gha_nb[speech]" for espeak-ng')
text = 'My mother made plum jam, and Peter may have a map.'


@pytest.fixture(scope='module')
def speech():
    from gha_nb.drive.speech import synthesize
    return synthesize(text, voice='f3')


@pytest.fixture
def speaker(trained, tmp_path):
    "The ball, called as an avatar with ARKit's coefficients would be, in a spelling of its own"
    run = shutil.copytree(trained, tmp_path/'run', ignore=shutil.ignore_patterns('checkpoints', 'previews'))
    known = json.loads((run/'avatar.json').read_text())
    (run/'avatar.json').write_text(json.dumps(known | dict(expression_names=['Jaw_Open', 'eyeBlink_L'])))
    return run


def recording(speech, path, *options):
    "The speech as a file that ffmpeg writes"
    from gha_nb.drive.talk import write_sound
    from imageio_ffmpeg import get_ffmpeg_exe
    write_sound(speech, path.with_name('source.wav'))
    subprocess.run([get_ffmpeg_exe(), '-v', 'error', '-y', '-i', path.with_name('source.wav'), *options, path], check=True)
    return path


def test_a_sentence(speaker, tmp_path):
    from gha_nb.drive.listening import listen, speaking
    from gha_nb.drive.performance import read_table
    import imageio.v3 as iio
    out, table = tmp_path/'new'/'hello.mp4', tmp_path/'hello.csv'
    kept = tmp_path/'hello.performance.json'
    result = gha('speak', speaker, 'Bob may nap 😀.', '--out', out, '--table', table, '--save', kept, '--emotion', 'happy=0.5')
    assert result.returncode == 0 and result.stdout.split() == [str(out), str(kept), str(table)], said(result)
    assert '😀' in result.stderr and 'mouthPucker' in result.stderr, 'what has no sound, and what the avatar lacks, is said'
    frames, heard = iio.imread(out), listen(out)
    assert abs(len(frames)/25 - heard.duration) < .1
    on = speaking(heard)
    assert abs(on.argmax()/100 - .3) < .06, 'sound begins after the lead'
    face = read_table(table)
    assert 'Jaw_Open' in face.names and set(face.names) <= {'Jaw_Open', 'eyeBlink_L'} and len(face) == len(frames)
    refused(gha('speak', speaker, 'Again', '--out', out), 'there already', '--overwrite')
    again = tmp_path/'again.mp4'
    result = gha('reenact', speaker, kept, '--out', again, '--smooth', '0')
    assert result.returncode == 0, said(result)
    assert np.abs(iio.imread(again).astype(int) - frames).mean() < .5, 'the file of a performance moves it as the text did'
    assert np.abs(listen(again).level - heard.level).max() < .1, 'and it brings its sound'


def test_a_program_speaks(speaker, tmp_path, speech):
    "Any program that reads a text and writes a WAV file is a voice; what it says is found in its sound"
    from gha_nb.drive.performance_file import read_performance
    from gha_nb.drive.speech import ProgramConfig
    from gha_nb.drive.talk import talking_face, write_sound
    write_sound(speech, tmp_path/'said.wav')
    copy = f'{sys.executable} -c "import shutil, sys; shutil.copy({str(tmp_path/"said.wav")!r}, sys.argv[1])" {{wav}}'
    found = talking_face(text, voice=ProgramConfig(copy))
    pairs = zip([p for p in found.phonemes if p.name], [p for p in speech.phonemes if p.name], strict=True)
    assert np.median([abs(a.start - found.lead - b.start) for a, b in pairs]) < .04 and not found.notes
    kept = tmp_path/'said.performance.json'
    result = gha('speak', speaker, text, '--out', tmp_path/'a.mp4', '--voice-program', copy, '--fps', '5', '--save', kept)
    assert result.returncode == 0 and abs(len(read_performance(kept))/5 - speech.duration) < 1.2, said(result)
    refused(gha('speak', speaker, text, '--out', tmp_path/'b.mp4', '--voice-program', 'no-such-voice'), 'no-such-voice', 'started')


def test_an_avatar_that_cannot(trained, tmp_path):
    refused(gha('speak', trained, 'Hello', '--out', tmp_path/'a.mp4'), 'lacks jawOpen', 'grow')
    assert not (tmp_path/'a.mp4').exists()


files = {'a.mp3': ['-ar', '8000', '-b:a', '24k'], 'b.flac': ['-ac', '2'], 'c.ogg': ['-ar', '48000']}


@pytest.mark.parametrize('name, options', files.items(), ids=files)
def test_recordings(speech, tmp_path, name, options):
    "A known text is found in any file, and each phoneme near its true time"
    from gha_nb.drive.listening import align, listen
    found = [p for p in align(listen(recording(speech, tmp_path/name, *options)), text) if p.name]
    truth = [p for p in speech.phonemes if p.name]
    assert [p.name for p in found] == [p.name for p in truth]
    error = np.array([a.start - b.start for a, b in zip(found, truth)])
    assert np.median(abs(error)) < .04 and abs(error).max() < .25


def test_lips_close_in_a_recording(speech, tmp_path):
    "Aligned to a recording, each m, b, p still closes the lips"
    from gha_nb.drive.talk import talking_face
    face = talking_face(text, recording(speech, tmp_path/'a.mp3'), emotion='surprised')
    jaw = face.performance.expression[:, face.performance.names.index('jawOpen')]
    least = [jaw[int(p.start*25):int(np.ceil(p.stop*25)) + 1].min().item() for p in face.phonemes if set(p.name) & set('mbp')]
    assert len(least) == 10 and max(least) < .02 and jaw.max() > .2


def test_silence_and_noise(tmp_path):
    from gha_nb.drive.speech import Speech
    from gha_nb.drive.talk import talking_face
    for level in (0., .01):
        quiet = Speech((level*np.random.default_rng(0).standard_normal(16000*5)).astype(np.float32), 16000)
        face = talking_face(audio=recording(quiet, tmp_path/'quiet.wav'))
        mouth = [i for i, n in enumerate(face.performance.names) if n.startswith(('jaw', 'mouth'))]
        assert not face.performance.expression[:, mouth].any() and 'nobody speaks' in face.notes[0]
        assert face.performance.expression[:, face.performance.names.index('eyeBlinkLeft')].max() > .9, 'it is alive'


def test_pieces_are_small(tmp_path):
    "However long a file is, no more than a piece of it is in memory"
    from gha_nb.drive.listening import listen, rate, sound_pieces
    from gha_nb.drive.speech import Speech
    file = recording(Speech(np.zeros(8000*120, np.float32), 8000), tmp_path/'long.wav')
    assert [len(o) for o in sound_pieces(file)] == [20*rate]*6 and listen(file).mel.shape == (12001, 26)


def test_without_espeak(monkeypatch):
    from gha_nb.core import GhaError
    from gha_nb.drive import speech
    speech.voices.cache_clear()
    monkeypatch.setitem(__import__('sys').modules, 'espeakng_loader', None)
    with pytest.raises(GhaError, match='gha_nb.speech'): speech.synthesize('Hello')
    monkeypatch.undo()
    assert speech.synthesize('Hello').duration > .3


def test_threads_take_turns():
    from gha_nb.drive.speech import synthesize
    texts = ['One.', 'Two words.', 'Three more words.', 'And now four words.']*4
    with ThreadPoolExecutor(4) as pool: together = list(pool.map(synthesize, texts))
    assert all(np.array_equal(a.sound, synthesize(t).sound) for a, t in zip(together[:4], texts))
