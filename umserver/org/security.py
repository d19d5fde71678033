"""Whether a call is protected as its dial plan wants it: signalling and sound (spec 2.4).

Knows: the three kinds of VoIPSecurity. Must never know: TLS, SDP. `signalling_refusal` is asked
before a dial plan takes a call, `sound_refusal` when it is known how the offer wants its sound.
"""

from __future__ import annotations

from umserver.org import refusals
from umserver.org.facts import CallFacts
from umserver.org.peers import proves
from umserver.org.refusals import Refusal
from umserver.org.settings import DialPlan, IPGateway


def signalling_refusal(plan: DialPlan, gateway: IPGateway, facts: CallFacts) -> Refusal | None:
    """Why this peer may not call this plan; None when it may (features 14, 16, 17).

    A secured plan wants TLS and a certificate for the gateway's own name. A plan that is not
    secured takes calls however they come.
    """
    if plan.voip_security == "Unsecured":
        return None
    if facts.transport != "tls":
        return refusals.SECURITY_MISMATCH
    if not facts.peer_names:
        return refusals.NO_CERTIFICATE
    if not proves(facts.peer_names, gateway.address):
        return refusals.wrong_certificate(facts.peer_names, gateway.address)
    return None


def needs_srtp(plan: DialPlan) -> bool:
    """Whether calls of this plan must have encrypted sound, and SRTP is what we offer."""
    return plan.voip_security == "Secured"


def sound_refusal(plan: DialPlan, is_srtp: bool) -> Refusal | None:
    """Why sound may not flow like this; None when it may (features 15, 16)."""
    return refusals.SOUND_NOT_SECURED if needs_srtp(plan) and not is_srtp else None
