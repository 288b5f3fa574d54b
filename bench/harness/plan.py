"""What a suite is made of: cases that are sampled, metrics they yield, and how the figures are shown."""

from dataclasses import dataclass, field

OURS = "crosswake"


@dataclass(frozen=True)
class Case:
    """One scenario with its parameters; every peer that takes part in the scenario is sampled."""

    key: str
    title: str
    scenario: str
    arguments: dict = field(default_factory=dict)  # switches of the sampler
    cores: str = "two"  # two: near and far are told apart; any two: as if they were the same; one
    seconds: float | None = None  # how long to measure, if not as long as everything else
    rounds: int | None = None  # how often at the most
    smoke: dict = field(default_factory=dict)  # what to put in place of the arguments in a smoke run
    together: bool = False  # its peers only sleep, so that they are sampled side by side
    ours: str = OURS  # the peer that the ratios are of
    group: str = ""  # where the title alone does not say what is meant

    @property
    def name(self):
        return " ".join(x for x in (self.group, self.title) if x)


@dataclass(frozen=True)
class Metric:
    key: str  # in the sampler's answer
    title: str
    scale: float = 1
    more_is_better: bool = False
    ratio: bool = True  # show ours / theirs; --against compares that, or else the figure itself
    neutral: bool = False  # neither more nor less is better: nothing to compare
    over_rounds: str = "median"  # or the sum, or the max, of what the rounds counted


@dataclass(frozen=True)
class Table:
    """Rows are peers; columns are the cases, or of one case the metrics. The title has the unit of what has no column
    to say it."""

    title: str
    cases: tuple
    metrics: tuple

    @property
    def columns(self):
        return [(c, m) for c in self.cases for m in self.metrics]


@dataclass(frozen=True)
class MixedTable(Table):
    """Columns are the cases, each with the metric of its own that stands at its place."""

    @property
    def columns(self):
        return list(zip(self.cases, self.metrics, strict=True))


@dataclass(frozen=True)
class Bars:
    """A chart of one metric in one case, a bar for each peer."""

    file: str
    title: str
    case: str
    metric: Metric


@dataclass(frozen=True)
class Lines:
    """A chart of one metric over several cases, a line for each peer."""

    file: str
    title: str
    cases: tuple  # (case, label on the axis)
    metric: Metric


@dataclass(frozen=True)
class Goal:
    """ours / theirs (or ours by itself, where there are no theirs) is to be at most or at least so much. Theirs is the
    same metric in the same case, if nothing else is said."""

    text: str
    case: str
    metric: Metric
    theirs: str | None = None
    at_most: float | None = None
    at_least: float | None = None
    ours: str = OURS
    their_case: str | None = None
    their_metric: Metric | None = None

    def reached(self, value):
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


@dataclass(frozen=True)
class Suite:
    name: str
    title: str
    about: str  # what was done; what it means to a user says the document
    cases: tuple
    tables: tuple
    charts: tuple = ()
    goals: tuple = ()

    def case(self, key):
        return next(c for c in self.cases if c.key == key)
