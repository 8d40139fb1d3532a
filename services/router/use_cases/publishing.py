"""The life of a version of the rules: drafted, checked, approved by somebody else, put in force, and gone back from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.publishing import (
    ERROR,
    NOBODY,
    Entry,
    Noted,
    Publication,
    RuleSet,
    Stage,
    before,
    in_force,
    is_kept_in_a_folder,
    scheduled,
)
from services.router.ports import Transaction
from services.router.use_cases.surging import Overlay, SwitchOff, SwitchOn, lay_out
from shared.clock import Clock
from shared.document_set import Documents, packed, version_of
from shared.errors import Conflict, NotFound, Refused
from shared.events import RuleSetPublished

# A record of a broker holds a megabyte.
PACKED_MAX = 900_000
# Raises Refused where this release cannot use the documents.
Usable = Callable[[Documents], object]


@dataclass(frozen=True, slots=True)
class Word:
    """Who does something, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class DraftRuleSet:
    """Keep a version with what the check found; without errors it is checked."""

    now: Clock

    async def __call__(self, tx: Transaction, documents: Documents, findings: Sequence[Noted], word: Word) -> RuleSet:
        """The version. Whoever drafted the same documents first stays who drafted them."""
        is_wrong = any(noted.severity == ERROR for noted in findings)
        version, now = version_of(documents), self.now()
        checked_at = None if is_wrong else now
        await tx.rule_sets.draft(
            RuleSet(version, word.reason, word.by, now, tuple(findings), checked_at=checked_at), documents
        )
        return await known(tx, version)


@dataclass(frozen=True, slots=True)
class ApproveRuleSet:
    """Somebody who did not draft a version answers for it."""

    now: Clock

    async def __call__(self, tx: Transaction, version: str, by: str) -> RuleSet:
        """The version. Raises NotFound, Conflict (rule-set-not-ready, second-person-needed)."""
        rule_set = await known(tx, version)
        if rule_set.stage is Stage.DRAFT:
            raise Conflict(
                "rule-set-not-ready", "The check found errors in this version, or never saw it. Draft another."
            )
        if by == rule_set.drafted_by:
            raise Conflict("second-person-needed", "Who drafted a version cannot approve it. Ask somebody else.")
        if rule_set.drafted_by == NOBODY:
            raise Conflict(
                "second-person-needed", "Nobody has drafted this version: its folder was only loaded. Draft it first."
            )
        if not await tx.rule_sets.approve(version, by, self.now()):
            raise Conflict("rule-set-not-ready", "Somebody has approved this version already.")
        return await known(tx, version)


@dataclass(frozen=True, slots=True)
class PublishRuleSet:
    """Put an approved version in force, at once or at a time. With `approvals` 0 it need only be checked."""

    usable: Usable
    approvals: int
    overlay: Overlay

    async def __call__(
        self, tx: Transaction, version: str, word: Word, effective_from: datetime | None = None
    ) -> Publication:
        """Raises NotFound, Conflict (rule-set-not-ready, effective-time-taken), Refused (effective-time-past,
        rule-set-too-large, or what the documents are refused for)."""
        rule_set, documents = await known(tx, version), await documents_of(tx, version)
        if rule_set.stage is Stage.DRAFT or (self.approvals and rule_set.stage is not Stage.APPROVED):
            raise Conflict("rule-set-not-ready", f"This version is {rule_set.stage}; it must be approved first.")
        self.usable(documents)
        present = await tx.rule_sets.hold()
        if effective_from is not None and effective_from <= present:
            raise Refused("effective-time-past", "The time has passed. Name a later one, or none for at once.")
        history = await tx.rule_sets.history()
        current = in_force(history, present)
        if effective_from is None and current is not None and current.version == version:
            raise Conflict("rule-set-not-ready", "This version is in force already.")
        begins = effective_from or present
        if any(each.effective_from == begins for each in history if each.stands):
            raise Conflict("effective-time-taken", "Another version begins at that very time. Withdraw it, or wait.")
        published = Publication(version, Entry.PUBLISHED, begins, word.by, word.reason, present)
        return await publish(tx, published, documents, self.overlay)


@dataclass(frozen=True, slots=True)
class RollBack:
    """Put the version before in force again at once; an entry of its own in the history."""

    usable: Usable
    overlay: Overlay

    async def __call__(self, tx: Transaction, version: str, word: Word) -> Publication:
        """`version` is the one to leave, so that two who do this at once do not go back twice; where it was to begin
        again later, it does not. Raises NotFound, Conflict (rule-set-not-in-force), Refused where this release cannot
        use the version before."""
        # Whether it is usable takes a while, for which nobody else should have to wait.
        target = _gone_back_to(await tx.rule_sets.history(), await tx.rule_sets.present(), version)
        documents = await documents_of(tx, target.version)
        self.usable(documents)
        present = await tx.rule_sets.hold()
        history = await tx.rule_sets.history()
        if _gone_back_to(history, present, version).version != target.version:
            raise Conflict("rule-set-not-in-force", "What is in force has changed meanwhile. Look again.")
        rolled_back = Publication(target.version, Entry.ROLLED_BACK, present, word.by, word.reason, present)
        kept = await publish(tx, rolled_back, documents, self.overlay)
        again = [each for each in scheduled(history, present) if each.version == version]
        for coming in again:
            await _withdraw(tx, coming, word, present)
        if again:
            await lay_out(tx, present, self.overlay)
        return kept


@dataclass(frozen=True, slots=True)
class WithdrawRuleSet:
    """Take a version back that was to come into force."""

    overlay: Overlay

    async def __call__(self, tx: Transaction, version: str, word: Word) -> Publication:
        """What is in force then instead. Raises Conflict (rule-set-not-in-force)."""
        present = await tx.rule_sets.hold()
        coming = [each for each in scheduled(await tx.rule_sets.history(), present) if each.version == version]
        if not coming:
            raise Conflict(
                "rule-set-not-in-force", "This version is not to come into force. Roll back what is in force."
            )
        instead = await _withdraw(tx, coming[0], word, present)
        await lay_out(tx, present, self.overlay)
        return instead


@dataclass(frozen=True, slots=True)
class Publishing:
    """All that people do with versions. `check` takes a second of computing, so it is asked outside of transactions."""

    check: Callable[[Documents], Sequence[Noted]]
    draft: DraftRuleSet
    approve: ApproveRuleSet
    publish: PublishRuleSet
    withdraw: WithdrawRuleSet
    roll_back: RollBack
    switch_on: SwitchOn
    switch_off: SwitchOff


@dataclass(frozen=True, slots=True)
class LoadRuleSet:
    """Put a folder's documents in force at once: to set a county up, and for as long as only its folder says what is
    in force."""

    overlay: Overlay

    async def __call__(self, tx: Transaction, documents: Documents, word: Word, *, take_over: bool = False) -> bool:
        """Whether they are in force; what people published is left so, unless told to `take_over`. Nobody else is told:
        whoever loads a folder loads it everywhere."""
        version, present = version_of(documents), await tx.rule_sets.hold()
        history = await tx.rule_sets.history()
        current = in_force(history, present)
        if current is not None and current.version == version:
            return True
        if not take_over and not is_kept_in_a_folder(history, present):
            return False
        await tx.rule_sets.draft(RuleSet(version, word.reason, word.by, present), documents)
        await tx.rule_sets.add(Publication(version, Entry.LOADED, present, word.by, word.reason, present))
        await lay_out(tx, present, self.overlay)
        return True


async def _withdraw(tx: Transaction, coming: Publication, word: Word, present: datetime) -> Publication:
    """Take one publication back, and tell what is in force then instead. Raises NotFound."""
    await tx.rule_sets.withdraw(coming, word.by, word.reason, present)
    instead = in_force(await tx.rule_sets.history(), coming.effective_from)
    if instead is None:
        raise NotFound("not-found", "Nothing would be in force then.")
    await tell(tx, instead, await documents_of(tx, instead.version), coming.effective_from)
    return instead


def _gone_back_to(history: Sequence[Publication], at: datetime, version: str) -> Publication:
    """What is gone back to from the version in force. Raises Conflict, NotFound."""
    current, target = in_force(history, at), before(history, at)
    if current is None or current.version != version:
        raise Conflict("rule-set-not-in-force", "This version is not in force.")
    if target is None:
        raise NotFound("not-found", "There was no version before this one.")
    return target


async def known(tx: Transaction, version: str) -> RuleSet:
    """The version of this name. Raises NotFound."""
    rule_set = await tx.rule_sets.find(version)
    if rule_set is None:
        raise NotFound("not-found", "There is no version of the rules with this name.")
    return rule_set


async def documents_of(tx: Transaction, version: str) -> Documents:
    """The documents of a version. Raises NotFound."""
    documents = await tx.rule_sets.documents(version)
    if documents is None:
        raise NotFound("not-found", "There is no version of the rules with this name.")
    return documents


async def publish(tx: Transaction, made: Publication, documents: Documents, overlay: Overlay) -> Publication:
    """Keep a publication, and have every process of every service go by it."""
    kept = await tx.rule_sets.add(made)
    await tell(tx, kept, documents, kept.effective_from)
    await lay_out(tx, made.published_at, overlay)
    return kept


async def tell(tx: Transaction, publication: Publication, documents: Documents, begins: datetime) -> None:
    """Tell the other services. Raises Refused (rule-set-too-large)."""
    text = packed(documents)
    if len(text) > PACKED_MAX:
        raise Refused("rule-set-too-large", "These documents are too large to be sent to the other services at once.")
    event = RuleSetPublished(
        sequence=publication.seq, version=publication.version, effective_from=begins, documents=text
    )
    await tx.publish(event)
