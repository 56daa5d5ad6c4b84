// SPDX-License-Identifier: BSD-3-Clause
// Runs in the page: sources with known content, a WHIP client (RFC 9725), and what getStats says of it.
const publisher = { pc: null, location: null, etag: null, headers: {}, marks: [] };

// A picture that any encoder finds hard: so much noise that the bit rate is what the sender is allowed.
publisher.canvas = (width, height, fps, kind) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { alpha: false });
  const noise = context.createImageData(width, height / 4 | 0);
  let drawn = 0;
  const draw = () => {
    const words = new Uint32Array(noise.data.buffer);
    if (kind === "noise") {
      for (let i = 0; i < words.length; i++) words[i] = (Math.random() * 0xffffff) | 0xff000000;
      context.putImageData(noise, 0, (drawn * 7) % height);
    } else {
      context.fillStyle = publisher.flash ? "#fff" : "#000";
      context.fillRect(0, 0, width, height);
    }
    context.fillStyle = "#888";
    context.fillRect((drawn * 5) % width, height * 0.9, 20, 10);
    drawn++;
  };
  draw();
  publisher.drawing = setInterval(draw, 1000 / fps);
  return canvas.captureStream(fps).getVideoTracks()[0];
};

// Flashes of the canvas and beeps at the same instants, every second; publisher.marks says when each was made.
publisher.flashes = (width, height, fps) => {
  const audio = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
  const out = audio.createMediaStreamDestination();
  const gain = audio.createGain();
  const tone = audio.createOscillator();
  tone.frequency.value = 1000;
  gain.gain.value = 0;
  tone.connect(gain).connect(out);
  tone.start();
  const video = publisher.canvas(width, height, fps, "flash");
  let next = performance.now() + 1000;
  const tick = () => {
    const now = performance.now();
    if (!publisher.flash && now >= next) {
      publisher.flash = true;
      const at = audio.currentTime;
      gain.gain.setValueAtTime(0.8, at);
      gain.gain.setValueAtTime(0, at + 0.1);
      publisher.marks.push({ now, audio: at });
      next += 1000;
      setTimeout(() => { publisher.flash = false; }, 200);
    }
    setTimeout(tick, 1);
  };
  tick();
  return [video, out.stream.getAudioTracks()[0]];
};

publisher.start = async ({ url, token, audio, video, codec, simulcast, maxBitrate, hint, width = 640, height = 360, fps = 30 }) => {
  const pc = publisher.pc = new RTCPeerConnection();
  pc.oniceconnectionstatechange = () => console.log("ice", pc.iceConnectionState);
  pc.onconnectionstatechange = () => console.log("connection", pc.connectionState);
  const tracks = [];
  if (video === "flash") tracks.push(...publisher.flashes(width, height, fps));
  else if (video === "noise") tracks.push(publisher.canvas(width, height, fps, "noise"));
  else if (video === "screen") tracks.push((await navigator.mediaDevices.getDisplayMedia({ video: true })).getVideoTracks()[0]);
  else if (video === "camera") tracks.push((await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate: fps } })).getVideoTracks()[0]);
  if (audio === "mic") tracks.push((await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0]);
  for (const track of tracks.sort((a, b) => (a.kind < b.kind ? -1 : 1))) {
    if (track.kind === "video" && hint) track.contentHint = hint;
    const encodings = track.kind === "video" ? simulcast ?? [maxBitrate ? { maxBitrate } : {}] : [{}];
    const transceiver = pc.addTransceiver(track, { direction: "sendonly", sendEncodings: encodings });
    if (track.kind === "video" && codec) {
      const all = RTCRtpSender.getCapabilities("video").codecs;
      const first = all.filter((c) => c.mimeType.toLowerCase() === `video/${codec}`.toLowerCase());
      if (!first.length) throw new Error(`this browser has no ${codec}`);
      transceiver.setCodecPreferences([...first, ...all.filter((c) => /rtx|red|ulpfec|flexfec/.test(c.mimeType))]);
    }
  }
  publisher.headers = token ? { Authorization: `Bearer ${token}` } : {};
  await pc.setLocalDescription();
  const answer = await fetch(url, { method: "POST", headers: { "Content-Type": "application/sdp", ...publisher.headers }, body: pc.localDescription.sdp });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`POST: ${answer.status} ${text}`);
  publisher.location = new URL(answer.headers.get("Location"), url).href;
  publisher.etag = answer.headers.get("ETag");
  await pc.setRemoteDescription({ type: "answer", sdp: text });
  return { location: publisher.location, etag: publisher.etag, offer: pc.localDescription.sdp, answer: text };
};

publisher.connected = () => new Promise((resolve, reject) => {
  const pc = publisher.pc;
  const look = () => pc.connectionState === "connected" ? resolve(true) : pc.connectionState === "failed" ? reject(new Error("connection failed")) : null;
  pc.addEventListener("connectionstatechange", look);
  look();
  setTimeout(() => reject(new Error(`not connected: ice ${pc.iceConnectionState}, dtls ${pc.sctp?.transport?.state ?? pc.getSenders()[0]?.transport?.state}`)), 15000);
});

publisher.stats = async () => {
  const report = await publisher.pc.getStats();
  const all = [...report.values()];
  const pair = report.get(all.find((s) => s.type === "transport")?.selectedCandidatePairId);
  return {
    outbound: all.filter((s) => s.type === "outbound-rtp"),
    remote: all.filter((s) => s.type === "remote-inbound-rtp"),
    sources: all.filter((s) => s.type === "media-source"),
    pair, estimate: pair?.availableOutgoingBitrate,
    state: publisher.pc.connectionState, marks: publisher.marks,
  };
};

// An ICE restart by WHIP's PATCH (RFC 9725 section 4.3.2).
publisher.restart = async () => {
  const pc = publisher.pc;
  pc.restartIce();
  await pc.setLocalDescription();
  const sdp = pc.localDescription.sdp;
  const take = (name) => sdp.match(new RegExp(`a=${name}:(\\S+)`))[1];
  const body = `a=ice-ufrag:${take("ice-ufrag")}\r\na=ice-pwd:${take("ice-pwd")}\r\na=group:BUNDLE 0 1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n`;
  const answer = await fetch(publisher.location, { method: "PATCH", body,
    headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": publisher.etag, ...publisher.headers } });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`PATCH: ${answer.status} ${text}`);
  publisher.etag = answer.headers.get("ETag");
  const ours = (name) => text.match(new RegExp(`a=${name}:(\\S+)`))[1];
  const candidates = [...text.matchAll(/a=candidate:.*/g)].map((m) => m[0]);
  let remote = pc.currentRemoteDescription.sdp.replace(/a=ice-ufrag:\S+/g, `a=ice-ufrag:${ours("ice-ufrag")}`).replace(/a=ice-pwd:\S+/g, `a=ice-pwd:${ours("ice-pwd")}`);
  await pc.setRemoteDescription({ type: "answer", sdp: remote });
  return { etag: publisher.etag, candidates };
};

// No more media; what is on its way has time to arrive. Then the counts of getStats are final.
publisher.halt = async () => {
  for (const sender of publisher.pc.getSenders()) await sender.replaceTrack(null);
  await new Promise((done) => setTimeout(done, 700));
};

publisher.stop = async () => {
  const answer = await fetch(publisher.location, { method: "DELETE", headers: publisher.headers });
  publisher.pc.close();
  return answer.status;
};
