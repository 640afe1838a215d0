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
from tests.subscribers.people import NOW, clear


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
        self.yes = self.tick()

    @precondition(lambda self: self.tokens)
    @rule(data=strategies.data(), how=strategies.sampled_from(["page", "one-click", "mail"]))
    def leaves(self, data, how):
        if consent.leave(self.database, data.draw(strategies.sampled_from(sorted(self.tokens))), how=how, now=self.now):
            self.no = self.tick()

    @rule()
    def complains(self):
        person = known(self.database)
        if person is not None and not person.suppressed:
            with self.database.begin() as tx:
                queries.end_subscriptions(tx, [person.id], how="complaint", now=self.now)
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
            self.yes = self.tick()
        for notice in waiting(self.database, "confirm"):
            self.links.append((link(notice), self.tick()))
        sent(self.database)

    @precondition(lambda self: self.tokens)
    @rule()
    def is_erased(self):
        person = known(self.database)
        if person is not None:
            assert privacy.erase(self.database, person.token, now=self.now)
            self.no = self.tick()

    @rule(hours=strategies.sampled_from([1, 12, 30, 80, 200]))
    def time_goes_by(self, hours):
        self.now += timedelta(hours=hours)
        consent.tidy(self.database, now=self.now)

    @invariant()
    def nobody_is_mailed_without_a_yes_newer_than_the_last_no(self):
        person = known(self.database)
        if person is None:
            return
        with self.database.begin() as tx:
            wanted = bool(service.still_wanted(tx, [person.id]))
        assert not wanted or self.yes > self.no
        if person.subscription.state is SubscriptionState.ACTIVE:
            assert rows(self.database, "consents")[-1].what != "withdrawn"

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
