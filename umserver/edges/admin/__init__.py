"""The administrator's door: the control socket of a running server, and the words of `umctl`.

Purpose: `socket_path`, `control` and `ask` are the two ends of a UNIX socket in the state folder;
the other modules turn what an administrator types into acts, and what came of them into text: a
`cmdlet` takes what it was `given` for its `parameter`s and reaches a `desk`; an `outcome` is shown.
Border: stores and spools are handed in (`umserver.command` puts them together); everything that can
be typed is derived from the declarations in `umserver.org.settings`. Why so: a setting that is
declared has its parameter, its check and its help at once, and nothing else to be kept in step.
"""
