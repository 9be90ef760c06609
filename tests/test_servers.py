"Every server of ours: this machine alone by default, and on a network nobody without the token, by page or by websocket"
import ast, http.client, importlib.util, json, re, socket, tempfile, time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import root

from gha_nb.access import Guard

shake = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Key': 'MTIzNDU2Nzg5MDEyMzQ1Ng==', 'Sec-WebSocket-Version': '13'}


def ask(port, path='/', method='GET', body=None, **headers):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=10)
    connection.request(method, path, body, {k.replace('_', '-'): v for k, v in headers.items()})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), (b'' if answer.status == 101 or answer.getheader('Content-Length') is None
                                                     else answer.read())


def viewer(host, said):
    from gha_nb.viewer.page import close_server, open_server
    server = open_server(host, 0, said.append)
    port = server.guard.port if server.guard else server.get_port()
    return port, server.access, lambda: close_server(server), server.get_port()


def window(host, said):
    from gha_nb.live.outputs import make_output
    out = make_output('window', host=host, port=0, say=said.append)
    return out.port, out.server.access, out.close, None


def call(host, said):
    from gha_nb.live import call as module
    from gha_nb.live.outputs import make_output
    peers, head = module.CallPeers, Path(tempfile.mkdtemp())/'head.baked'
    head.write_bytes(b'a head')
    if importlib.util.find_spec('aiortc') is None:  # who answers offers is not asked here
        module.CallPeers = lambda ice: SimpleNamespace(answer=lambda offer: {}, close=lambda: None)
    try: out = make_output('call', path=str(head), host=host, port=0, say=said.append)
    finally: module.CallPeers = peers
    return out.port, out.server.access, out.close, None


servers = dict(viewer=viewer, window=window, call=call)


@pytest.mark.parametrize('name', servers)
def test_open_to_a_network(name):
    "Nothing without the token; the printed address lets in, by a cookie from then on"
    said = []
    port, access, close, inside = servers[name]('0.0.0.0', said)
    try:
        address = said[-1].split(': ', 1)[1]
        assert re.fullmatch(rf'http://[\d.]+:{port}/\?token=[\w-]{{24}}', address)
        assert name == 'call' or any('whoever has this address' in o for o in said)
        paths = ('/', '/index.html', '/numbers', '/stream', '/offer', '/assets/../../etc/passwd', '/?token=', '/?token=' + 'x'*24,
                 f'/?token={access.token[:-1]}', f'/?Token={access.token}')
        for path in paths:
            for method in ('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE'):
                status, headers, body = ask(port, path, method, X_Live='1', Content_Length='0')
                assert status in (403, 405, 501) and access.token not in str(headers) + str(body), (method, path, status)
        for cookie in ('', f'{access.name}=', f'{access.name}={"x"*24}', f'{access.name}="', f'other={access.token}'):
            assert ask(port, Cookie=cookie)[0] == 403
        status, headers, _ = ask(port, f'/?token={access.token}')
        assert status == 303 and headers['Location'] == '/' and {'HttpOnly', 'SameSite=Lax'} <= {*headers['Set-Cookie'].split('; ')}
        mine = headers['Set-Cookie'].split(';')[0]
        status, headers, body = ask(port, Cookie=mine)
        assert status == 200 and b'<html' in body.lower()
        if name == 'window':
            assert json.loads(ask(port, '/numbers', Cookie=mine)[2])['state']
            assert ask(port, '/stop', 'POST', X_Live='1', Cookie=mine)[0] == 200
        if inside is not None:  # what nobody is asked for stays on this machine
            with socket.socket() as s:
                s.settimeout(1)
                own = re.match(r'http://([\d.]+)', address)[1]
                if not own.startswith('127.'): assert s.connect_ex((own, inside)) != 0
    finally: close()


@pytest.mark.parametrize('name', servers)
def test_this_machine_alone_is_the_default(name):
    said = []
    port, access, close, _ = servers[name](None if name == 'viewer' else '127.0.0.1', said)
    try:
        assert said[-1].endswith(f'http://127.0.0.1:{port}') and access.token is None
        assert ask(port)[0] == 200
        for host in ('evil.example', f'127.0.0.1.evil.example:{port}'): assert ask(port, Host=host)[0] == 403  # DNS rebinding
        assert ask(port, Origin='http://evil.example')[0] == 403 and ask(port, Host='localhost')[0] == 200
    finally: close()


def test_websocket_of_the_viewer():
    "viser's own websocket, through the guard: refused without the token or from another site's page, else the same messages as without it"
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect
    import viser
    said = []
    port, access, close, inside = viewer('0.0.0.0', said)
    options = dict(subprotocols=[f'viser-v{viser.__version__}'], open_timeout=10, close_timeout=1, max_size=None)
    cookie = {'Cookie': f'{access.name}={access.token}'}
    try:
        for query, headers in (('', {}), ('?token=wrong', {}), ('', {'Cookie': f'{access.name}=wrong'}),
                               ('', cookie | {'Origin': 'http://evil.example'}), (f'?token={access.token}', {'Origin': 'null'})):
            with pytest.raises(InvalidStatus) as refused:
                connect(f'ws://127.0.0.1:{port}/{query}', additional_headers=headers, **options)
            assert refused.value.response.status_code == 403
        def messages(url, **headers):
            with connect(url, additional_headers=headers, **options) as s: return [s.recv(10) for _ in range(1)]
        direct = messages(f'ws://127.0.0.1:{inside}/')
        origin = {'Origin': f'http://127.0.0.1:{port}'}
        through = messages(f"ws://127.0.0.1:{port}/", **cookie, **origin)
        assert abs(len(through[0]) - len(direct[0])) < 64
        assert messages(f'ws://127.0.0.1:{port}/?token={access.token}')
    finally: close()


def test_visitor_without_a_word(caplog):
    "A browser that connects ahead and asks for nothing leaves no traceback in the user's terminal, not even the first one"
    port, _, close, _ = viewer('127.0.0.1', [])
    try:
        for word in (b'', b'GET', b'\x16\x03\x01\x02\x00 not HTTP\r\n\r\n'):
            with socket.create_connection(('127.0.0.1', port), 10) as s:
                s.sendall(word); s.shutdown(socket.SHUT_WR)
                try:
                    while s.recv(4096): pass
                except OSError: pass # reset: it has been answered, too
        assert ask(port)[0] == 200
    finally: close()
    assert not [o.getMessage() for o in caplog.records if o.name.startswith('websockets') and o.levelname == 'ERROR']


@pytest.mark.parametrize('host', ['127.0.0.1', '0.0.0.0'])
def test_page_of_another_site(host):
    "A page that the user visits cannot steer the viewer of this machine, neither directly nor behind the guard"
    port, access, close, inside = viewer(host, [])
    own = inside if host == '0.0.0.0' else port
    try:
        upgrade = shake | {'Sec-WebSocket-Protocol': f"viser-v{importlib.import_module('viser').__version__}"}
        status = lambda **kw: ask(own, **upgrade, **kw)[0]
        assert [status(Origin=o) for o in ('http://evil.example', 'null', f'http://evil.example:{own}', 'http://127.0.0.1:1')] == [403]*4
        assert status(Host='evil.example', Origin='http://evil.example') == 403
        assert [status(), status(Origin=f'http://127.0.0.1:{own}')] == [101, 101]
        assert status(Host=f'localhost:{own}', Origin=f'http://localhost:{own}') == 101
    finally: close()


def test_many_browsers_and_the_impatient():
    "Forty at once; connections that say nothing are closed and do not keep others out; the guard ends with all of them open"
    port, access, close, _ = viewer('0.0.0.0', [])
    try:
        idle = [socket.create_connection(('127.0.0.1', port)) for _ in range(40)]
        cookie = f'{access.name}={access.token}'
        assert [ask(port, Cookie=cookie)[0] for _ in range(10)] == [200]*10
    finally:
        began = time.monotonic()
        close()
    assert time.monotonic() - began < 8
    for s in idle: s.close()


def test_guard_says_where_it_cannot_listen():
    from gha_nb.core import GhaError
    from gha_nb.access import Access
    with socket.create_server(('127.0.0.1', 0)) as taken, pytest.raises(GhaError, match='nothing can be listened to'):
        Guard('127.0.0.1', taken.getsockname()[1], 1, Access('x'))


def test_no_server_is_forgotten():
    "All places where something listens, so that a new one is thought of here"
    listens = {'ViserServer', 'ThreadingHTTPServer', 'HTTPServer', 'start_server', 'create_server', 'bind', 'TCPServer', 'run_app'}
    found = set()
    for file in (root/'gha_nb').rglob('*.py'):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
                if name in listens and not (name == 'bind' and 'socket' not in ast.unparse(node) and 's.bind' != ast.unparse(node.func)):
                    found.add((file.relative_to(root/'gha_nb').as_posix(), name))
            if isinstance(node, ast.ClassDef) and {getattr(b, 'id', '') for b in node.bases} & listens:
                found.add((file.relative_to(root/'gha_nb').as_posix(), node.name))
    assert found == {('access.py', 'start_server'), ('viewer/page.py', 'ViserServer'), ('viewer/page.py', 'bind'),
                     ('live/outputs.py', 'QuietServer'), ('live/datagrams.py', 'bind')}, found
