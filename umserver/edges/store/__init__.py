"""Where the organisation lives: settings, users, PINs, secrets, servers, and who changed what.

Purpose: `tables` says what a place to keep rows can do; `memory`, `sqlite` and `postgresql` are
such places (chosen by URL scheme, `backend`). `sheet` is one transaction in the SQL that the two
databases share, and `view` what it sees, with the change log in `ledger` and servers and states in
`roster`. `archive` keeps
an organisation in a place: `consistency` checks a change against the rest, `notes` makes it and
writes it into the change log. `settings` brings an archive to the reactor, in threads of its own.
`lamps` is what telephones were told, `lamp_store` brings it to a server. `recordings` are prompts
that were imported or recorded, `recorded` is how they are reached. `backup` copies an SQLite store,
`announcements` hears of commits in PostgreSQL. `component_file` keeps a server's own states,
`calls` writes the call records. Border: no module here knows calls in
progress, mail, or what a setting means; the checks are those of `umserver.org.parse`.

Why so: rows and the organisation in them are two matters, so a further database is one small
module, and `umctl` works on the archive directly, without a reactor and without a running server.
A change is checked and noted inside the transaction that makes it: two administrators at the same
time cannot together make a whole that neither of them saw, and log and settings cannot disagree.
Versions are revisions and never return. Users are never all in memory: they are looked up by
index, loaded and exported in parts.
"""
