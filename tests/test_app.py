"The command line: exit codes, JSON, and one line instead of a traceback"
import io, json, os, shutil, subprocess, sys, time

import numpy as np
import pytest
from conftest import bin, environment, gha, gha_process, run, said
from PIL import Image

commands = ['demo', 'track', 'check', 'train', 'render', 'evaluate', 'reenact', 'speak', 'bake', 'live', 'export', 'view', 'studio',
            'bench', 'ablate', 'fleet']


def refused(result, *words):
    "Exit code 1, one line on stderr that says these words, no traceback"
    lines = [o for o in result.stderr.splitlines() if not o.startswith('gha-nb: warning')]
    assert result.returncode == 1 and len(lines) == 1 and lines[0].startswith('gha-nb: '), said(result)
    assert 'Traceback' not in result.stderr + result.stdout, said(result)
    for word in words: assert word in lines[0], said(result)


def test_help_is_quick():
    start = time.perf_counter()
    result = gha_process('--help')
    assert result.returncode == 0 and all(o in result.stdout for o in commands), said(result)
    assert time.perf_counter() - start < 5  # 2 on an idle machine


@pytest.mark.parametrize('command', commands)
def test_help_of(command):
    result = gha(command, '--help')
    assert result.returncode == 0 and '--debug' in result.stdout, said(result)


def test_version():
    from gha_nb import __version__
    assert gha_process('--version').stdout.strip() == __version__


@pytest.mark.parametrize('args',
                         [[], ['nonsense'], ['train'], ['check', 'x', '--nonsense'], ['train', 'x', '--out', 'y', '--steps', 'many'],
                                  ['train', 'x', '--out', 'y', '--preset', 'huge'], ['render', 'r', 'c', '--out', 'd', '--split', 'nope']])
def test_not_understood(args):
    result = gha(*args)
    assert result.returncode == 2 and 'Traceback' not in result.stderr, said(result)


def test_entry_point_is_installed():
    script = bin/'gha-nb'
    if not script.exists(): pytest.skip('the package is not installed in this environment')
    from conftest import run
    assert run(script, '--version').returncode == 0


# ---- check


def test_check_of_a_good_capture(ball):
    result = gha('check', ball, '--json')
    assert (result.returncode, json.loads(result.stdout), result.stderr) == (0, [], ''), said(result)


def test_check_of_the_demo(demo):
    assert gha('check', 'demo').returncode == 0
    assert gha('check', demo, '--json').stdout.strip() == '[]'


def rewrite(file, **arrays):
    "Replace arrays of an .npz file"
    with np.load(file) as old: arrays = dict(old) | arrays
    np.savez(file, **arrays)


@pytest.fixture(scope='session')
def damaged(tmp_path_factory):
    "A capture with one fault of each kind, and what each fault should be reported as: (frame, camera or None, file name)"
    from gha_nb.capture.writer import record_ball
    top = record_ball(tmp_path_factory.mktemp('captures')/'damaged', frames=10, cameras=3, size=64)
    faults = set()
    def at(frame, camera, folder, pattern):
        file = next((top/folder/frame).glob(pattern.format(camera)))
        faults.add((frame, camera, file.name))
        return file
    at('0000', 'cam0', 'images', 'image_{}.*').unlink()
    file = at('0001', 'cam1', 'images', 'image_{}.*')
    file.write_bytes(file.read_bytes()[:-len(file.read_bytes())//3])
    file = at('0002', 'cam2', 'images', 'mask_{}.*')
    Image.new('L', (48, 64), 255).save(file)
    params = at('0003', None, 'params', 'params.npz')
    with np.load(params) as o: pose = o['pose'].copy()
    pose.flat[2] = np.nan
    rewrite(params, pose=pose)
    file = at('0004', 'cam0', 'cameras', 'camera_{}.npz')
    with np.load(file) as o: extrinsic = o['extrinsic'].copy()
    extrinsic[:, 0] *= 1.5
    rewrite(file, extrinsic=extrinsic)
    rewrite(at('0005', None, 'params', 'params.npz'), exp_coeff=np.zeros((1, 7), np.float32))
    file = at('0006', 'cam1', 'images', 'mask_{}.*')
    Image.new('L', (64, 64), 0).save(file)
    at('0007', None, 'params', 'lmk_3d.npy').write_text('this is no array')
    split = json.loads((top/'split.json').read_text())
    split['test_frames'] = [*split['test_frames'], '0815']
    (top/'split.json').write_text(json.dumps(split))
    faults.add((None, None, 'split.json'))
    return top, faults


def test_check_finds_everything_and_nothing_else(damaged):
    top, faults = damaged
    result = gha('check', top, '--json')
    assert result.returncode == 1 and result.stderr == '', said(result)
    found = json.loads(result.stdout)
    assert all(set(o) == {'frame', 'camera', 'file', 'problem', 'fix'} and o['problem'] and o['fix'] for o in found)
    named = {(o['frame'] or None, o['camera'] or None, o['file'].split('/')[-1]) for o in found}
    files = {o[2] if o[0] is None else (o[0], o[2]) for o in faults}
    assert {o[2] if o[0] is None or o[2] == 'split.json' else (o[0], o[2]) for o in named} == files, said(result)
    assert {o for o in faults if o[1]} <= named, 'a fault of one camera names it'


def test_check_for_people(damaged):
    top, faults = damaged
    result = gha('check', top)
    assert result.returncode == 1 and result.stderr == '', said(result)
    for frame, _, file in faults: assert file in result.stdout and (frame or '') in result.stdout


@pytest.mark.parametrize('kind', ['missing', 'file', 'empty', 'binary split', 'list split'])
def test_check_of_something_else(kind, tmp_path, ball):
    path = tmp_path/'capture'
    if kind == 'file': path.write_text('no folder')
    if kind == 'empty': path.mkdir()
    if kind.endswith('split'):
        shutil.copytree(ball, path)
        (path/'split.json').write_bytes(b'\xff\xfe\x00' if kind == 'binary split' else b'[1, 2]')
    result = gha('check', path, '--json')
    assert result.returncode == 1 and 'Traceback' not in result.stderr, said(result)
    assert json.loads(result.stdout), said(result)


# ---- train


def test_train_refuses_a_bad_capture(damaged, tmp_path):
    top, faults = damaged
    result = gha('train', top, '--out', tmp_path/'run', '--preset', 'tiny', '--steps', '2')
    refused(result, str(len(faults)))
    assert sum(file in result.stderr for _, _, file in faults) >= 2, said(result)
    assert not (tmp_path/'run').exists()


def test_train_refuses_both_budgets(ball, tmp_path):
    refused(gha('train', ball, '--out', tmp_path/'run', '--steps', '2', '--minutes', '1'))
    assert not (tmp_path/'run').exists()


@pytest.mark.parametrize('budget', [('--steps', '0'), ('--steps', '-3'), ('--minutes', '-1'), ('--minutes', 'nan')])
def test_train_refuses_an_impossible_budget(ball, tmp_path, budget):
    refused(gha('train', ball, '--out', tmp_path/'run', '--preset', 'tiny', *budget))


def snapshot(folder): return {str(o.relative_to(folder)): o.read_bytes() for o in folder.rglob('*') if o.is_file()}


def test_train_leaves_another_run_alone(ball, trained):
    before = snapshot(trained)
    refused(gha('train', ball, '--out', trained, '--preset', 'tiny', '--steps', '2'), '--overwrite', '--resume')
    assert snapshot(trained) == before


def test_train_leaves_a_folder_that_is_no_run_alone(ball, tmp_path):
    (tmp_path/'thesis.tex').write_text('years of work')
    refused(gha('train', ball, '--out', tmp_path, '--preset', 'tiny', '--steps', '2'))
    gha('train', ball, '--out', tmp_path, '--preset', 'tiny', '--steps', '2', '--overwrite')
    assert (tmp_path/'thesis.tex').read_text() == 'years of work'


def test_overwrite(ball, tmp_path):
    args = 'train', ball, '--out', tmp_path/'run', '--preset', 'tiny', '--steps', '2'
    assert gha(*args).returncode == 0
    first = (tmp_path/'run'/'avatar.safetensors').read_bytes()
    result = gha(*args, '--seed', '5', '--overwrite')
    assert result.returncode == 0 and (tmp_path/'run'/'avatar.safetensors').read_bytes() != first, said(result)


def test_resume_without_a_checkpoint_starts_at_0(ball, tmp_path):
    result = gha('train', ball, '--out', tmp_path/'run', '--preset', 'tiny', '--steps', '2', '--resume')
    assert result.returncode == 0 and 'step 0' in (result.stdout + result.stderr), said(result)


def test_train_says_where(trained):
    assert (trained/'avatar.safetensors').exists() and (trained/'avatar.json').exists()
    rows = [json.loads(o) for o in (trained/'log.jsonl').read_text().splitlines()]
    assert rows and all(np.isfinite(o['loss']) for o in rows)


def test_missing_device_is_one_line(ball, tmp_path):
    refused(gha('train', ball, '--out', tmp_path/'run', '--preset', 'tiny', '--steps', '2', GHA_NB_DEVICE='cuda:77'), 'cuda:77')


def test_errors_of_a_process(tmp_path):
    refused(gha_process('render', tmp_path/'nowhere', tmp_path/'nothing', '--out', tmp_path/'pictures'))


def test_nobody_reads():
    "A closed pipe, as after `| head -1`, and a terminal without our letters are no errors"
    program = [sys.executable, '-c', 'import sys; from gha_nb.app import main; sys.exit(main())', '--help']
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    process.stdout.close()
    assert (process.stderr.read(), process.wait(60)) == (b'', 141)
    result = run(*program, env=environment(PYTHONIOENCODING='ascii', PYTHONUTF8='0'))
    assert result.returncode == 0 and 'train' in result.stdout and not result.stderr, said(result)


def test_output_that_cannot_be_written(monkeypatch, capsys):
    "With PYTHONUNBUFFERED the pipe breaks in the middle of a command; a full disk under `> said.txt` is named as such"
    from gha_nb.app import main
    ends = os.pipe()
    os.close(ends[0])
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(os.fdopen(ends[1], 'wb', 0), write_through=True))
    assert main(['check', 'nowhere']) == 141 and capsys.readouterr().err == ''
    if os.path.exists('/dev/full'):
        with open('/dev/full', 'w') as full:
            monkeypatch.setattr(sys, 'stdout', full)
            assert main(['check', 'nowhere']) == 1
        assert 'what is said here cannot be written: No space left' in capsys.readouterr().err


def test_debug_shows_the_traceback(tmp_path):
    result = gha('train', tmp_path/'nowhere', '--out', tmp_path/'run', '--debug')
    assert result.returncode == 1 and 'Traceback' in result.stderr and 'CaptureError' in result.stderr, said(result)


# ---- what works on a run


def test_render(ball, trained, tmp_path):
    result = gha('render', trained, ball, '--out', tmp_path/'pictures')
    assert result.returncode == 0, said(result)
    split = json.loads((ball/'split.json').read_text())
    frames, cameras = [f'{i:04d}' for i in range(4)], [f'cam{i}' for i in range(3)]
    expected = {f'{f}_{c}.png' for f in frames for c in cameras if f in split['test_frames'] or c in split['test_cameras']}
    assert {o.name for o in (tmp_path/'pictures').iterdir()} == expected
    for o in (tmp_path/'pictures').iterdir(): assert Image.open(o).size == (64, 64) and Image.open(o).mode == 'RGB'


def test_evaluate(ball, trained):
    result = gha('evaluate', trained, ball, '--json')
    assert result.returncode == 0 and json.loads(result.stdout), said(result)
    assert json.loads((trained/'metrics.json').read_text())
    report = (trained/'report.html').read_text()
    assert 'data:image/' in report and 'src="http' not in report, 'the report is one file'
    assert gha('evaluate', trained, ball).returncode == 0


def test_no_such_run(ball, tmp_path):
    for args in (['render', tmp_path/'no', ball, '--out', tmp_path/'p'], ['evaluate', tmp_path/'no', ball],
                 ['view', tmp_path/'no', '--port', '0']):
        refused(gha(*args))


def edit_json(run, **values):
    file = run/'avatar.json'
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


damages = dict(
    truncated=lambda run: (run/'avatar.safetensors').write_bytes((run/'avatar.safetensors').read_bytes()[:-100]),
    header_only=lambda run: (run/'avatar.safetensors').write_bytes((run/'avatar.safetensors').read_bytes()[:6]),
    empty=lambda run: (run/'avatar.safetensors').write_bytes(b''),
    gone=lambda run: (run/'avatar.safetensors').unlink(),
    no_description=lambda run: (run/'avatar.json').unlink(),
    half_description=lambda run: (run/'avatar.json').write_text((run/'avatar.json').read_text()[:-20]),
    foreign=lambda run: (run/'avatar.json').write_text('{"model": "something else", "layers": 3}'),
    other_tensors=lambda run: __import__('safetensors.numpy').numpy.save_file({'a': np.zeros(3)}, run/'avatar.safetensors'),
)


@pytest.mark.parametrize('damage', damages)
def test_bad_checkpoint(damage, ball, trained, tmp_path):
    run = tmp_path/'run'
    shutil.copytree(trained, run)
    damages[damage](run)
    refused(gha('render', run, ball, '--out', tmp_path/'pictures'))
    assert not (tmp_path/'pictures').exists()


def test_newer_checkpoint(ball, trained, tmp_path):
    run = tmp_path/'run'
    shutil.copytree(trained, run)
    key = next(k for k in json.loads((run/'avatar.json').read_text()) if 'version' in k or 'format' in k)
    edit_json(run, **{key: 999 if isinstance(json.loads((run/'avatar.json').read_text())[key], int) else '999.0.0'})
    refused(gha('render', run, ball, '--out', tmp_path/'pictures'), '999')


def test_other_expressions(trained, demo, tmp_path):
    refused(gha('render', trained, demo, '--out', tmp_path/'pictures'), 'coefficients')


def test_studio_designs(tmp_path):
    "A design file that is broken is refused in one line, before anything is opened or recorded"
    (tmp_path/'me.json').write_text('{"gha_nb design": 1, "nose_widht": 0.5}')
    refused(gha('studio', '--design', tmp_path/'me.json', '--out', tmp_path/'out'), 'did you mean nose_width?')
    refused(gha('studio', '--design', tmp_path/'nobody.json'), 'no design file')
    assert not (tmp_path/'out').exists()


@pytest.mark.slow
def test_demo_end_to_end(tmp_path):
    "From the embedded capture to an avatar, its scores and its report"
    result = gha_process('demo', '--minutes', '0.4', '--no-view', env=environment(GHA_NB_RUNS=str(tmp_path/'runs')), cwd=tmp_path,
                         timeout=1500)
    assert result.returncode == 0, said(result)
    run = tmp_path/'runs'/'demo'
    for o in ('avatar.safetensors', 'avatar.json', 'metrics.json', 'log.jsonl', 'report.html', 'previews/first_splat.png'):
        assert (run/o).exists(), o
    assert str(run/'report.html') in result.stdout
