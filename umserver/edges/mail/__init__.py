"""Messages on their way to a mailbox: the spool, the mail that is made of them, and who takes it.

Purpose: what a caller said is durable first (`spool`), becomes a MIME message (`compose`,
`attachment`, `notice`) and is handed over (`mailers` opens one of `maildir` and `smtp`); in the
mailbox it is found again (`maildir` or `imap`). Border: `roles.delivery` decides when something is
tried; nothing here knows calls or the schedule.

Why so: what waits for a disk or a server is apart from what a mail looks like, which is computed
alone; sound is encoded in a process of its own (`encoder`, `worker`).
"""
