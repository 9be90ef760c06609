"""What a GPU does with this library, measured once: `python tools/gpu_check.py NAME` writes results/gpu/NAME.json, in 8 minutes at most.

NAME is of the machine: letters, digits and dashes, as h100 or rtx-3060. Each part is written when it is done; a second call goes on with
the parts that are missing, and `--again PART` measures one anew. `--interpret` runs all of it at tiny sizes without a GPU (Triton's
interpreter plays one), to see that nothing in it is broken; its file says so and is no measurement."""
import argparse, json, math, os, platform, re, shutil, subprocess, sys, tempfile, time
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

root = Path(__file__).resolve().parent.parent
started = time.monotonic()
NEEDS = {'versions': 0, 'parity': 20, 'rasterizer': 20, 'mesh step': 15, 'step laptop': 10, 'step networks': 10, 'step gpu': 15,
         'step paper': 20, 'frames': 10, 'training': 40}  # of each part, in their order: seconds that must be left to begin it
PARTS = tuple(NEEDS)
SIZES = (10_000, 128, 32), (50_000, 512, 32), (100_000, 512, 32), (1_000_000, 1024, 3)  # Gaussians, side in pixels, channels


class Check:
    "The options, the device, and the file that fills up part by part"
    def __init__(self, args):
        import torch
        self.args, self.tiny, self.file = args, args.interpret, args.out/f'{args.name}.json'
        self.device = torch.device('cpu' if self.tiny else 'cuda')
        self.done = json.loads(self.file.read_text()) if self.file.exists() else dict(name=args.name, interpreted=self.tiny, parts={})
        if self.tiny: draw_interpreted()
        if self.done['interpreted'] != self.tiny: sys.exit(f'{self.file} was made {"with" if self.done["interpreted"] else "without"} '
                                                           '--interpret: choose another name')

    @property
    def left(self): return 60*self.args.minutes - (time.monotonic() - started)

    def say(self, text): print(f'{time.monotonic() - started:6.1f} s  {text}', flush=True)

    def sync(self):
        import torch
        if self.device.type == 'cuda': torch.cuda.synchronize()

    def keep(self, part, found):
        self.done['parts'][part] = found
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = self.file.with_suffix('.new')
        new.write_text(json.dumps(self.done, indent=1) + '\n')
        new.replace(self.file)

    def milliseconds(self, jobs, seconds):
        "Fastest of several turns of each job, which returns seconds by name"
        best, start, rounds = {}, time.monotonic(), 0
        while rounds < (1 if self.tiny else 4) or time.monotonic() - start < seconds and rounds < 60:
            for job in jobs:
                for k, t in job().items():
                    if rounds or self.tiny: best[k] = min(best.get(k, math.inf), 1000*t)
            rounds += 1
        return {k: round(v, 4) for k, v in best.items()}

    def backends(self):
        from gha_nb.raster.splat import gsplat_compiled
        return ['triton'] if self.tiny or not gsplat_compiled() else ['triton', 'gsplat']


def draw_interpreted():
    "Let avatars and training draw by the interpreted kernels, as they would on a GPU"
    from functools import partial
    from gha_nb.avatar import avatar
    from gha_nb.training import device
    for module in (avatar, device): module.rasterize = partial(module.rasterize, backend='triton')


def installed(name):
    try: return version(name)
    except PackageNotFoundError: return None


def versions(check):
    "Which machine and which software"
    import torch
    from gha_nb.raster.splat import gsplat_compiled
    found = dict(gha_nb=installed('gha_nb'), torch=torch.__version__, cuda=torch.version.cuda, triton=installed('triton'),
                 gsplat=installed('gsplat'), gsplat_compiled=gsplat_compiled(), python=platform.python_version(),
                 system=platform.platform(),
                 cores=os.cpu_count(), gpu=None)
    if check.device.type == 'cuda':
        p = torch.cuda.get_device_properties(0)
        asked = ['nvidia-smi', '--query-gpu=driver_version,power.limit', '--format=csv,noheader']
        driver = subprocess.run(asked, capture_output=True, text=True).stdout.splitlines()[:1] if shutil.which('nvidia-smi') else []
        found |= dict(gpu=p.name, memory_gib=round(p.total_memory/2**30, 1), capability=f'{p.major}.{p.minor}',
                      multiprocessors=p.multi_processor_count, driver_and_power=driver[0] if driver else None)
    return found


def parity(check):
    "Relative errors of pictures and gradients, against the C kernels in double precision; and which faces pixels see"
    import torch
    from gha_nb.evaluation.benchmark import shell_camera, shell_scene
    from gha_nb.geometry import Camera
    from gha_nb.raster.gaussians import Gaussians
    from gha_nb.raster.mesh_raster import rasterize_mesh
    from gha_nb.raster.splat import rasterize
    names, found = ('image', 'alpha', 'depth', 'means', 'quats', 'scales', 'opacities', 'features', 'background'), {}

    def drawn(backend, device, kind, n, size, channels, antialiased):
        g, weights = shell_scene(n, channels), torch.randn(size, size, channels, generator=torch.Generator().manual_seed(0))
        leaves = [v.to(device, kind).requires_grad_() for v in (*g.tensors().values(), torch.linspace(0, 1, channels))]
        camera, look = shell_camera(size).to(device), dict(backend=backend, antialiased=antialiased, depth=True)
        parts = rasterize(Gaussians(*leaves[:5]), camera, leaves[5], **look)
        total = (parts[0]*weights.to(parts[0])).sum() + parts[1].sum() + .1*parts[2].sum()
        return [v.detach().cpu().double() for v in (*parts, *torch.autograd.grad(total, leaves))]

    for n, size, channels, antialiased in ((40, 16, 33, True),) if check.tiny else (
            (5000, 256, 3, False), (20_000, 256, 32, True), (20_000, 256, 70, False)):
        judge = drawn('native', 'cpu', torch.float64, n, size, channels, antialiased)
        ways = {b: (b, check.device) for b in check.backends()} | dict(native=('native', 'cpu'))
        for name, (backend, device) in ways.items():
            got = drawn(backend, device, torch.float32, n, size, channels, antialiased)
            errors = {k: float(f'{((a - b).norm()/b.norm().clamp_min(1e-12)).item():.2e}') for k, a, b in zip(names, got, judge)}
            found[f'{name}, {n} Gaussians, {size}², {channels} channels{", antialiased"*antialiased}'] = errors
            worst = max(errors, key=errors.get)
            check.say(f'  {name}: {n} Gaussians, {size}², {channels} channels: largest error {errors[worst]:.1e} ({worst})')
    points = torch.nn.functional.normalize(torch.randn(40 if check.tiny else 4000, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    near = torch.cdist(points, points).topk(3, largest=False).indices
    size = 32 if check.tiny else 512
    cameras = Camera.stack([shell_camera(size)]*2)
    ours = rasterize_mesh(points.to(check.device), near.to(check.device), cameras.to(check.device), backend='triton')
    native = rasterize_mesh(points, near, cameras)
    found['mesh'] = dict(faces=len(near), other_face=(ours.ids.cpu() != native.ids).float().mean().item(),
                         seen=native.mask.float().mean().item())
    return found


def rasterizer(check):
    "Milliseconds of forward and backward, backends in turns"
    import torch
    from gha_nb.core import GhaError
    from gha_nb.evaluation.benchmark import shell_camera, shell_scene
    from gha_nb.raster.gaussians import Gaussians
    from gha_nb.raster.splat import rasterize
    found = {}

    def job_of(backend, n, size, channels):
        camera, g = shell_camera(size).to(check.device), shell_scene(n, channels).to(check.device)
        leaves = [v.requires_grad_() for v in g.tensors().values()]
        weights = torch.randn(size, size, channels, device=check.device)
        def job():
            check.sync(); start = time.perf_counter()
            image, alpha = rasterize(Gaussians(*leaves), camera, backend=backend)
            check.sync(); middle = time.perf_counter()
            torch.autograd.grad([image, alpha], leaves, [weights, torch.ones_like(alpha)])
            check.sync()
            return {f'{backend} forward': middle - start, f'{backend} backward': time.perf_counter() - middle}
        return job

    for n, size, channels in [(n//500, size//8, c) for n, size, c in SIZES[:1]] if check.tiny else SIZES:
        what = f'{n:,} Gaussians, {size}², {channels} channels'
        try: found[what] = check.milliseconds([job_of(b, n, size, channels) for b in check.backends()], 0 if check.tiny else 4)
        except GhaError as e: found[what] = dict(note=str(e))
        check.say(f'  {what}: ' + ', '.join(f'{k} {v:.2f} ms' if isinstance(v, float) else v for k, v in found[what].items()))
        if check.device.type == 'cuda': torch.cuda.empty_cache()
    return found


def small(preset):
    "The preset as Triton's interpreter can bear it"
    layers = {k: (8,)*len(v) for k, v in vars(preset.generator).items() if isinstance(v, tuple)}
    return replace(preset, low=16, points=60, generator=replace(preset.generator, **layers), motion_rank=0)


def step(check, name):
    "A training step of a preset part by part; the device is waited for between the parts, but not in the last number"
    import torch
    from gha_nb.capture.capture import demo_capture
    from gha_nb.training import device
    from gha_nb.training.presets import find_preset, with_start
    from gha_nb.training.run import Budget, Run
    preset, capture = with_start(find_preset('tiny' if check.tiny else name), 'random'), demo_capture()
    if check.tiny: preset = replace(preset, low=16, points=60).changed(f'stages.gaussians.views={find_preset(name).stages.gaussians.views}')
    marks, plain = [], device.draw_views
    side = preset.low*preset.upsampler.factor

    class Enlarged:
        "The demo capture with pictures of the preset's size"
        width = height = side
        def __getattr__(self, name): return getattr(capture, name)
        def camera(self, frame, camera): return capture.camera(frame, camera).scaled_to(side, side)

    def mark(part):
        check.sync(); marks.append((part, time.perf_counter()))

    def marked(part, call):
        def timed(*args, **kwargs):
            found = call(*args, **kwargs); mark(part)
            return found
        return timed

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder)/'previews').mkdir()
        run = Run(Enlarged(), preset, Path(folder), Budget(steps=10_000), device=check.device)
        if not check.tiny:
            from gha_nb.core import load_settings, pick_precision
            run.precision = pick_precision(load_settings().precision, check.device)
        run.stage = stage = device.DeviceStage(run, preset.stages.gaussians)
        stage.begin()
        run.step = 8500  # the last part of a training, with every term
        quick, losses_of = stage.frame_gaussians, stage.losses_of
        samples = [stage.sample(run.step + k) for k in range(2 if check.tiny else 4)]  # sent once

        def parts():
            sample = samples[run.step % len(samples)]; run.step += 1
            stage.frame_gaussians = marked('generator', quick)
            device.draw_views = marked('splat', plain)
            stage.losses_of = lambda active: (lambda call, *rest: (marked('super-resolution and losses', call), *rest))(*losses_of(active))
            marks.clear(); mark('')
            stage.optimizer.zero_grad(set_to_none=True)
            total, _ = stage.loss(sample)
            total.backward(); mark('backward')
            grads = [p.grad for g in stage.optimizer.param_groups for p in g['params'] if p.grad is not None]
            stage.optimizer.found_inf = (~torch.nn.utils.get_total_norm(grads).isfinite()).float()
            stage.optimizer.step(); mark('optimizer')
            stage.frame_gaussians, device.draw_views, stage.losses_of = quick, plain, losses_of
            return {part: t - before for (_, before), (part, t) in zip(marks, marks[1:])}

        def whole(steps=1 if check.tiny else 20):
            check.sync(); start = time.perf_counter()
            for _ in range(steps): stage.step(samples[run.step % len(samples)]); run.step += 1
            check.sync()
            return {'whole step, without waiting': (time.perf_counter() - start)/steps}

        found = check.milliseconds([parts, whole], 0 if check.tiny else 4)
        about = dict(points=preset.points, low=preset.low, side=side, views=stage.views,
                     precision=str(run.precision).removeprefix('torch.'), recorded=[*stage.modules.values()][0][2],
                     perceptual='perceptual' in stage.losses.terms and stage.losses.terms['perceptual'][1].network is not None)
    check.say('  ' + ', '.join(f'{k} {v:.2f} ms' for k, v in found.items()))
    return about | dict(milliseconds=found)


def mesh_step(check):
    "A step of the first stage with the demo capture and the preset `gpu`: on the device, and on the CPU; how far the first losses differ"
    import torch
    from gha_nb.capture.capture import demo_capture
    from gha_nb.training.device_guidance import DeviceGuidanceStage
    from gha_nb.training.guidance_stage import GuidanceStage
    from gha_nb.training.presets import find_preset
    from gha_nb.training.run import Budget, Run
    capture, preset, found, first = demo_capture(), find_preset('tiny' if check.tiny else 'gpu'), {}, {}
    for name, kind, device in (('device', DeviceGuidanceStage, check.device), ('CPU', GuidanceStage, torch.device('cpu'))):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder)/'previews').mkdir()
            run = Run(capture, preset, Path(folder), Budget(steps=1000), device=device)
            run.stage = kind(run, preset.stages.guidance)
            run.stage.begin()
            def job(name=name, run=run):
                check.sync(); start = time.perf_counter()
                losses = run.stage.step(run.stage.sample(run.step)); run.step += 1
                check.sync()
                first.setdefault(name, losses)
                return {name: time.perf_counter() - start}
            found |= check.milliseconds([job], 0 if check.tiny else 3)
    check.say('  ' + ', '.join(f'{k} {v:.1f} ms' for k, v in found.items()))
    far = {k: float(f'{abs(first["device"][k] - v)/max(abs(v), 1e-9):.1e}') for k, v in first['CPU'].items()}
    return dict(milliseconds=found, losses_differ=far)


def frames(check):
    "Pictures a second with new expressions, no gradients: 32 channels, our super-resolution from a quarter of the side"
    import torch
    from gha_nb.avatar.upsampler import SubPixelConfig
    from gha_nb.evaluation.benchmark import shell_avatar, shell_camera
    from gha_nb.training.presets import find_preset
    preset, found, times = find_preset('paper'), {}, 1 if check.tiny else 10
    if check.tiny: preset = small(preset)
    for side in (64,) if check.tiny else (512, 1024, 2048):
        avatar = shell_avatar(replace(preset, low=side//4, upsampler=SubPixelConfig())).to(check.device).eval()
        if not check.tiny: avatar.precision = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
        camera, pose, scale = shell_camera(side).to(check.device), torch.zeros(6, device=check.device), torch.ones((), device=check.device)
        def job(avatar=avatar, camera=camera, pose=pose, scale=scale):
            check.sync(); start = time.perf_counter()
            for _ in range(times): avatar.render(camera, torch.rand(avatar.n_expressions, device=check.device), pose, scale)
            check.sync()
            return {'picture': (time.perf_counter() - start)/times}
        found[f'{side}²'] = round(1000/check.milliseconds([job], 0 if check.tiny else 2)['picture'], 1)
        check.say(f'  {side}²: {found[f"{side}²"]} pictures a second')
    return dict(points=preset.points, per_second=found)


def training(check):
    "Train and score: five minutes, or what is left"
    from gha_nb.capture.capture import Capture, demo_capture
    from gha_nb.evaluation.metrics import evaluate
    from gha_nb.training.training import train
    capture = Capture.read(check.args.capture) if check.args.capture else demo_capture()
    minutes = min(5., (check.left - 20)/60)
    with tempfile.TemporaryDirectory() as folder:
        if check.tiny: avatar, steps = tiny_training(capture, Path(folder)), 2
        else:
            avatar = train(capture, Path(folder)/'run', 'gpu', minutes=minutes, device='cuda', progress=False)
            steps = json.loads((Path(folder)/'run'/'run.json').read_text())['steps']
        scores = evaluate(avatar, capture, max_views=4 if check.tiny else 32, lpips=not check.tiny, progress=False,
                          reference=0 if check.tiny else 16)
    check.say('  ' + ', '.join(f"{g['group']}: PSNR {g['psnr']:.1f} dB" for g in scores.table()))
    return dict(capture=capture.name, preset='tiny' if check.tiny else 'gpu',
                minutes=round(minutes, 2), steps=steps, groups=scores.table(), size=scores.size)


def tiny_training(capture, out):
    "Two steps of the stage that a GPU takes, drawn by the interpreted kernels"
    from gha_nb.training.device import DeviceStage
    from gha_nb.training.presets import find_preset, with_start
    from gha_nb.training.run import Budget, Run
    preset = with_start(find_preset('tiny'), 'cloud')
    stages = preset.stages.changed(gaussians=replace(preset.stages.gaussians, views=2, color_steps=2))
    run = Run(capture, replace(preset, points=100, low=16, log_every=2, stages=stages), out, Budget(steps=2))
    run.stage = DeviceStage(run, run.preset.stages.gaussians)
    run.stage.begin()
    for k in range(2): run.stage.step(run.stage.sample(k)); run.step += 1
    run.stage.finish()
    return run.avatar.eval()


JOBS = dict(versions=versions, parity=parity, rasterizer=rasterizer, frames=frames, training=training) | {
    'mesh step': mesh_step, 'step laptop': lambda check: step(check, 'laptop'), 'step networks': lambda check: step(check, 'networks'),
    'step gpu': lambda check: step(check, 'gpu'), 'step paper': lambda check: step(check, 'paper')}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('name', help='of the machine: letters, digits and dashes')
    p.add_argument('--interpret', action='store_true', help='tiny sizes without a GPU, to see that nothing is broken')
    p.add_argument('--minutes', type=float, default=8., help='for everything (8)')
    p.add_argument('--capture', type=Path, help='to train on; the demo capture when not given')
    p.add_argument('--again', action='append', default=[], choices=PARTS, help='measure a part that is there already')
    p.add_argument('--only', action='append', default=[], choices=PARTS, help='this part, and others that are named like it')
    p.add_argument('--out', type=Path, default=root/'results'/'gpu', help='folder of the file')
    args = p.parse_args()
    if not re.fullmatch(r'[A-Za-z0-9-]+', args.name): sys.exit(f'{args.name!r} is no name: letters, digits and dashes')
    if args.interpret: os.environ['TRITON_INTERPRET'] = '1'  # before Triton is imported
    from gha_nb.core import GhaError, gpu_problem
    if not args.interpret and (problem := gpu_problem()) is not None:
        sys.exit(f'gpu_check: {problem}; `--interpret` tries it without a GPU')
    if args.capture is not None and not args.capture.is_dir(): sys.exit(f'gpu_check: {args.capture} is no folder of a capture')
    check = Check(args)
    for part in args.only or PARTS:
        had = check.done['parts'].get(part, {})
        if had and not had.get('error') and part not in args.again: check.say(f'{part}: there already'); continue
        if check.left < NEEDS[part] and not args.interpret: check.say(f'{part}: no time left; call again to go on'); continue
        check.say(f'{part} ...')
        start = time.monotonic()
        try: found = JOBS[part](check)
        except KeyboardInterrupt: sys.exit(f'stopped; {check.file} has the parts that were done, call again to go on')
        except (GhaError, RuntimeError, ImportError) as e:  # the other parts can still be measured
            found = dict(error=f'{type(e).__name__}: {(str(e).splitlines() or [""])[0]}')
            check.say(f'{part} failed: {found["error"]}')
        check.keep(part, found | dict(seconds=round(time.monotonic() - start, 1)))
    failed = [k for k in PARTS if check.done['parts'].get(k, {}).get('error')]
    check.say(f'{check.file} written' + (f'; failed: {", ".join(failed)}' if failed else ''))
    sys.exit(1 if failed else 0)


if __name__ == '__main__': main()
