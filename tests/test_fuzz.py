"Some damaged files of each kind, always the same ones (`python tests/fuzz.py` takes as many as there is time for)"
import fuzz
import pytest

few = {'capture': 10, 'run': 30, 'baked': 30, 'table': 100, 'settings': 60, 'path': 60, 'plan': 60, 'design': 60, 'performance': 60,
       'checkpoint': 20, 'report': 6, 'web': 40, 'message': 8}


@pytest.mark.parametrize('kind', fuzz.KINDS)
def test_whatever_a_file_holds(kind):
    "A right result, a listed problem, or an error that says what to do"
    counts, failures = fuzz.fuzz([kind], cases=few[kind], say=lambda text: None)
    assert not failures, f'python tests/fuzz.py --kind {kind} --case {failures[0][1]}\n{failures[0][2]}'
    refused = sum(counts[kind][o] for o in ('GhaError', 'listed problem', 'refused', 'passed over'))
    assert sum(counts[kind].values()) == few[kind] and (refused > few[kind]/4 or kind in ('report', 'message'))
