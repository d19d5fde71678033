"""SIP as values and machines (RFC 3261 and what grew on it).

Purpose: turn bytes from peers into a few effects that a telephone understands (offered,
established, ended) and its verbs into bytes. Border: no sockets, no clock, no names resolved; time
and chance come in as arguments, `endpoint.Endpoint` is the only door. Why so: a ladder of small
layers (grammar, uri, headers, message, parse → transaction, ledger → dialog → call → endpoint),
each with its tables in the words of the RFC, can be proved by walking from deadline to deadline,
and no peer can stop the server with a message. The media side never looks in here.
"""
