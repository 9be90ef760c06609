"""How good and how fast: scores, reports, benchmarks, ablations"""
# made by tools/stubs.py: do not edit
from .metrics import evaluate as evaluate, write_metrics as write_metrics, flicker as flicker, comparison_sheet as comparison_sheet
from .closeups import closeup_sheet as closeup_sheet
from .report import write_report as write_report
from .benchmark import bench as bench
from .ablation import ablate as ablate
from .nersemble import run_benchmark as run_benchmark

__all__ = ['evaluate', 'write_metrics', 'flicker', 'comparison_sheet', 'closeup_sheet', 'write_report', 'bench', 'ablate', 'run_benchmark']
