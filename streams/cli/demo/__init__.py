"""`nyxter demo`: the whole system on this machine, with orders coming in.

`stage.py` starts the processes and `scene.py` is what we hold of them; `show.py` has the acts:
`loading.py`, `playing.py`, `proof.py`; `pages.py` and `terminal.py` tell what happens. What is
said of the machinery is English, what is said of customers Portuguese.
"""

from rich.console import Console

from schemas.rules import Rules
from streams.cli.demo.commands import shown_path
from streams.cli.demo.pages import Page, PlainPage
from streams.cli.demo.phases import Phases
from streams.cli.demo.show import perform
from streams.cli.demo.stage import log_directory, stage
from streams.cli.demo.terminal import TerminalPage
from streams.cli.demo.wishes import Wishes, example_rules
from streams.cli.signals import stoppable
from streams.settings import Settings

__all__ = ["Wishes", "example_rules", "run_demo"]


def run_demo(settings: Settings, wishes: Wishes) -> int:
    """Run the demonstration until it is told to stop, or to its end; return the exit status.

    0: ended as wished; 1: the cards are not as they should be, or a process ended; 130: told to
    stop before it was ready, or before the proof.

    Raises
    ------
    EmbeddedUnavailable
        This platform has no broker or Redis that needs no install.
    KafkaException
        The broker did not take the topics.
    OSError
        The logs cannot be written.

    """
    console = Console(highlight=False)
    page: Page = TerminalPage(console) if console.is_terminal else PlainPage()
    _introduce(page, settings, wishes)
    phases = Phases(page)
    with stoppable() as stop, stage(settings, wishes.rules_file) as ready:
        phases.end("broker, Redis and topics")
        return perform(ready, wishes, page, phases, stop)


def _introduce(page: Page, settings: Settings, wishes: Wishes) -> None:
    file = wishes.rules_file
    source = "the defaults" if file is None else shown_path(file)
    page.say("Nyxter Online, all of it on this machine and in memory", "bold")
    page.say(f"  base   {wishes.customers:,} made-up customers with their contracts and orders")
    page.say(f"  rules  {source}, version {wishes.rules.version}: {_in_words(wishes.rules)}")
    page.say(f"  logs   {shown_path(log_directory(settings))}\n")


def _in_words(rules: Rules) -> str:
    analysis, weights = rules.analysis, rules.analysis.weights
    period = (
        f"since {analysis.start}" if analysis.start else f"last {analysis.window_days or 365} days"
    )
    groups = " and ".join(analysis.compare_by) or "all customers"
    return (
        f"{period}, {analysis.ranking} ranks within {groups}, "
        f"weights P {weights.P} R {weights.R} F {weights.F} V {weights.V}"
    )
