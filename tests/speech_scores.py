"""How well a face talks, by measures that exist outside of it.

    python tests/speech_scores.py --out results/speech.json            # curves, blinks, an hour of sound
    python tests/speech_scores.py --run runs/demo --out results/speech.json   # and MediaPipe's view of films of an avatar
"""
import argparse, json, resource, subprocess, sys, tempfile, time
from pathlib import Path

import numpy as np

ten = ('Bob pays for my map.', 'Peter Piper picked a peck of pickled peppers.', 'My mother made plum jam in a big bowl.',
       'Please bring the blue umbrella.', 'I hope the trip to Paris is a happy one.', 'Maybe tomorrow will be a better day.',
       'Number seven jumped over the pump.', 'The baby slept in a warm room.', 'Simple problems may be compared.',
       'We welcome people from both camps.')
hour = '''import json, resource, sys, time
from gha_nb.drive.talk import talking_face
start, before = time.time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
face = talking_face(audio=sys.argv[1])
print(json.dumps(dict(frames=len(face.performance), seconds=round(time.time() - start, 1), imports_mb=before//1024,
                      peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024)))'''


def jolts():
    "Greatest second difference of each coefficient at 25 frames a second: ten sentences against the studio's own talk and walks"
    from gha_nb.drive.talk import talking_face
    from gha_nb.studio.anny import expression_names
    from gha_nb.studio.performance import perform
    faces = [talking_face(text, seed=i).performance for i, text in enumerate(ten)]
    spoken = np.max([np.abs(np.diff(f.expression.numpy(), 2, axis=0)).max(0) for f in faces], 0)
    res = dict(largest=round(float(spoken.max()), 3))
    for clips in (('talk',), ('talk', 'free')):
        runs = [np.stack([e.numpy() for e, _ in perform(300, seed, clip)[0]]) for clip in clips for seed in range(10)]
        own = dict(zip(expression_names(), np.max([np.abs(np.diff(run, 2, axis=0)).max(0) for run in runs], 0).tolist()))
        res[' and '.join(clips)] = dict(largest=round(max(own.values()), 3), above={
            n: [round(float(v), 3), round(own[n], 3)] for n, v in zip(faces[0].names, spoken) if v > own.get(n, 0) + 1e-6})
    return res


def blinks():
    "Intervals between blinks in an hour of talk; published for conversation: 26 a minute (Bentivoglio et al. 1997), skewed to the right"
    from gha_nb.drive.life import blink_times
    from scipy.stats import skew
    rates, shape = [], []
    for seed in range(20):
        between = np.diff(blink_times(3600, np.random.default_rng(seed), [(t, t + .4) for t in range(0, 3600, 4)]))
        rates.append(60/between.mean())
        shape.append((between.std()/between.mean(), skew(between), np.log(between).std()))
    spread, lean, logs = np.mean(shape, 0)
    return dict(a_minute=round(float(np.mean(rates)), 1), std_over_mean=round(float(spread), 2), skewness=round(float(lean), 2),
                std_of_logarithm=round(float(logs), 2))


def long_sound(folder, minutes=60):
    "Speech and pauses, 8 kHz, 16 bits, written piece by piece; then what a process needs that makes a face of it"
    import wave
    from gha_nb.drive.speech import synthesize
    from scipy.signal import resample_poly
    pieces = [synthesize(t, voice=v) for t, v in zip(ten, ('f2', 'm3')*5)]
    pieces = [resample_poly(p.sound, 8000, p.rate) for p in pieces]
    rng, file, left = np.random.default_rng(0), folder/'hour.wav', minutes*60*8000
    with wave.open(str(file), 'wb') as f:
        f.setnchannels(1); f.setsampwidth(2); f.setframerate(8000)
        while left > 0:
            piece = np.concatenate([pieces[rng.integers(10)], np.zeros(rng.integers(1000, 12000))])[:left]
            f.writeframes(((piece + .002*rng.standard_normal(len(piece))).clip(-1, 1)*32767).astype('<i2').tobytes())
            left -= len(piece)
    done = subprocess.run([sys.executable, '-c', hour, str(file)], capture_output=True, text=True, check=True)
    return dict(minutes=minutes, file_mb=file.stat().st_size//2**20) | json.loads(done.stdout)


def lag(film, most=8):
    "Frames by which MediaPipe's jawOpen comes after the sound's envelope, by cross-correlation; and that correlation"
    from gha_nb.drive.performance_file import Sound
    from gha_nb.drive.timeline import envelope
    from gha_nb.tracking.detection import detect
    from gha_nb.tracking.video import read_video
    video = read_video(film)
    found = detect(video)
    jaw = found.scores[:, list(found.names).index('jawOpen')]
    loud = envelope(Sound(file=Path(film)), found.times)
    good = np.isfinite(jaw)
    jaw = np.where(good, jaw, np.nanmean(jaw))
    scores = {k: float(np.corrcoef(np.roll(jaw, -k)[most:-most], loud[most:-most])[0, 1]) for k in range(-most, most + 1)}
    best = max(scores, key=scores.get)
    return dict(frames=len(jaw), seen=round(float(good.mean()), 3), lag=best, correlation=round(scores[best], 3),
                beside={k: round(v, 3) for k, v in scores.items() if abs(k - best) <= 2})


def films(run, folder):
    "Four films of an avatar, seen by MediaPipe"
    from gha_nb.drive.speech import synthesize
    from gha_nb.drive.talk import speak, write_sound
    from gha_nb.export.baked import open_avatar
    avatar, text = open_avatar(Path(run)), ' '.join(ten[i] for i in (0, 2, 3, 6))
    write_sound(synthesize(text, voice='f3', speed=.9), folder/'other.wav')
    wanted = dict(sentence=dict(text=text), german=dict(text='Der Apfel fällt nicht weit vom Stamm. Mama backt am Montag Pflaumenkuchen.',
                                                        language='de'),
                  recording=dict(audio=folder/'other.wav'), recording_with_text=dict(audio=folder/'other.wav', text=text))
    res = {}
    for name, what in wanted.items():
        start = time.time()
        film = speak(avatar, folder/f'{name}.mp4', say=lambda s: None, **what)
        took = time.time() - start
        res[name] = dict(seconds_to_make=round(took, 1)) | lag(film)
    return res


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--run', help='folder of a run, or a .baked file, whose films are looked at')
    parser.add_argument('--minutes', type=int, default=60, help='of the long sound; 0: none')
    parser.add_argument('--out', type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        res = json.loads(given.out.read_text()) if given.out and given.out.is_file() else {}
        res |= dict(second_differences=jolts(), blinks=blinks())
        if given.minutes: res['long_sound'] = long_sound(Path(spare), given.minutes)
        if given.run: res['films'] = films(given.run, Path(spare))
    text = json.dumps(res, indent=1)
    if given.out: given.out.write_text(text + '\n')
    print(text, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024, 'MB')
