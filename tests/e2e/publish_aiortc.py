#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A publisher by aiortc: a clip's audio and video by WHIP.  usage: publish_aiortc.py URL MEDIA_FILE SECONDS
Prints one JSON line: {"location": …, "state": …, "stats": {…}}. (Debian's python3-aiortc: /usr/bin/python3.)"""
import asyncio
import json
import sys
import urllib.request
from urllib.parse import urljoin

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer


def call(method, url, body=None, kind=None):
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind} if kind else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, dict(answer.headers), answer.read().decode()


async def main(url, media, seconds):
    pc = RTCPeerConnection()
    player = MediaPlayer(media)
    for track in (player.audio, player.video):
        if track:
            pc.addTransceiver(track, direction="sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    status, headers, answer = await asyncio.to_thread(call, "POST", url, pc.localDescription.sdp.encode(), "application/sdp")
    await pc.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    for _ in range(100):
        if pc.connectionState in ("connected", "failed"):
            break
        await asyncio.sleep(0.1)
    state = pc.connectionState
    await asyncio.sleep(seconds)
    report = await pc.getStats()
    stats = {s.kind: dict(packets=s.packetsSent, bytes=s.bytesSent) for s in report.values() if s.type == "outbound-rtp"}
    location = urljoin(url, headers["Location"])
    await pc.close()
    status, _, _ = await asyncio.to_thread(call, "DELETE", location)
    print(json.dumps(dict(location=location, state=state, stats=stats, deleted=status)))


asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
