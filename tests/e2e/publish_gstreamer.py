#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A publisher by GStreamer's webrtcbin: test picture and tone by WHIP.  usage: publish_gstreamer.py URL SECONDS
Prints one JSON line: {"location": …, "state": …, "deleted": …}. Its DTLS has an MTU of 256 bytes."""
import json
import sys
import urllib.request
from urllib.parse import urljoin

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PIPELINE = """webrtcbin name=peer bundle-policy=max-bundle
    videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=20/1 ! vp8enc deadline=1 keyframe-max-dist=40 ! rtpvp8pay pt=96 picture-id-mode=15-bit
        ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! peer.
    audiotestsrc is-live=true ! audioconvert ! opusenc ! rtpopuspay pt=111 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! peer."""


def call(method, url, body=None):
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": "application/sdp"} if body else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status, dict(answer.headers), answer.read().decode()


class Publisher:
    def __init__(self, url, seconds):
        self.url, self.seconds, self.location, self.state = url, seconds, None, "new"
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.peer = self.pipeline.get_by_name("peer")
        self.loop = GLib.MainLoop()
        self.peer.connect("on-negotiation-needed", self.negotiate)
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        self.peer.connect("notify::connection-state", self.changed)

    def negotiate(self, peer):
        self.peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered, None))

    def offered(self, promise, _):
        reply = promise.get_reply()  # the offer lies in it
        self.peer.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def gathered(self, peer, _):
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.post)

    def post(self):
        offer = self.peer.get_property("local-description").sdp.as_text()
        _, headers, text = call("POST", self.url, offer.encode())
        self.location = urljoin(self.url, headers["Location"])
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        self.peer.emit("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp), Gst.Promise.new())
        GLib.timeout_add(int(self.seconds * 1000), self.loop.quit)

    def changed(self, peer, _):
        self.state = peer.get_property("connection-state").value_nick

    def run(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        status = call("DELETE", self.location)[0]
        self.pipeline.set_state(Gst.State.NULL)
        print(json.dumps(dict(location=self.location, state=self.state, deleted=status)))


Gst.init(None)
Publisher(sys.argv[1], float(sys.argv[2])).run()
