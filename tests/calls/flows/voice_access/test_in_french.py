"""A whole visit in French: every word of it, with its grammar."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import ADA, BEN, OWN_PHONE, Visit, VisitCase, mail
from tests.calls.flows.voice_access.test_answering import SALES
from umserver.org.messages import CallerId

CHLOE = evolve(ADA, language="fr-CA", time_zone="Europe/Paris")


class FrenchTests(VisitCase):
    """An owner whose language is a relation of an installed one."""

    def test_a_visit(self) -> None:
        """After the PIN everything is said in the owner's language (feature 119): counts, times,
        names, keys.
        """
        sender = CallerId("1002", "Ben Sample", BEN.address)
        call = Visit(
            route=evolve(OWN_PHONE, mailbox=CHLOE),
            mails=(mail(1, sender=sender, seconds=61), mail(30, new=False)),
            groups=(SALES,),
        )
        call.dial().until("enter-pin")
        self.assertEqual(set(call.shelf.languages), {"en-US"})
        before = len(call.shelf.languages)
        call.press("246813#").until("message-summary[un nouveau message et un message conservé]")
        call.until("main-menu-repeat").press("1")
        call.until("message-from[Ben Sample][aujourd'hui à quinze heures treize]")
        call.until("message-acts").press("005").until("message-length[une minute et une seconde]")
        call.until("message-acts").press("6").until("choice-back").press("72537")
        call.until("group-added[deux personnes]").until("forward-menu").press("4")
        call.until("recipient-is[Sales: Ben Sample et Chloé Démo]").until("forward-menu")
        call.press("#").until("message-sent").until("message-acts").press("#")
        call.until("sound of m30")
        (header,) = [name for name in call.heard if "hier" in name]
        self.assertEqual(
            header,
            "message-from[vingt et un, vingt-cinq, cinquante-cinq, zéro un, quarante-deux]"
            "[hier à dix heures treize]",
        )
        self.assertEqual(set(call.shelf.languages[before:]), {"fr-FR"})
        self.check(call.hang_up())
