# SPDX-License-Identifier: BSD-3-Clause
"""Other recorders, each fed the same flows in a namespace of its own on the senders' segment.

    namespace ws<pid>s (wirespool-gen)                namespace ws<pid>p
    ┌──────────────────────────┐       veth       ┌────────────────────────────┐
    │ 10.77.0.2/24  snd        ├──────────────────┤ 10.77.0.1/24  ws<pid>r     │  Janus, GStreamer or ffmpeg
    └──────────────────────────┘                  └────────────────────────────┘
"""
import base64
import glob
import json
import os
import signal
import socket
import struct
import subprocess
import time

import measure
from rig import Failed, Rig, check, run, wait_for

ADDRESS = "10.77.0.1"
FIRST_PORT = 20000
PAYLOAD_TYPE = 96
PROFILE = "AES_CM_128_HMAC_SHA1_80"


class Flow:
    def __init__(self, index, key, port=None):
        self.name, self.key, self.ssrc = f"flow{index}", key, 1000 + index
        self.port = port or FIRST_PORT + 2 * index

    def plan(self):
        """Its line of wirespool-gen's plan."""
        return f"{ADDRESS} {self.port} {self.ssrc} {PAYLOAD_TYPE} VP8 {PROFILE} {self.key}\n"


class Peer(Rig):
    """One that takes datagrams from the kernel's sockets. start_peer() begins to record @flows into self.sink, end_peer()
    ends it in good order, recorded() tells what there is of each flow; seconds() its CPU time since marked()."""

    def __init__(self, sink):
        self.sink, self.children, self.spent, self.begun = sink, [], 0.0, 0.0
        super().__init__(start=False)
        self.place = self.name + "p"
        try:
            run("ip", "netns", "add", self.place)
            run("ip", "link", "set", self.iface, "netns", self.place)
            run("ip", "-n", self.place, "addr", "add", ADDRESS + "/24", "dev", self.iface)
            for device in ("lo", self.iface):
                run("ip", "-n", self.place, "link", "set", device, "up")
        except BaseException:
            self.close()
            raise

    def close(self):
        for p in self.children:
            if p.poll() is None:
                p.kill()
                p.wait()
        super().close()
        subprocess.run(["ip", "netns", "del", self.name + "p"], stderr=subprocess.DEVNULL)

    def spawn(self, *argv, cpus=str(measure.POLL_CPU)):
        with open(os.path.join(self.dir, "peer.log"), "ab") as log:
            p = subprocess.Popen(["ip", "netns", "exec", self.place, *measure.pinned(cpus, *argv)], stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log, start_new_session=True)
        self.children.append(p)
        return p

    def listening(self, flows):
        """All ports of @flows are bound by what was started."""
        def bound():
            for p in self.children:
                check(p.poll() is None, f"{p.args[7]} ended with {p.returncode}: {self.log('peer')[-1200:]}")
            got = run("ip", "netns", "exec", self.place, "ss", "-Hlun")
            return all(f":{flow.port} " in got for flow in flows)
        wait_for("the peer's sockets", bound, 60, 0.2)

    def marked(self):
        self.begun = sum(measure.cpu_seconds(p.pid) for p in self.children)

    def reap(self, sig):
        """End all children; what they have spent until their very end is known then."""
        for p in self.children:
            os.kill(p.pid, sig)  # Popen.send_signal() would take the usage of one that has ended by itself
        for p in self.children:
            _, status, usage = wait_for(f"the end of {p.args[7]}", lambda p=p: [w for w in [os.wait4(p.pid, os.WNOHANG)] if w[0]], 60)[0]
            p.returncode = os.waitstatus_to_exitcode(status)
            self.spent += usage.ru_utime + usage.ru_stime

    def seconds(self):
        return self.spent - self.begun


JANUS_FOLDERS = "/usr/lib/*/janus"
JANUS = """
general: {{ plugins_folder = "{lib}/plugins" transports_folder = "{lib}/transports" debug_level = 2 session_timeout = 0
            protected_folders = [ "/bin" ] }}
nat: {{ full_trickle = true }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
JANUS_SOCKET = """
general: {{ enabled = true json = "compact" path = "{dir}/janus.sock" type = "SOCK_SEQPACKET" }}
admin: {{ admin_enabled = false }}
"""
JANUS_MOUNTPOINT = """
{flow.name}: {{ type = "rtp" id = {flow.ssrc} srtpsuite = 80 srtpcrypto = "{flow.key}"
    media = ( {{ type = "video" mid = "v" label = "v" iface = "10.77.0.1" port = {flow.port} pt = 96 codec = "vp8" }} ) }}
"""


class Janus(Peer):
    """Janus: a streaming mountpoint each, recorded as packets in .mjr files."""
    unit = "packets"

    def start_peer(self, flows):
        lib = next(iter(glob.glob(JANUS_FOLDERS)), None)
        check(lib, "Janus is not installed: tools/deps bench")

        def others(kind, but):
            return ",".join(os.path.basename(p) for p in glob.glob(f"{lib}/{kind}/*.so") if but not in p)
        self._write("janus.jcfg", JANUS.format(lib=lib, plugins=others("plugins", "streaming"), transports=others("transports", "pfunix")))
        self._write("janus.transport.pfunix.jcfg", JANUS_SOCKET.format(dir=self.dir))
        self._write("janus.plugin.streaming.jcfg", "".join(JANUS_MOUNTPOINT.format(flow=flow) for flow in flows))
        p = self._start()
        self.listening(flows)
        run("taskset", "-a", "-p", "-c", str(measure.POLL_CPU), str(p.pid))
        self.flows, self.api_socket = flows, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wait_for("Janus' socket", lambda: self.api_socket.connect_ex(os.path.join(self.dir, "janus.sock")) == 0, 20)
        self.session_id = self._ask("create")["data"]["id"]
        self.handle_id = self._ask("attach", plugin="janus.plugin.streaming")["data"]["id"]
        for flow in flows:
            self._recording(flow, "start", [dict(mid="v", filename=os.path.join(self.sink, flow.name))])

    def _start(self):
        """Janus' process. 1.1.2 asks its socket transport whether it is enabled before that one's thread has said so, and on
        one CPU it nearly always ends for that: it starts on any, and again when it has lost the race nevertheless."""
        for _ in range(10):
            p = self.spawn("janus", "--configs-folder", self.dir, "--disable-colors", cpus=f"0-{os.cpu_count() - 1}")
            wait_for("Janus", lambda p=p: p.poll() is not None or os.path.exists(os.path.join(self.dir, "janus.sock")), 30, 0.05)
            time.sleep(0.3)
            if p.poll() is None:
                return p
            self.children.remove(p)
        raise Failed(f"Janus does not start: {self.log('peer')[-1200:]}")

    def _write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)

    def _ask(self, what, **more):
        where = {k: getattr(self, k) for k in ("session_id", "handle_id") if hasattr(self, k)}
        self.api_socket.send(json.dumps(dict(janus=what, transaction="t", **where, **more)).encode())
        answer = json.loads(self.api_socket.recv(65536))
        check(answer["janus"] == "success", f"Janus refuses {what}: {answer}")
        return answer

    def _recording(self, flow, action, media):
        body = dict(request="recording", action=action, id=flow.ssrc, media=media)
        answer = self._ask("message", body=body)["plugindata"]["data"]
        check("error" not in answer, f"Janus cannot {action} recording {flow.name}: {answer}")

    def end_peer(self):
        for flow in self.flows:
            self._recording(flow, "stop", ["v"])
        self.api_socket.close()
        self.reap(signal.SIGTERM)

    def recorded(self, flow):
        return mjr_packets(next(iter(glob.glob(os.path.join(self.sink, flow.name + "*.mjr")))))


def mjr_packets(path):
    """RTP packets of a Janus recording: "MJR00002", a length, its JSON, then "MEET", milliseconds, a length, a packet each."""
    with open(path, "rb") as f:
        data = f.read()
    check(data[:3] == b"MJR", f"{path}: no Janus recording")
    at, count = 10 + struct.unpack(">H", data[8:10])[0], 0
    while at + 10 <= len(data):
        at += 10 + struct.unpack(">H", data[at + 8:at + 10])[0]
        count += 1
    return count


class GStreamer(Peer):
    """GStreamer: a pipeline each in one process, recorded as Matroska."""
    unit = "frames"
    PIPELINE = ("udpsrc address={address} port={flow.port} buffer-size=4194304 caps=application/x-srtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000,"
                "ssrc=(uint){flow.ssrc},srtp-key=(buffer){key},srtp-cipher=aes-128-icm,srtp-auth=hmac-sha1-80,srtcp-cipher=aes-128-icm,srtcp-auth=hmac-sha1-80 "
                "! srtpdec ! rtpjitterbuffer ! rtpvp8depay ! matroskamux ! filesink location={sink}/{flow.name}.mkv")

    def start_peer(self, flows):
        pipelines = [self.PIPELINE.format(address=ADDRESS, flow=flow, key=base64.b64decode(flow.key).hex(), sink=self.sink) for flow in flows]
        self.spawn("gst-launch-1.0", "-q", "-e", *" ".join(pipelines).split())
        self.listening(flows)

    def end_peer(self):
        self.reap(signal.SIGINT)

    def recorded(self, flow):
        return int(run("ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0",
                       os.path.join(self.sink, flow.name + ".mkv")).strip() or 0)


class Ffmpeg(Peer):
    """ffmpeg: a process each, by SDP with the key, copied to IVF."""
    unit = "frames"
    SDP = ("v=0\no=- 1 1 IN IP4 {address}\ns=bench\nc=IN IP4 {address}\nt=0 0\nm=video {flow.port} RTP/SAVP 96\na=rtpmap:96 VP8/90000\n"
           "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{flow.key}\n")

    def start_peer(self, flows):
        for flow in flows:
            sdp = os.path.join(self.dir, flow.name + ".sdp")
            with open(sdp, "w") as f:
                f.write(self.SDP.format(address=ADDRESS, flow=flow))
            self.spawn("ffmpeg", "-v", "error", "-nostdin", "-protocol_whitelist", "file,crypto,udp,rtp,srtp", "-buffer_size", "4194304", "-analyzeduration", "500000",
                       "-i", sdp, "-c", "copy", os.path.join(self.sink, flow.name + ".ivf"))
        self.listening(flows)

    def end_peer(self):
        self.reap(signal.SIGINT)

    def recorded(self, flow):
        with open(os.path.join(self.sink, flow.name + ".ivf"), "rb") as f:
            data, count = f.read(), 0
        at = 32
        while at + 12 <= len(data):
            at += 12 + struct.unpack("<I", data[at:at + 4])[0]
            count += 1
        return count


PEERS = {"Janus": Janus, "GStreamer": GStreamer, "ffmpeg": Ffmpeg}
