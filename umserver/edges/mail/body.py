"""What the reader sees: the mail's text and HTML.

Knows: layout that phones, webmail and desktop programs show alike (one table, inline styles). Must
never know: headers. Values are escaped by the template.
"""

from __future__ import annotations

from attrs import frozen
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from umserver.edges.mail.cleaning import simple_html
from umserver.edges.mail.wording import Words

_HTML = """\
<!DOCTYPE html>
<html lang="{{ page.words.tag }}">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{{ page.sentence }}</title>
</head>
<body style="margin:0;padding:20px;background-color:#ffffff;\
font-family:'Segoe UI',Helvetica,Arial,sans-serif;\
font-size:15px;line-height:1.5;color:#222222">
<div style="max-width:600px">
<p style="margin:0 0 4px 0;font-size:19px;line-height:1.35;font-weight:bold">{{ page.sentence }}</p>
{% if page.note %}
<p style="margin:0;color:#555555">{{ page.note }}</p>
{% endif %}
<table role="presentation" cellpadding="0" cellspacing="0" border="0" \
style="margin:16px 0 0 0;font-size:15px;line-height:1.5">
{% for label, value in page.rows %}
<tr><td style="padding:2px 24px 2px 0;color:#555555;vertical-align:top;white-space:nowrap">\
{{ label }}</td><td style="padding:2px 0">\
{% if page.link and value == page.number %}\
<a href="{{ page.link }}" style="color:#0b5cad;white-space:nowrap">{{ value }}</a>\
{% else %}{{ value }}{% endif %}</td></tr>
{% endfor %}
</table>
{% for line in page.lines %}
<p style="margin:16px 0 0 0">{{ line }}</p>
{% endfor %}
{% if page.link %}
<p style="margin:20px 0 0 0"><a href="{{ page.link }}" style="display:inline-block;\
padding:9px 18px;background-color:#0b5cad;color:#ffffff;text-decoration:none;border-radius:4px;\
white-space:nowrap">{{ page.words.call_back }}{{ page.words.between }}{{ page.number }}</a></p>
{% endif %}
{% if extra %}
<div style="margin-top:24px;padding-top:8px;border-top:1px solid #dddddd;color:#444444;\
font-size:14px">{{ extra }}</div>
{% endif %}
</div>
</body>
</html>
"""

_environment = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_template = _environment.from_string(_HTML)


@frozen
class Page:
    """What both bodies show, in the reader's words; nothing in it is escaped yet."""

    words: Words
    sentence: str
    note: str
    """Why the call came here, and whether a message was left."""
    rows: tuple[tuple[str, str], ...]
    number: str
    """The number as shown, when it can be called back."""
    link: str
    """Its `tel:` URI."""
    extra: str
    """The policy's text, raw."""
    lines: tuple[str, ...] = ()
    """Paragraphs below the facts."""


def html_body(page: Page) -> str:
    """The HTML body."""
    extra, _ = simple_html(page.extra)
    return _template.render(page=page, extra=Markup(extra)) + "\n"


def text_body(page: Page) -> str:
    """The plain body: a sentence, a list of facts, paragraphs, the policy's text."""
    lines = [page.sentence, *filter(None, [page.note]), ""]
    width = max((len(label) for label, _ in page.rows), default=0) + len(page.words.between)
    for label, value in page.rows:
        lines.append(f"{label}{page.words.between}".ljust(width) + value)
    for line in page.lines:
        lines += ["", line]
    _, extra = simple_html(page.extra)
    if extra:
        lines += ["", "--------", extra]
    return "\n".join(lines) + "\n"
