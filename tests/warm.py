"""A process that has loaded the large libraries once, and forks for each notebook

Each notebook still runs in a process of its own, with its own environment and folder, but does not wait five seconds for torch. The parent
never starts a thread, draws, or imports `gha_nb`, so what a child gets is what a fresh process has after its imports."""
import ctypes, json, os, signal, subprocess, sys, tempfile, traceback
from pathlib import Path

bin = Path(sys.executable).parent


def serve():
    "Answer each line {notebook, env, cwd, out} on stdin with the exit code; what the notebook says goes to the file `out`"
    import IPython, ipywidgets, matplotlib.pyplot, nbdev.test, PIL.Image, safetensors.torch, scipy.ndimage, scipy.spatial  # noqa: F401
    import torch._dynamo, viser  # torch loads the first with an optimizer: four seconds # noqa: F401
    tasks = Path('/proc/self/task')
    if tasks.is_dir() and len(list(tasks.iterdir())) > 1: sys.exit('a library started a thread while it was loaded: forking is not safe')
    answers = os.fdopen(os.dup(1), 'w')
    print('ready', file=answers, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        if (pid := os.fork()) == 0: child(**job)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def child(notebook, env, cwd, out):
    "Run a notebook in this process, and end it"
    code = 1
    try:
        if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it does not outlive its parent
        with open(out, 'w') as file:
            for fd in (1, 2): os.dup2(file.fileno(), fd)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        tempfile.tempdir = None
        signal.alarm(600)
        if "environ['TRITON_INTERPRET']" in Path(notebook).read_text():  # Triton asks for it when it is loaded, and it is loaded here
            os.execv(bin/'nbdev-test', ['nbdev-test', notebook, '--n-workers', '0'])
        sys.argv[:], sys.stdin = ['nbdev-test', notebook], open(os.devnull)
        from nbdev.test import nbdev_test
        nbdev_test(notebook, n_workers=0)
        code = 0
    except SystemExit as e: code = e.code if isinstance(e.code, int) else 1
    except BaseException: traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class WarmProcess:
    "The other end: `run` is like calling nbdev-test"
    def __init__(self, env):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        assert self.process.stdout.readline() == 'ready\n', 'the process that runs notebooks did not start'

    def run(self, notebook, env, cwd, out):
        "Exit code of a notebook"
        print(json.dumps(dict(notebook=str(notebook), env=env, cwd=str(cwd), out=str(out))), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == '__main__': serve()
