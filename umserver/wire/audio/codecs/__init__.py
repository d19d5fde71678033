"""One module a codec, each with `CODEC = Codec(…)`; the folder is the registry.

Purpose: a codec is added by adding a module here. Border: the coding alone, no packets. Why so:
whoever needs the list (SDP, media, settings) collects it, and nobody keeps a second one.
"""
