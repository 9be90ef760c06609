"How good and how fast: scores, reports, benchmarks, ablations"

from gha_nb import lazy

__getattr__, __dir__, __all__ = lazy(__name__, dict(
    metrics='evaluate write_metrics flicker comparison_sheet',
    closeups='closeup_sheet',
    report='write_report',
    benchmark='bench',
    ablation='ablate',
    nersemble='run_benchmark'))
