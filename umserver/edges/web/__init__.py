"""The pages: what a person or a monitoring system sees of a running server, on loopback.

Purpose: `/livez`, `/readyz`, `/status` and one page to look at. Border: what is shown is handed in
as callables (`site.open_site`); nothing here knows calls, stores or queues, and nothing can be
changed from here. Why so: these pages are read by machines every few seconds and by whoever opens
a browser on that machine, so they hold no number, name or text of any call.
"""
