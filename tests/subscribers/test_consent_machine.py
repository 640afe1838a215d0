"""Consent in any order: ask, confirm, leave, complain, bounce, return, erase, be declared, and time goes by."""

from datetime import timedelta

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from newsletter.database import Database
from newsletter.errors import LinkError
from subscribers import consent, privacy, queries, service
from subscribers.models import SubscriptionState
from tests.subscribers.asking import HOUSE, WEB, ask, confirm, known, link, rows, sent, suppressed, waiting
from tests.subscribers.people import NOW, clear, person, roster_of


class Consent(RuleBasedStateMachine):
    """One address, everything that can be said about it, and an oracle: the last yes and the last no of its owner."""

    database: Database

    @initialize()
    def begin(self):
        clear(self.database)
        self.now = NOW
        self.links = []  # every confirmation ever mailed: its token, and when it was asked for
        self.yes = self.no = 0  # the moments, counted, of the owner's last word of each kind
        self.moment = 0
        self.let_go = False  # by the roster, and no yes since
        self.tokens = set()

    def tick(self):
        self.moment += 1
        return self.moment

    @rule()
    def asks(self):
        ask(self.database, now=self.now)
        for notice in waiting(self.database, "confirm"):
            self.links.append((link(notice), self.tick()))
        sent(self.database)
        self.tokens.add(known(self.database).token)

    @precondition(lambda self: self.links)
    @rule(data=strategies.data())
    def confirms(self, data):
        token, asked = data.draw(strategies.sampled_from(self.links))
        try:
            confirm(self.database, token, now=self.now)
        except LinkError:
            return
        assert asked > self.no, "a link from before the last withdrawal confirmed something"
        self.yes, self.let_go = self.tick(), False

    @precondition(lambda self: self.tokens)
    @rule(data=strategies.data(), how=strategies.sampled_from(["page", "one-click", "mail"]))
    def leaves(self, data, how):
        if consent.leave(self.database, data.draw(strategies.sampled_from(sorted(self.tokens))), how=how, now=self.now):
            self.no = self.tick()

    @rule()
    def complains(self):
        ada = known(self.database)
        if ada is not None and not ada.suppressed:
            with self.database.begin() as tx:
                queries.end_subscriptions(tx, [ada.id], how="complaint", now=self.now)
            suppressed(self.database, "ada@example.org", "complaint", at=self.now)
            self.no = self.tick()

    @rule()
    def bounces(self):
        service.suppress(self.database, "ada@example.org", reason="bounce", detail="", now=self.now)

    @precondition(lambda self: self.tokens)
    @rule(data=strategies.data())
    def comes_back(self, data):
        token = data.draw(strategies.sampled_from(sorted(self.tokens)))
        before = known(self.database)
        if consent.come_back(self.database, token, origin=WEB, now=self.now, house=HOUSE):
            assert before.subscription.how != "complaint"
            assert not self.let_go, "there was nothing to come back to"
            self.yes = self.tick()
        for notice in waiting(self.database, "confirm"):
            self.links.append((link(notice), self.tick()))
        sent(self.database)

    @precondition(lambda self: self.tokens)
    @rule()
    def is_erased(self):
        ada = known(self.database)
        if ada is not None:
            assert privacy.erase(self.database, ada.token, now=self.now)
            self.no, self.let_go = self.tick(), False

    @rule()
    def is_declared(self):
        """The operator answers for the consent of whom they declare; who said no themselves stays out."""
        before = known(self.database)
        plan = service.apply_roster(self.database, roster_of(person("ada")), now=self.now)
        if plan.added or any("subscription" in change.fields for change in plan.changed):
            assert before is None or before.subscription.state == "pending" or before.subscription.how == "roster"
            self.yes, self.let_go = self.tick(), False
        if (ada := known(self.database)) is not None:
            self.tokens.add(ada.token)

    @rule()
    def is_let_go(self):
        """By the roster: of whoever came by themselves it ends nothing."""
        own = known(self.database)
        if service.apply_roster(self.database, roster_of(), now=self.now).removed:
            assert own.origin == "roster"
            self.no, self.let_go = self.tick(), True

    @rule(hours=strategies.sampled_from([1, 12, 30, 80, 200]))
    def time_goes_by(self, hours):
        self.now += timedelta(hours=hours)
        consent.tidy(self.database, now=self.now)

    @invariant()
    def nobody_is_mailed_without_a_yes_newer_than_the_last_no(self):
        ada = known(self.database)
        if ada is None:
            return
        with self.database.begin() as tx:
            wanted = bool(service.still_wanted(tx, [ada.id]))
        assert not wanted or self.yes > self.no
        if ada.subscription.state is SubscriptionState.ACTIVE:
            said = rows(self.database, "consents")  # nothing, where the roster alone declared them
            assert not said or said[-1].what != "withdrawn"

    @invariant()
    def one_address_has_one_row(self):
        assert len([row for row in rows(self.database, "subscribers") if row.address]) <= 1


@pytest.mark.parametrize("examples", [15])
def test_nobody_is_mailed_who_did_not_confirm_since_they_last_left(database, examples):
    """Whatever happens in whatever order, on both databases, and no link from before a withdrawal undoes it."""
    machine = type("Machine", (Consent,), {"database": database}).TestCase
    few = examples if database.dialect == "sqlite" else examples // 3
    machine.settings = settings(max_examples=few, stateful_step_count=14, deadline=None)
    machine("runTest").runTest()
