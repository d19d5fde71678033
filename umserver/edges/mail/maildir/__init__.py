"""Mailboxes that are folders on our own disk, as any IMAP server can serve them.

Purpose: mails are put there (`mailer`), found and changed there (`mailboxes`, each a `mailbox`),
and seen to change when a mail program works on them (`folder_watch`). Border: nothing here knows
calls.

Why so: what is new, read and deleted stands in the names of files alone, where mail programs see
and change it too; there is no second truth beside it.
"""
