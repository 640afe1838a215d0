"""The five verbs: collect → compose → enqueue → deliver → report. Each gathers, lets pure code decide, and applies."""

from newsletter.steps.collect import collect, store
from newsletter.steps.compose import compose
from newsletter.steps.deliver import Post, deliver, recover, shards
from newsletter.steps.enqueue import enqueue
from newsletter.steps.lease import lease
from newsletter.steps.printing import Printer
from newsletter.steps.report import report, sum_up
from newsletter.steps.seeds import learn_seeds

__all__ = [
    "Post",
    "Printer",
    "collect",
    "compose",
    "deliver",
    "enqueue",
    "learn_seeds",
    "lease",
    "recover",
    "report",
    "shards",
    "store",
    "sum_up",
]
