"""Fills in a message's envelope from the call and the route that led to it.

Knows: which setting decides what in a message. Must never know: mail formats.
"""

from __future__ import annotations

from umserver.calls.call import Call
from umserver.calls.office import Office
from umserver.org.messages import Envelope, new_identity
from umserver.org.routes import LeaveMessage


def envelope_for(call: Call, office: Office, route: LeaveMessage) -> Envelope:
    """The envelope of whatever this call will leave: fixed before the call is answered."""
    mailbox, plan, policy = route.mailbox, route.dial_plan, route.policy
    received = office.wall()
    id, message_id = new_identity(received, office.random, office.host)
    return Envelope(
        id=id,
        message_id=message_id,
        call_id=call.id,
        received=received,
        mailbox=mailbox.address,
        mailbox_name=mailbox.display_name,
        extension=mailbox.extension,
        caller=route.caller,
        reason=route.reason,
        language=mailbox.language or plan.default_language,
        time_zone=mailbox.time_zone,
        audio_codec=mailbox.call_answering_audio_codec or plan.audio_codec,
        extra_text=policy.voice_mail_text,
        missed_call_wanted=policy.allow_missed_call_notifications
        and mailbox.missed_call_notification_enabled,
    )
