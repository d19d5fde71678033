"""What mails about a voice mailbox say, by language; another language falls back as others do.

Knows: words. Must never know: MIME, HTML, PINs.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class NoticeWords:
    """One language's texts."""

    sender: str
    """Name of the address that the mail comes from."""
    subjects: dict[str, str]
    """By occasion (see `umserver.org.messages.Notice`)."""
    sentences: dict[str, str]
    notes: dict[str, str]
    mailbox: str
    extension: str
    access_number: str
    access_numbers: str
    pin: str
    how_to: str
    no_number: str
    """In the place of `how_to` where no number of voice access is known."""
    keep: str
    must_change: str


ENGLISH = NoticeWords(
    sender="Voice Mail",
    subjects={
        "enabled": "Welcome to voice mail",
        "failures": "Your new voice mail PIN",
        "administrator": "Your new voice mail PIN",
    },
    sentences={
        "enabled": "Your telephone now has voice mail.",
        "failures": "You have a new voice mail PIN.",
        "administrator": "You have a new voice mail PIN.",
    },
    notes={
        "enabled": "Calls that you do not answer are taken for you, and messages arrive as mail.",
        "failures": "A wrong PIN was entered several times, so the old one is no longer valid.",
        "administrator": "Your administrator has set it. The old one is no longer valid.",
    },
    mailbox="Mailbox",
    extension="Extension",
    access_number="Access number",
    access_numbers="Access numbers",
    pin="PIN",
    how_to=(
        "To hear your messages by telephone, call the access number, enter your PIN and press "
        "the pound key (#). From a telephone that is not yours, you are asked for your extension "
        "first. Every menu tells which keys can be pressed."
    ),
    no_number="Your administrator can tell you the number to call to hear your messages.",
    keep="Tell your PIN to nobody.",
    must_change="You are asked to choose another PIN when you sign in with this one.",
)

FRENCH = NoticeWords(
    sender="Messagerie vocale",
    subjects={
        "enabled": "Bienvenue dans votre messagerie vocale",
        "failures": "Votre nouveau code secret de messagerie vocale",
        "administrator": "Votre nouveau code secret de messagerie vocale",
    },
    sentences={
        "enabled": "Votre téléphone dispose maintenant d’une messagerie vocale.",
        "failures": "Vous avez un nouveau code secret de messagerie vocale.",
        "administrator": "Vous avez un nouveau code secret de messagerie vocale.",
    },
    notes={
        "enabled": (
            "Les appels auxquels vous ne répondez pas sont pris pour vous, et les messages "
            "arrivent par courriel."
        ),
        "failures": (
            "Un code erroné a été composé plusieurs fois\N{NO-BREAK SPACE}: l’ancien code n’est "
            "plus valable."
        ),
        "administrator": "Votre administrateur l’a choisi. L’ancien code n’est plus valable.",
    },
    mailbox="Boîte vocale",
    extension="Poste",
    access_number="Numéro d’accès",
    access_numbers="Numéros d’accès",
    pin="Code secret",
    how_to=(
        "Pour écouter vos messages par téléphone, appelez le numéro d’accès, composez votre code "
        "secret et appuyez sur la touche dièse (#). Depuis un téléphone qui n’est pas le vôtre, "
        "on vous demande d’abord votre numéro de poste. Laissez-vous ensuite guider"
        "\N{NO-BREAK SPACE}: chaque menu indique les touches possibles."
    ),
    no_number="Votre administrateur vous dira quel numéro appeler pour écouter vos messages.",
    keep="Ne communiquez votre code secret à personne.",
    must_change="Vous devrez choisir un autre code secret en vous identifiant avec celui-ci.",
)
NOTICE_WORDS = {"en": ENGLISH, "fr": FRENCH}
"""By the tag of the other words of a mail (`umserver.edges.mail.wording`)."""
