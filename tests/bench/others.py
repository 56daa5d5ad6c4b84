# SPDX-License-Identifier: BSD-3-Clause
"""Twenty SRTP flows that go on being recorded while something is done to the recorder: none of their packets may be lost."""
import json
import os
import signal

import measure
import store

FLOWS = 20
PROFILE = "AES_CM_128_HMAC_SHA1_80"
ROOM = "others"


class Others:
    """Opened and sent from the beginning until end(). Opus: each packet is a frame of the recording."""

    def __init__(self, rig):
        self.rig, self.sessions = rig, []
        self.account = os.path.join(rig.dir, "others.json")
        plan = os.path.join(rig.dir, "others.plan")
        with open(plan, "w") as f:
            for i in range(FLOWS):
                key, ssrc = store.random_key(i), 5000 + i
                track = dict(id=f"a{i}", codec="opus", payload_type=111, clock_rate=48000, channels=2, ssrc=ssrc, srtp=dict(profile=PROFILE, key=key))
                s = rig.open([track], room=ROOM, participant=f"p{i}", idle_timeout_s=600)
                self.sessions.append(s["id"])
                f.write(f"10.77.0.1 {s['port']} {ssrc} 111 opus {PROFILE} {key}\n")
        self.sender = rig.netns(*measure.pinned(measure.OTHER_CPU, measure.program("tools/gen/wirespool-gen"), "--plan", plan, "--duration", 36000, "--no-bye",
                                                "--account", self.account))

    def end(self):
        """How many packets were sent; raises when they are not what was recorded."""
        self.sender.send_signal(signal.SIGINT)
        if self.sender.wait(30):
            raise measure.Failed(f"wirespool-gen ended with {self.sender.returncode} while it sent {FLOWS} flows")
        for sid in self.sessions:
            self.rig.finish(sid)
        with open(self.account) as f:
            sent = json.load(f)["totals"]["packets_sent"]
        recorded = sum(r["frames"] for r in self.rig.listing(f"?room={ROOM}&limit=1000"))
        if recorded != sent:
            raise measure.Failed(f"of {sent} packets that {FLOWS} other flows sent meanwhile {recorded} were recorded: were wirespool_lcore_drops or port rx_missed counted?")
        return sent
