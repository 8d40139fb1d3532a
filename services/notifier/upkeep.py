"""Background work beside delivering: figures for alarms, the end of quiet hours, and templates that drift."""

from dataclasses import dataclass

from services.notifier.domain.failure import SendFailed
from services.notifier.domain.hold import Kind, Scope
from services.notifier.domain.notification import Channel
from services.notifier.ports import Begin, TemplateCheck
from services.notifier.use_cases.holding import end_hold, open_hold, parked
from services.notifier.use_cases.waiting import RELEASED_AT_ONCE, ReleaseQuiet
from shared.envelope import Origin
from shared.log import get_logger
from shared.metrics import HOLDS_STANDING, MESSAGES_UNSENT, OLDEST_UNSENT_AGE_SECONDS

log = get_logger()
DRIFT, DRIFT_MENDED = "template_drift", "drift_mended"
PRIORITIES = ("P1", "P2", "P3", "P4")


@dataclass(frozen=True, slots=True)
class Figures:
    """Sets the gauges of what waits (N-57)."""

    begin: Begin

    async def run_once(self) -> bool:
        """Read them once; what is not there counts zero."""
        async with self.begin(Origin("figures")) as tx:
            now, holds, unsent = await tx.present(), await tx.holds.standing(), await tx.attention.unsent()
        for kind in Kind:
            HOLDS_STANDING.labels(kind.value).set(sum(hold.kind is kind for hold in holds))
        for channel in Channel:
            waiting = sum(backlog.count for (_, by), backlog in unsent.items() if by == channel.value)
            MESSAGES_UNSENT.labels(channel.value).set(waiting)
        for priority in PRIORITIES:
            since = [backlog.oldest for (of, _), backlog in unsent.items() if of == priority and backlog.oldest]
            age_s = (now - min(since)).total_seconds() if since else 0.0
            OLDEST_UNSENT_AGE_SECONDS.labels(priority).set(max(0.0, age_s))
        return False


@dataclass(frozen=True, slots=True)
class EndQuiet:
    """Lets go what waited for the end of quiet hours."""

    begin: Begin

    async def run_once(self) -> bool:
        """Let one batch go; whether there may be more."""
        async with self.begin(Origin("quiet-hours")) as tx:
            return await ReleaseQuiet()(tx) == RELEASED_AT_ONCE


@dataclass(frozen=True, slots=True)
class WatchTemplates:
    """Parks each template that no longer goes with ours at the provider, and lets it go once it does (N-44)."""

    begin: Begin
    templates: TemplateCheck

    async def run_once(self) -> bool:
        """Compare all of them; while the provider cannot be asked, nothing changes."""
        try:
            checked = await self.templates.check()
        except SendFailed as failed:
            log.warning("templates.unchecked", failure=failed.failure.value, code=failed.code)
            return False
        finally:
            await self.templates.rest()
        async with self.begin(Origin("templates")) as tx:
            now = await tx.present()
            standing = {hold.subject: hold for hold in await tx.holds.standing() if hold.scope is Scope.TEMPLATE}
            for name, drift in checked.items():
                hold = standing.get(name)
                if drift is not None:
                    await open_hold(tx, parked(name, DRIFT, now, drift))
                elif hold is not None and hold.reason == DRIFT:
                    await end_hold(tx, hold, now, DRIFT_MENDED)
        return False
