"""What a softphone does once it is answered: wait for the beep, speak, press keys, hang up.

Knows: one call, a clock. Must never know: command lines, files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from umserver.edges.net.softphone.ear import Ear
from umserver.interfaces import Clip
from umserver.wire.audio import g711, tones
from umserver.wire.audio.pcm import Pcm
from umserver.wire.rtp.telephone_event import KEYS

if TYPE_CHECKING:
    from umserver.edges.net.softphone.outgoing import OutgoingCall

PAUSE = ","
WAYS = ("rfc4733", "info", "inband")
"""How keys can be pressed."""

_BETWEEN_KEYS = 0.3
_FOREVER = 1e9


class BadKeys(ValueError):
    """A key script holds something that is no key."""


def checked_keys(text: str) -> str:
    """A key script: keys and `,` for a pause of a second. Raises BadKeys."""
    keys = text.upper().replace(" ", "")
    for key in keys:
        if key not in KEYS + PAUSE:
            raise BadKeys(f"{key!r} is no key ({KEYS}, and {PAUSE!r} for a pause)")
    return keys


def clip_of(name: str, pcm: Pcm) -> Clip:
    """Samples as a clip in both laws."""
    return Clip(name, g711.encode_both(pcm))


@frozen
class Script:
    """What to do in a call, in this order."""

    clips: tuple[Clip, ...] = ()
    """What to say."""
    wait_for_beep: bool = True
    """Say it after the beep; else at once."""
    beep_patience: float = 45.0
    """Seconds to wait for a beep before speaking all the same."""
    keys: str = ""
    """A key script, pressed after what was said."""
    way: str = "rfc4733"
    seconds: float | None = None
    """Hang up so many seconds after the answer; None: when the script is done."""
    linger: float = 3.0
    """Seconds that the peer has to hang up itself once the script is done."""
    listen_only: bool = field(init=False)

    @listen_only.default
    def _has_nothing_to_do(self) -> bool:
        return not self.clips and not self.keys


async def perform(
    script: Script, call: OutgoingCall, ear: Ear, clock: IReactorTime, say: Callable[[str], None]
) -> None:
    """Act the script out in an answered call; returns when the call is over."""
    call.record(ear, _FOREVER, _FOREVER)
    if script.seconds is not None:
        alarm = clock.callLater(script.seconds, call.hang_up)
        call.ended.addCallback(_cancelling(alarm))
    await _speak(script, call, ear, clock, say)
    await _press(script, call, clock, say)
    if script.seconds is None and not script.listen_only:
        await pause(clock, script.linger, call)
        if call.over is None:
            say("hanging up")
            call.hang_up()
    await over(call)


async def _speak(
    script: Script, call: OutgoingCall, ear: Ear, clock: IReactorTime, say: Callable[[str], None]
) -> None:
    if not script.clips:
        return
    if script.wait_for_beep and not await beep(ear, clock, script.beep_patience, call):
        say("no beep heard")
    if call.over is None:
        say(f"speaking for {sum(clip.seconds for clip in script.clips):.1f} s")
        await call.play(script.clips)


async def _press(
    script: Script, call: OutgoingCall, clock: IReactorTime, say: Callable[[str], None]
) -> None:
    for key in script.keys:
        if call.over is not None:
            return
        if key == PAUSE:
            await pause(clock, 1.0, call)
            continue
        say(f"pressing {key}")
        if script.way == "info":
            call.send_info(key)
        elif script.way == "inband":
            await call.play([clip_of(f"key-{key}", tones.dtmf(key, 0.12))])
        else:
            await call.send_digits(key)
        await pause(clock, _BETWEEN_KEYS, call)


async def pause(clock: IReactorTime, seconds: float, call: OutgoingCall) -> None:
    """Wait so long, or until the call is over."""
    await _first(clock, seconds, call, Deferred())


async def beep(ear: Ear, clock: IReactorTime, seconds: float, call: OutgoingCall) -> bool:
    """Wait until a beep was heard, at most so long or until the call is over; False without one."""
    heard: Deferred[None] = Deferred()
    before = ear.on_beep

    def notice() -> None:
        if before is not None:
            before()
        if not heard.called:
            heard.callback(None)

    if not ear.beeps:
        ear.on_beep = notice
        await _first(clock, seconds, call, heard)
        ear.on_beep = before
    return ear.beeps > 0


async def over(call: OutgoingCall) -> None:
    """Wait until the call is over."""
    if call.over is None:
        await _also(call.ended)


async def _first(
    clock: IReactorTime, seconds: float, call: OutgoingCall, other: Deferred[None]
) -> None:
    done: Deferred[None] = Deferred()

    def finish(_: object = None) -> None:
        if not done.called:
            done.callback(None)

    alarm = clock.callLater(seconds, finish)
    other.addCallback(finish)
    if call.over is not None:
        finish()
    _also(call.ended).addCallback(finish)
    await done
    if alarm.active():
        alarm.cancel()


def _also(source: Deferred[str]) -> Deferred[str]:
    """A Deferred that fires with the same result and leaves the source's alone."""
    copy: Deferred[str] = Deferred()

    def pass_on(result: str) -> str:
        copy.callback(result)
        return result

    source.addCallback(pass_on)
    return copy


def _cancelling(alarm: IDelayedCall) -> Callable[[str], str]:
    def cancel(result: str) -> str:
        if alarm.active():
            alarm.cancel()
        return result

    return cancel
