"""What the reader sees: the mail's text and HTML.

Knows: layout that phones, webmail and desktop programs show alike (one table, inline styles). Must
never know: headers. Values are escaped by the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from umserver.edges.mail.cleaning import simple_html

if TYPE_CHECKING:
    from umserver.edges.mail.compose import Page

_HTML = """\
<!DOCTYPE html>
<html lang="{{ page.words.tag }}">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page.sentence }}</title>
</head>
<body style="margin:0;padding:16px;font-family:'Segoe UI',Helvetica,Arial,sans-serif;\
font-size:15px;line-height:1.5;color:#222222">
<p style="margin:0 0 4px 0;font-size:18px">{{ page.sentence }}</p>
{% if page.reason %}
<p style="margin:0 0 12px 0;color:#666666">{{ page.reason }}</p>
{% endif %}
{% if page.link %}
<p style="margin:12px 0"><a href="{{ page.link }}" style="display:inline-block;padding:8px 16px;\
background-color:#0b5cad;color:#ffffff;text-decoration:none;border-radius:4px">\
{{ page.words.call_back }}{{ page.words.between }}{{ page.number }}</a></p>
{% endif %}
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="font-size:15px">
{% for label, value in page.rows %}
<tr><td style="padding:3px 24px 3px 0;color:#666666;vertical-align:top">{{ label }}</td>\
<td style="padding:3px 0">\
{% if page.link and value == page.number %}<a href="{{ page.link }}">{{ value }}</a>\
{% else %}{{ value }}{% endif %}</td></tr>
{% endfor %}
</table>
{% if extra %}
<div style="margin-top:16px;padding-top:12px;border-top:1px solid #dddddd">{{ extra }}</div>
{% endif %}
</body>
</html>
"""

_environment = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_template = _environment.from_string(_HTML)


def html_body(page: Page) -> str:
    """The HTML body."""
    extra, _ = simple_html(page.extra)
    return _template.render(page=page, extra=Markup(extra)) + "\n"


def text_body(page: Page) -> str:
    """The plain body: a sentence, a list of facts, the policy's text."""
    lines = [page.sentence, *filter(None, [page.reason]), ""]
    width = max((len(label) for label, _ in page.rows), default=0) + len(page.words.between)
    for label, value in page.rows:
        lines.append(f"{label}{page.words.between}".ljust(width) + value)
    _, extra = simple_html(page.extra)
    if extra:
        lines += ["", "--------", extra]
    return "\n".join(lines) + "\n"
