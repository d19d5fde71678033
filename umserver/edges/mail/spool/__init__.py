"""The spool: from a caller's first word until a mail server has the message.

Purpose: nothing lost, nothing twice, whatever the disk or the machine does. Border: `spool` is the
only door; `roles.delivery` decides when something is tried; what a mail looks like is the matter of
the modules beside this package, `outgoing` alone asks them. Behind the door `intake` makes messages
(each a `draft`), `cabinet` has them on the disk, `recovery` finds them there at a start, `queue`
remembers them, `arrears` and `dividing` do what the disk refused.

Why so: a message is a folder that is never written in place. Its whole fate stands in the folder's
place and name (`drafts/<id>`, `queue/<id>.voice.important`, `dead/<id>.missed`), so that every step
from one state to the next is one `rename`, which a crash leaves either undone or done. Files inside
are made complete and synced before the rename that makes them count; folders are synced after it.
Everything that waits for a disk runs in threads.

A message to several people is one folder until it is in the queue, and then one for each of them,
which share its sound by hard links (`copies`): each is tried, deferred and buried by itself. The
original goes when all are there and before any is delivered, so nobody is left out or served twice.
"""
