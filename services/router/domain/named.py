"""The services that the rules name: where needs go, for safety or as a last resort, without others being looked for."""

from services.router.domain.rule_set import RuleSet


def named_services(rules: RuleSet) -> frozenset[str]:
    """The ids of the triage desk and of all that sections B to D name; none of them ever pauses by itself."""
    actions = (*rules.risk.actions, rules.risk.child_alone, rules.outside.when_closed)
    others = (rules.triage_desk, rules.consent.otherwise, rules.outside.otherwise, *rules.outside.handover.values())
    return frozenset(others).union(action.service for action in actions)
