"""Messages on their way to a mailbox: the spool, the mail that is made of them, and who takes it.

Purpose: what a caller said is durable here first (`spool`), becomes a MIME message (`outgoing`,
`compose`, `attachment`) and is handed over (`mailers` opens one of `maildir` and `smtp`). Border:
`roles.delivery` decides when something is tried; nothing here knows calls or the schedule.

The spool is a door with rooms behind it: `intake` makes messages (each a `draft`), `cabinet` has
them on the disk, `recovery` finds them there at a start, `queue` remembers them, `arrears` and
`dividing` do what the disk refused.

Why so: a message is a folder that is never written in place. Its whole fate stands in the folder's
place and name (`drafts/<id>`, `queue/<id>.voice.important`, `dead/<id>.missed`), so that every step
from one state to the next is one `rename`, which a crash leaves either undone or done. Files inside
are made complete and synced before the rename that makes them count; folders are synced after it.
Everything that waits for a disk runs in threads; sound is encoded in a process of its own.

A message to several people is one folder until it is in the queue, and then one for each of them,
which share its sound by hard links (`copies`): each is tried, deferred and buried by itself. The
original goes when all are there and before any is delivered, so nobody is left out or served twice.

SMTP and LMTP are spoken by a client of our own (`handover`, `replies`, `login`, `stuffing`,
`paths`): a core without I/O, since whose fault a refusal is decides whether a message waits or
becomes a dead letter, and since Twisted's client knows no LMTP and rewrites line ends.
"""
