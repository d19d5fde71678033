"""Everything that can be said: prompts, text to speech, recorded overrides, the shelf.

Purpose: `shelf.PromptShelf` gives call scripts their clips (`umserver.interfaces.IPromptShelf`).
Border: text and language in, clips encoded for the wire out. No call, no phone, no settings store.
Why so: the speech engine is a C library that may be slow or die, so it lives in a worker process
(`worker`), reached through `voice`; what it said once is kept on disk (`cache`) and, for the
catalogue, in memory, so that a call never waits for it. A recording by a person always wins over
the engine. Another engine is another `IVoice`.
"""
