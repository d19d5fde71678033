"""Where the organisation lives: settings, users, their PINs, the server's secrets, the calls.

Purpose: `tables` says what a place to keep rows can do, `memory` and `sqlite` are such places
(chosen by URL scheme, `backend`), `archive` keeps an organisation in one, and `settings` brings an
archive to the reactor. `calls` writes the call records. Border: no module here knows calls in
progress, mail, or what a setting means; the checks are those of `umserver.org.parse`.

Why so: rows and the organisation in them are two matters, so a further database is one small
module, and `umctl` works on the archive directly, without a reactor and without a running server.
A change is checked inside the transaction that makes it: two administrators at the same time
cannot together make a whole that neither of them saw.
"""
