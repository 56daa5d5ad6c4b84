// SPDX-License-Identifier: BSD-3-Clause
// Many WebRTC sessions of one process by libdatachannel (node-datachannel): each publishes the same packets by WHIP.
// usage: node publish_datachannel.mjs URL_PREFIX SESSIONS PACKETS_FILE [SECONDS_BETWEEN_STARTS]
// PACKETS_FILE: records of  u32 at_us | u8 video | u8 marker | u32 rtp_time | u16 bytes | payload, little-endian (senders.py)
// Prints one JSON line: {"connected":N,"sent":N,"failed":[…]}; a room per session: URL_PREFIX<i>
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(new URL("./npm/", import.meta.url));
const { PeerConnection, Video, Audio, RtcpNackResponder, RtpPacketizationConfig, RtcpSrReporter, cleanup } = require("node-datachannel");

const [prefix, sessions, file, between = "0.02"] = process.argv.slice(2);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const bytes = readFileSync(file);
const packets = [];
for (let at = 0; at < bytes.length;) {
  const length = bytes.readUInt16LE(at + 10);
  packets.push({ us: bytes.readUInt32LE(at), video: bytes[at + 4], marker: bytes[at + 5], time: bytes.readUInt32LE(at + 6), payload: bytes.subarray(at + 12, at + 12 + length) });
  at += 12 + length;
}

class Publisher {
  constructor(index) {
    this.index = index;
    this.sent = 0;
    const pc = this.pc = new PeerConnection(`p${index}`, { iceServers: [], disableAutoNegotiation: true });
    this.tracks = [this.add(new Audio("0", "SendOnly"), 111, index * 2 + 1001, (m) => m.addOpusCodec(111)), this.add(new Video("1", "SendOnly"), 96, index * 2 + 1002, (m) => m.addVP8Codec(96))];
    this.seq = [1000 + index, 60000 + index];
  }

  add(media, type, ssrc, codec) {
    codec(media);
    media.addSSRC(ssrc, `c${this.index}`, `s${this.index}`, `t${ssrc}`);
    const track = this.pc.addTrack(media);
    const config = new RtpPacketizationConfig(ssrc, `c${this.index}`, type, type === 96 ? 90000 : 48000);
    track.setMediaHandler(new RtcpSrReporter(config));
    return { track, type, ssrc };
  }

  async start() {
    const gathered = new Promise((done) => this.pc.onGatheringStateChange((s) => s === "complete" && done()));
    const connected = new Promise((done, fail) => this.pc.onStateChange((s) => (s === "connected" ? done() : s === "failed" ? fail(new Error("failed")) : null)));
    this.pc.setLocalDescription("offer");
    await gathered;
    const answer = await fetch(`${prefix}${this.index}?participant=p${this.index}`, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: this.pc.localDescription().sdp });
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`${answer.status} ${text}`);
    this.location = new URL(answer.headers.get("Location"), prefix).href;
    this.pc.setRemoteDescription(text, "answer");
    await Promise.race([connected, sleep(30000).then(() => { throw new Error("not connected"); })]);
  }

  send(packet) {
    const { track, type, ssrc } = this.tracks[packet.video];
    const out = Buffer.alloc(12 + packet.payload.length);
    out[0] = 0x80;
    out[1] = (packet.marker ? 0x80 : 0) | type;
    out.writeUInt16BE(this.seq[packet.video], 2);
    this.seq[packet.video] = (this.seq[packet.video] + 1) & 0xffff;
    out.writeUInt32BE(packet.time >>> 0, 4);
    out.writeUInt32BE(ssrc, 8);
    packet.payload.copy(out, 12);
    if (track.isOpen() && track.sendMessageBinary(out)) this.sent++;
  }
}

const failed = [];
const all = [];
for (let i = 0; i < Number(sessions); i++) {
  const p = new Publisher(i);
  all.push(p.start().then(() => p, (error) => { failed.push(`${i}: ${error.message}`); return null; }));
  await sleep(Number(between) * 1000);
}
const live = (await Promise.all(all)).filter(Boolean);
const began = performance.now();
for (const packet of packets) {
  const wait = packet.us / 1000 - (performance.now() - began);
  if (wait > 1) await sleep(wait);
  for (const p of live) p.send(packet);
}
await sleep(500);
for (const p of live) await fetch(p.location, { method: "DELETE" });
console.log(JSON.stringify({ connected: live.length, sent: live.reduce((n, p) => n + p.sent, 0), packets: packets.length, failed: failed.slice(0, 5) }));
for (const p of live) p.pc.close();
cleanup();
process.exit(failed.length ? 1 : 0);
