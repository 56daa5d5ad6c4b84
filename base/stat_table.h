/* SPDX-License-Identifier: BSD-3-Clause */
/* Every counter, one row each: STAT(SCOPE, ID, KIND, unit, sentence)
 *
 * SCOPE  PROC (the dataplane process, written by its command thread), PORT, LCORE, FLOW (a track's half that its lcore
 *        writes), WRITER, TRACK (a track's half that its writer writes). FLOW and TRACK share their index. Of FLOW the
 *        first seven are written with every packet: they share a cache line.
 * KIND   COUNTER (only grows, but for a slot's reuse), GAUGE, HIST (a histogram: several words, written by stat_hist_add)
 * The Prometheus name is wirespool_<scope>_<id>[_total], of a histogram _bucket, _sum and _count.
 * Drop reasons are counters named drop_<reason>, in Prometheus wirespool_<scope>_drops_total{reason="<reason>"}: what goes
 * into an lcore comes out of it, by the equation in base/balance.h.
 */
#define STAT_TABLE(STAT) \
	STAT(PROC, start_unix_ns, GAUGE, ns, "When the dataplane started.") \
	STAT(PROC, sessions_open, GAUGE, sessions, "Sessions that wait, record or finalise.") \
	STAT(PROC, tracks_open, GAUGE, tracks, "Tracks of open sessions.") \
	STAT(PROC, sessions_opened, COUNTER, sessions, "Sessions opened since start.") \
	STAT(PROC, sessions_failed, COUNTER, sessions, "Sessions that ended with an error.") \
	STAT(PROC, recordings_finished, COUNTER, files, "Files finished: renamed and durable, with their sidecar.") \
	STAT(PROC, recordings_repaired, COUNTER, files, "Parts of a crash that were repaired at start.") \
	STAT(PROC, recordings_failed, COUNTER, files, "Files that could not be finished; their parts are kept.") \
	STAT(PROC, disk_free_bytes, GAUGE, bytes, "Free space where the recordings are.") \
	STAT(PROC, disk_error, GAUGE, errno, "errno of the last failure to write to record.dir, 0 once a write works again.") \
	STAT(PROC, huge_pages, GAUGE, bool, "Whether packets lie in huge pages; 0: in plain memory, the small form.") \
	STAT(PROC, mbufs_in_use, GAUGE, buffers, "Packet buffers taken from the pool.") \
	STAT(PROC, dtls_in_lost, COUNTER, packets, "DTLS datagrams that control was not there for, or did not read.") \
	STAT(PROC, dtls_out_lost, COUNTER, packets, "DTLS datagrams of control's beyond what is sent at a time, or of a session that has ended.") \
	STAT(PORT, rx_pkts, COUNTER, packets, "Packets received by the port.") \
	STAT(PORT, rx_bytes, COUNTER, bytes, "Bytes received by the port.") \
	STAT(PORT, tx_pkts, COUNTER, packets, "Packets sent by the port.") \
	STAT(PORT, rx_missed, COUNTER, packets, "Packets the port lost because no descriptor was free.") \
	STAT(PORT, rx_errors, COUNTER, packets, "Packets the port threw away as damaged.") \
	STAT(PORT, rx_nombuf, COUNTER, packets, "Packets lost because no packet buffer was free.") \
	STAT(PORT, restarts, COUNTER, events, "Times that the port began to count anew, as memif does when its peer goes: what came in the last second before is not in the figures above.") \
	STAT(PORT, gateways_resolved, GAUGE, routers, "Gateways whose MAC address is known.") \
	STAT(PORT, link_up, GAUGE, bool, "Whether the link is up.") \
	STAT(LCORE, rx_pkts, COUNTER, packets, "Packets taken from the RX queues.") \
	STAT(LCORE, rx_bytes, COUNTER, bytes, "Bytes taken from the RX queues.") \
	STAT(LCORE, forwarded_in, COUNTER, packets, "Packets taken over from other lcores.") \
	STAT(LCORE, forwarded_out, COUNTER, packets, "Packets passed to the lcore that owns their session.") \
	STAT(LCORE, answered, COUNTER, packets, "ARP, neighbour discovery, ICMP and STUN packets that were consumed or answered.") \
	STAT(LCORE, rtp_pkts, COUNTER, packets, "RTP packets accepted.") \
	STAT(LCORE, rtcp_pkts, COUNTER, packets, "RTCP datagrams accepted and consumed.") \
	STAT(LCORE, handed_pkts, COUNTER, packets, "RTP packets handed to writers.") \
	STAT(LCORE, handed_reports, COUNTER, packets, "Sender reports handed to writers; they count as rtcp_pkts, too.") \
	STAT(LCORE, stun_checks, COUNTER, packets, "STUN binding requests that were authentic; they count as answered, too.") \
	STAT(LCORE, punted_pkts, COUNTER, packets, "DTLS datagrams passed on to control.") \
	STAT(LCORE, held_pkts, COUNTER, packets, "Media that came before the DTLS handshake's end, kept for it.") \
	STAT(LCORE, released_pkts, COUNTER, packets, "Of these, those that went on when the keys were there, or were dropped.") \
	STAT(LCORE, rtx_pkts, COUNTER, packets, "Retransmissions received (RFC 4588).") \
	STAT(LCORE, fec_pkts, COUNTER, packets, "FEC packets received and consumed (RFC 5109, RFC 8627); ULPFEC among the numbers of media is handed on without payload.") \
	STAT(LCORE, recovered_pkts, COUNTER, packets, "Packets made from redundancy (RFC 2198) and FEC: they were not received.") \
	STAT(LCORE, twcc_reports, COUNTER, reports, "Transport-wide congestion control reports sent.") \
	STAT(LCORE, remb_reports, COUNTER, reports, "Receiver estimated maximum bitrates sent.") \
	STAT(LCORE, drop_l2_unknown, COUNTER, packets, "Neither IPv4, IPv6 nor ARP.") \
	STAT(LCORE, drop_truncated, COUNTER, packets, "Shorter than its own headers or length fields say.") \
	STAT(LCORE, drop_ip_malformed, COUNTER, packets, "Bad IP version, header length or header checksum.") \
	STAT(LCORE, drop_fragment, COUNTER, packets, "IP fragment.") \
	STAT(LCORE, drop_not_ours, COUNTER, packets, "Addressed to somebody else.") \
	STAT(LCORE, drop_not_udp, COUNTER, packets, "Another protocol than UDP.") \
	STAT(LCORE, drop_udp_malformed, COUNTER, packets, "UDP length that does not fit.") \
	STAT(LCORE, drop_udp_checksum, COUNTER, packets, "Wrong UDP checksum.") \
	STAT(LCORE, drop_no_flow, COUNTER, packets, "No session at that port.") \
	STAT(LCORE, drop_not_media, COUNTER, packets, "Neither RTP nor RTCP by its first byte (RFC 7983).") \
	STAT(LCORE, drop_stun_malformed, COUNTER, packets, "STUN that lies about its length, or whose fingerprint is wrong.") \
	STAT(LCORE, drop_stun_other, COUNTER, packets, "STUN that is no binding request.") \
	STAT(LCORE, drop_stun_stranger, COUNTER, packets, "STUN request with a user name that no session has.") \
	STAT(LCORE, drop_stun_auth, COUNTER, packets, "STUN request whose message integrity is missing or wrong.") \
	STAT(LCORE, drop_stun_path, COUNTER, packets, "STUN request on a path that another session has, or that there is no room for.") \
	STAT(LCORE, drop_no_path, COUNTER, packets, "Sent to the WebRTC port from where no session's ICE checks came.") \
	STAT(LCORE, drop_punt_full, COUNTER, packets, "DTLS beyond what control takes at a time.") \
	STAT(LCORE, drop_no_keys, COUNTER, packets, "Media before the DTLS handshake's end, more than is held.") \
	STAT(LCORE, drop_probe, COUNTER, packets, "Padding in retransmissions, sent to probe for bandwidth.") \
	STAT(LCORE, drop_rtx, COUNTER, packets, "Retransmission of a stream of which nothing is known.") \
	STAT(LCORE, drop_red_malformed, COUNTER, packets, "Redundant audio or video (RFC 2198) that lies about its blocks.") \
	STAT(LCORE, drop_fec_malformed, COUNTER, packets, "FEC that lies about what it protects.") \
	STAT(LCORE, drop_rtp_malformed, COUNTER, packets, "RTP header, extension or padding that lies about its length.") \
	STAT(LCORE, drop_rtcp_malformed, COUNTER, packets, "RTCP that lies about its length.") \
	STAT(LCORE, drop_no_track, COUNTER, packets, "SSRC and payload type that no track of the session claims.") \
	STAT(LCORE, drop_wrong_source, COUNTER, packets, "Plain RTP from another address than the one that began.") \
	STAT(LCORE, drop_auth, COUNTER, packets, "SRTP or SRTCP authentication failed.") \
	STAT(LCORE, drop_replay, COUNTER, packets, "SRTP or SRTCP replayed, or older than the window.") \
	STAT(LCORE, drop_crypto, COUNTER, packets, "SRTP or SRTCP failed otherwise.") \
	STAT(LCORE, drop_probation, COUNTER, packets, "Sequence number far off, not yet confirmed by its successor (RFC 3550 A.1).") \
	STAT(LCORE, drop_duplicate, COUNTER, packets, "Sequence number that was there already.") \
	STAT(LCORE, drop_too_old, COUNTER, packets, "Sequence number from before the window.") \
	STAT(LCORE, drop_paused, COUNTER, packets, "Arrived while its session was being finalised.") \
	STAT(LCORE, drop_ring_full, COUNTER, packets, "The writer's ring was full: whole frames were given up.") \
	STAT(LCORE, drop_forward_full, COUNTER, packets, "The ring to the owning lcore was full.") \
	STAT(LCORE, tx_pkts, COUNTER, packets, "Packets sent.") \
	STAT(LCORE, tx_bytes, COUNTER, bytes, "Bytes sent.") \
	STAT(LCORE, tx_dropped, COUNTER, packets, "Packets that could not be sent: no buffer, no neighbour, full queue.") \
	STAT(LCORE, bursts, COUNTER, bursts, "RX bursts that held at least one packet.") \
	STAT(LCORE, polls, COUNTER, polls, "RX polls in all.") \
	STAT(LCORE, tsc_hz, GAUGE, hz, "TSC cycles a second.") \
	STAT(LCORE, cycles_busy, COUNTER, cycles, "TSC cycles spent on bursts, without those of a stage that was kept from running for 10 ms.") \
	STAT(LCORE, cycles_rx, COUNTER, cycles, "of these: taking them from the RX queues.") \
	STAT(LCORE, cycles_classify, COUNTER, cycles, "of these: Ethernet to UDP, and the look-up.") \
	STAT(LCORE, cycles_unprotect, COUNTER, cycles, "of these: SRTP.") \
	STAT(LCORE, cycles_rtp, COUNTER, cycles, "of these: RTP and RTCP.") \
	STAT(LCORE, cycles_handover, COUNTER, cycles, "of these: hand-over to writers.") \
	STAT(LCORE, poll_ns, HIST, ns, "Time from one RX poll to the next, without sleeps.") \
	STAT(LCORE, stall_max_ns, GAUGE, ns, "Longest time between two RX polls since start.") \
	STAT(FLOW, pkts, COUNTER, packets, "RTP packets accepted.") \
	STAT(FLOW, bytes, COUNTER, bytes, "RTP payload bytes accepted.") \
	STAT(FLOW, lost_pkts, GAUGE, packets, "Expected less received (RFC 3550 A.3), before any repair.") \
	STAT(FLOW, jitter_rtp, GAUGE, ticks, "Interarrival jitter (RFC 3550 A.8), in RTP ticks.") \
	STAT(FLOW, ssrc, GAUGE, ssrc, "SSRC bound; 0 while none.") \
	STAT(FLOW, ext_seq, GAUGE, seq, "Highest extended sequence number; its upper bits are SRTP's roll-over counter.") \
	STAT(FLOW, last_pkt_unix_ns, GAUGE, ns, "Arrival of the last valid packet; 0 while none.") \
	STAT(FLOW, track, GAUGE, index, "Index of its track; a simulcast layer's is another than its own.") \
	STAT(FLOW, duplicate_pkts, COUNTER, packets, "Duplicates.") \
	STAT(FLOW, reordered_pkts, COUNTER, packets, "Arrived after a later one.") \
	STAT(FLOW, auth_failed_pkts, COUNTER, packets, "SRTP authentication failures.") \
	STAT(FLOW, replayed_pkts, COUNTER, packets, "SRTP replays.") \
	STAT(FLOW, shed_pkts, COUNTER, packets, "Given up because the writer's ring was full.") \
	STAT(FLOW, restarts, COUNTER, events, "Sequence restarts and SSRC changes.") \
	STAT(FLOW, sender_reports, COUNTER, reports, "Sender reports received.") \
	STAT(FLOW, receiver_reports, COUNTER, reports, "Receiver reports sent.") \
	STAT(FLOW, key_frame_requests, COUNTER, requests, "PLIs and FIRs sent.") \
	STAT(FLOW, nacked_pkts, COUNTER, packets, "Packets asked for again, each as often as it was asked for.") \
	STAT(FLOW, rtx_repaired_pkts, COUNTER, packets, "Lost packets that came as retransmissions.") \
	STAT(FLOW, red_repaired_pkts, COUNTER, packets, "Lost packets that came as redundant audio.") \
	STAT(FLOW, fec_repaired_pkts, COUNTER, packets, "Lost packets that FEC brought back.") \
	STAT(FLOW, given_up_pkts, COUNTER, packets, "Lost packets that are not asked for any more.") \
	STAT(FLOW, round_trip_us, GAUGE, us, "Round-trip time to the sender and back, 0: not known.") \
	STAT(WRITER, pkts, COUNTER, packets, "Packets taken from the rings.") \
	STAT(WRITER, frames, COUNTER, frames, "Frames and audio packets written.") \
	STAT(WRITER, bytes, COUNTER, bytes, "Bytes put into blocks.") \
	STAT(WRITER, written_bytes, COUNTER, bytes, "Bytes written to disk, with padding and rewrites.") \
	STAT(WRITER, writes, COUNTER, requests, "Write requests completed.") \
	STAT(WRITER, write_errors, COUNTER, requests, "Write requests that failed.") \
	STAT(WRITER, syncs, COUNTER, requests, "fdatasync requests completed.") \
	STAT(WRITER, write_ns, HIST, ns, "Time from a write's request to its end.") \
	STAT(WRITER, write_ns_max, GAUGE, ns, "Longest write since start.") \
	STAT(WRITER, inflight, GAUGE, requests, "Write requests under way.") \
	STAT(WRITER, queued_bytes, GAUGE, bytes, "Bytes that wait for the disk: asked to be written, and not done.") \
	STAT(WRITER, blocks_in_use, GAUGE, blocks, "Blocks taken from the pool.") \
	STAT(WRITER, block_bytes, GAUGE, bytes, "Memory of these blocks; all of it is a writer's share of dataplane.block_mb.") \
	STAT(WRITER, drop_no_block, COUNTER, frames, "Frames given up because no block was free: the disk is too slow.") \
	STAT(WRITER, files_open, GAUGE, files, "Open files.") \
	STAT(TRACK, state, GAUGE, state, "0 free, 1 waiting, 2 recording, 3 finalising, 4 done, 5 failed.") \
	STAT(TRACK, pkts, COUNTER, packets, "Packets that became part of a frame that was written.") \
	STAT(TRACK, frames, COUNTER, frames, "Frames or audio packets written.") \
	STAT(TRACK, key_frames, COUNTER, frames, "Key frames written.") \
	STAT(TRACK, bytes, COUNTER, bytes, "Media bytes written, without the container's.") \
	STAT(TRACK, gaps, COUNTER, gaps, "Gaps: stretches of sequence numbers that never came.") \
	STAT(TRACK, gap_pkts, COUNTER, packets, "Packets missing in these gaps.") \
	STAT(TRACK, late_pkts, COUNTER, packets, "Came after their gap had been given up, and were dropped.") \
	STAT(TRACK, padding_pkts, COUNTER, packets, "Padding alone, without a payload: no gap, and nothing to write.") \
	STAT(TRACK, malformed_pkts, COUNTER, packets, "Payload that its descriptor lies about, dropped.") \
	STAT(TRACK, cut_pkts, COUNTER, packets, "Packets of frames that were cut.") \
	STAT(TRACK, broken_frames, COUNTER, frames, "Frames cut because a packet of theirs was missing or bad.") \
	STAT(TRACK, skipped_frames, COUNTER, frames, "Whole frames left out: before the first key frame, or waiting for one.") \
	STAT(TRACK, dropped_frames, COUNTER, frames, "Whole frames left out because no block was free or a write failed.") \
	STAT(TRACK, files, COUNTER, files, "Files begun.") \
	STAT(TRACK, filed_pkts, COUNTER, packets, "Of pkts, those of files that have ended: what their sidecars say, added up.") \
	STAT(TRACK, file_bytes, GAUGE, bytes, "Bytes of the open file that may be read: whole frames, written.") \
	STAT(TRACK, width, GAUGE, pixels, "Picture width.") \
	STAT(TRACK, height, GAUGE, pixels, "Picture height.") \
	STAT(TRACK, layer, GAUGE, layer, "Simulcast layer that is recorded, by its place in the offer.") \
	STAT(TRACK, layer_switches, COUNTER, switches, "Changes from one simulcast layer to another.") \
	STAT(TRACK, layer_pkts, COUNTER, packets, "Packets of simulcast layers that were not the recorded one.")
