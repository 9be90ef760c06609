"How good, how fast, and shown how: scores, reports, benchmarks, ablations"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    metrics='evaluate write_metrics',
    report='write_report',
    benchmark='bench',
    ablation='ablate'))
