"settings.ini is the toolkit's, pyproject.toml is nbdev's, and neither reads the other's"
import tomllib
from configparser import ConfigParser
from dataclasses import fields

import pytest
from conftest import root
from gha_nb.core import Settings, SettingsError, load_settings, marker


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    import os
    for k in list(os.environ):
        if k.startswith('GHA_NB_'): monkeypatch.delenv(k)


def written():
    cfg = ConfigParser(interpolation=None)
    cfg.read(root/'settings.ini')
    return dict(cfg['DEFAULT'])


def test_settings_ini_lists_every_setting():
    d = written()
    assert d.pop(marker[0]) == marker[1]
    assert set(d) == {f.name for f in fields(Settings)}


def test_no_key_in_both_files():
    project = tomllib.loads((root/'pyproject.toml').read_text())
    assert not set(written()) & (set(project['tool']['nbdev']) | set(project['project']))


def test_nbdev_reads_pyproject_alone():
    config = pytest.importorskip('nbdev.config').get_config(root)
    assert config.lib_path == root/'gha_nb' and not {'runs', 'viewer_port', marker[0]} & set(config.d)


def test_checkout(monkeypatch):
    "In a subfolder of the checkout, paths are the checkout's"
    monkeypatch.chdir(root/'nbs')
    s = load_settings()
    assert (s.data, s.runs) == (root/'data', root/'runs')
    assert (s.device, s.precision, s.threads, s.viewer_host) == ('auto', 'auto', 0, '127.0.0.1')


def test_installed_user_gets_defaults(monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'cache'))
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings(cache=tmp_path/'cache'/'gha_nb')


def test_foreign_settings_are_passed_by(monkeypatch, tmp_path):
    (tmp_path/'settings.ini').write_text('[DEFAULT]\nlib_name = other\nruns = wrong\ndevice = toaster\n')
    monkeypatch.chdir(tmp_path)
    assert load_settings().device == 'auto' and load_settings().runs.name == 'runs'


def test_unreadable_file_says_so(tmp_path):
    (tmp_path/'settings.ini').write_text('toolkit = gha_nb\n')
    with pytest.raises(SettingsError, match='settings.ini .* cannot be read'): load_settings(tmp_path)


@pytest.mark.parametrize('name,value,found', [('RUNS', '/elsewhere', '/elsewhere'), ('THREADS', '3', 3), ('DEVICE', 'cuda:1', 'cuda:1'),
                                              ('VIEWER_PORT', '0', 0), ('PRECISION', 'bf16', 'bf16')])
def test_environment_outranks_the_file(monkeypatch, name, value, found):
    monkeypatch.setenv(f'GHA_NB_{name}', value)
    res = getattr(load_settings(root), name.lower())
    assert type(found)(res) == found


@pytest.mark.parametrize('name,value', [('THREADS', '-1'), ('DEVICE', 'gpu'), ('PRECISION', 'half'), ('VIEWER_PORT', 'http')])
def test_bad_value(monkeypatch, name, value):
    monkeypatch.setenv(f'GHA_NB_{name}', value)
    with pytest.raises(SettingsError, match=f'GHA_NB_{name}'): load_settings(root)
