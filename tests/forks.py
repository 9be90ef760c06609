"""Command lines run in processes of their own that need not load torch first: one process has, and forks

Each child has its own environment, output file and, if wanted, terminal; it is stopped by real signals and ends with a real exit code."""
import ctypes, json, os, pty, select, signal, subprocess, sys, tempfile, time, traceback
from pathlib import Path


def serve():
    "Answer each line on stdin: {args, env, cwd, out, tty, limits} with the pid of a child, {wait, seconds} with its exit code or null"
    import gha_nb.app, gha_nb.export.baking, gha_nb.readers.reading, gha_nb.studio, gha_nb.training.training  # noqa: F401
    import scipy.ndimage, scipy.spatial, safetensors.torch, torch, tqdm  # noqa: F401
    tasks = Path('/proc/self/task')
    if tasks.is_dir() and len(list(tasks.iterdir())) > 1: sys.exit('a library started a thread while it was loaded: forking is not safe')
    answers = os.fdopen(os.dup(1), 'w')
    print('ready', file=answers, flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        if 'wait' in job:
            end, answer = time.monotonic() + job['seconds'], None
            while True:
                pid, status = os.waitpid(job['wait'], os.WNOHANG)
                if pid: answer = os.waitstatus_to_exitcode(status)
                if pid or time.monotonic() > end: break
                time.sleep(.005)
        elif (answer := os.fork()) == 0: child(**job)
        print(json.dumps(answer), file=answers, flush=True)


def child(args, env, cwd, out, tty, limits):
    "Run one command line in this process, and end it"
    code = 1
    try:
        if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it does not outlive its parent
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # both are ignored in what a shell runs in the background, or `nohup`
        if hasattr(signal, 'SIGHUP'): signal.signal(signal.SIGHUP, signal.SIG_DFL)
        said = os.open(out if tty is None else tty, os.O_RDWR | (os.O_CREAT | os.O_TRUNC if tty is None else 0))
        for k, fd in enumerate((os.open(os.devnull, os.O_RDONLY) if tty is None else said, said, said)): os.dup2(fd, k)
        os.close(said)
        sys.stdin, sys.stdout, sys.stderr = open(os.devnull), os.fdopen(1, 'w', 1, closefd=False), os.fdopen(2, 'w', 1, closefd=False)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        tempfile.tempdir = None
        import resource
        for name, value in limits.items(): resource.setrlimit(getattr(resource, name), (value, value))
        if 'RLIMIT_FSIZE' in limits: signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing fails with an error instead
        signal.alarm(300)
        from gha_nb.commands import runs
        runs.started = time.monotonic()
        if args[0] == '-c': exec(args[1], {})
        else:
            from gha_nb.app import main
            code = main(args)
            sys.exit(code)
        code = 0
    except SystemExit as e: code = e.code if isinstance(e.code, int) else 1
    except BaseException: traceback.print_exc()
    finally:
        try:
            for o in (sys.stdout, sys.stderr): o.flush()
        except OSError: pass
        os._exit(code & 255)


class Child:
    "A process that was forked"
    def __init__(self, forks, pid, out, terminal=None):
        self.forks, self.pid, self.out, self.terminal, self.text, self.code = forks, pid, out, terminal, '', None

    @property
    def said(self):
        if self.terminal is None: return self.out.read_text(errors='replace') if self.out.exists() else ''
        try:
            while select.select([self.terminal], [], [], 0)[0] and (data := os.read(self.terminal, 65536)):
                self.text += data.decode(errors='replace').replace('\r\n', '\n')
        except OSError: pass  # the other end is closed
        return self.text

    def send(self, number):
        if self.poll() is None: os.kill(self.pid, number)

    def poll(self, seconds=0.):
        "Its exit code, or None: it still runs"
        if self.code is None: self.code = self.forks.ask(wait=self.pid, seconds=seconds)
        return self.code

    def wait(self, seconds=120):
        end = time.monotonic() + seconds
        while self.poll(.1) is None:
            assert time.monotonic() < end, f'still running after {seconds} s\n{self.said}'
            if self.terminal is not None: self.said  # noqa: B018 - so that it can go on writing
        return self.code

    def until(self, what, seconds=120):
        "Wait for something to be true while it runs; whether it still does"
        end = time.monotonic() + seconds
        while not what() and self.poll() is None:
            assert time.monotonic() < end, self.said
            time.sleep(.003)
        return self.code is None


class Forks:
    "The other end: `start('train', capture, '--out', out)`, `start('-c', program)`"
    def __init__(self, env, folder):
        self.env, self.folder, self.count = env, Path(folder), 0
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        assert self.process.stdout.readline() == 'ready\n', 'the process that forks did not start'

    def ask(self, **job):
        print(json.dumps(job), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def start(self, *args, tty=None, limits=None, **env):
        self.count += 1
        out, ends = self.folder/f'said.{self.count}', None
        if 'RLIMIT_FSIZE' in (limits or {}):  # a file of what it says would be limited, too
            ends = pty.openpty()
            tty = os.ttyname(ends[1])
        env = self.env | {k: str(v) for k, v in env.items()}
        job = dict(args=[str(o) for o in args], env=env, cwd=str(self.folder), out=str(out), tty=tty, limits=limits or {})
        return Child(self, self.ask(**job), out, ends and ends[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


if __name__ == '__main__': serve()
