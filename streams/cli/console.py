"""`nyxter console`: pages and look-ups, served until told to stop."""

from streams.cli.arguments import RulesFile, failure, rules_of, settings_of
from streams.cli.cache import refuse_what_refuses_us
from streams.logs import set_up_logs


def console(rules: RulesFile = None) -> None:
    """Serve the console and the look-ups at NYXTER_CONSOLE_AT (127.0.0.1:8080).

    Who enters shows NYXTER_CONSOLE_TOKEN, at least 16 characters. Redis (NYXTER_REDIS_URL) and
    Kafka (NYXTER_BROKER) may be away: it says so, and goes on when they are back. SIGTERM ends it.

    Example: NYXTER_CONSOLE_TOKEN=$(openssl rand -hex 16) nyxter console --rules nyxter.toml
    """
    from streams.access.reach import Unreachable  # noqa: PLC0415 - commands load what they need
    from streams.console import build  # noqa: PLC0415
    from streams.console.serving import AddressTaken, serve  # noqa: PLC0415
    from streams.console.token import TokenRefused  # noqa: PLC0415

    settings = settings_of() if rules is None else settings_of(rules=rules)
    rules_of(settings.rules)
    set_up_logs()
    try:
        app = build(settings)
        refuse_what_refuses_us(settings)
        serve(app, settings.console_at)
    except (TokenRefused, AddressTaken, Unreachable) as error:
        raise failure(str(error)) from None
