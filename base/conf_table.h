/* SPDX-License-Identifier: BSD-3-Clause */
/* Every option, one row each: CONF(section, key, TYPE, default, min, max, env, flags, sentence)
 *
 * TYPE     BOOL (bool), INT (int64_t), ENUM (int; min is the "a|b|c" list, the default one of them), STR, LIST (separated
 *          by commas, semicolons or white space; char **, NULL-terminated), WORDS (the same, but commas do not separate)
 * default  as it would be written in the file
 * min,max  INT: inclusive bounds; STR, LIST: length bounds in bytes; others 0, 0
 * env      name of the overriding environment variable, "" for WIRESPOOL_<SECTION>_<KEY>
 * flags    0, or CONF_SECRET: masked wherever it is printed
 * The field of struct conf is <section>_<key>.
 */
#define CONF_TABLE(CONF) \
	CONF(record, enabled, BOOL, "1", 0, 0, "RECORD_ENABLED", 0, "Record at all; 0 refuses new sessions.") \
	CONF(record, dir, STR, "/var/lib/wirespool/records", 1, 3500, "RECORD_DIR", 0, "Directory of the recordings.") \
	CONF(record, filename, STR, "{room}_{trackID}_{timestamp}.{ext}", 5, 200, "", 0, \
		"Template of file names: {room} {participant} {trackID} {session} {timestamp} {ext}.") \
	CONF(record, flush_interval_ms, INT, "1000", 10, 60000, "", 0, \
		"Media reaches the file at least this often: the most that a crash can cost.") \
	CONF(record, sync_interval_ms, INT, "5000", 0, 600000, "", 0, "fdatasync of open files at least this often; 0: only at close.") \
	CONF(record, io, ENUM, "auto", "auto|direct|buffered", 0, "", 0, "O_DIRECT where the file system has it, always, or never.") \
	CONF(record, on_loss, ENUM, "keep", "keep|wait_key", 0, "", 0, \
		"After a broken video frame: keep the frames that follow, or drop them until the next key frame.") \
	CONF(record, reorder_ms, INT, "200", 0, 5000, "", 0, "How long a missing packet is waited for.") \
	CONF(record, repair_ms, INT, "1000", 0, 5000, "", 0, "How long a missing packet is waited for where its sender takes NACKs (WebRTC).") \
	CONF(record, idle_timeout_s, INT, "30", 1, 86400, "", 0, "A session without a valid packet for this long is finalised; one of WebRTC when its peer is gone for 30 s.") \
	CONF(record, max_duration_s, INT, "0", 0, 31536000, "", 0, "A session is finalised after this long; 0: no limit.") \
	CONF(record, max_size_mb, INT, "0", 0, 1073741824, "", 0, "A file that reaches this size is closed and a new one begun; 0: no limit.") \
	CONF(record, min_free_mb, INT, "1024", 0, 1073741824, "", 0, "With less free space than this no new session is taken.") \
	CONF(record, preallocate_mb, INT, "0", 0, 65536, "", 0, "Space reserved ahead of the end of an open video file; 0: none.") \
	CONF(record, retention_days, INT, "0", 0, 36500, "", 0, "Recordings older than this are removed; 0: keep.") \
	CONF(record, retention_max_gb, INT, "0", 0, 1073741824, "", 0, "Beyond this total the oldest recordings are removed; 0: no limit.") \
	CONF(record, retention_min_free_mb, INT, "0", 0, 1073741824, "", 0, "With less free space than this the oldest recordings are removed; 0: never.") \
	CONF(upload, enabled, BOOL, "0", 0, 0, "UPLOAD_RECORDINGS", 0, "Upload recordings to the object store of [s3].") \
	CONF(upload, delete_after_upload, BOOL, "0", 0, 0, "DELETE_RECORDING_AFTER_UPLOAD", 0, \
		"Remove the local copy once the store has confirmed the object and its size was read back.") \
	CONF(upload, part_size_mb, INT, "8", 5, 5120, "", 0, "Size of a part of a multipart upload.") \
	CONF(upload, parallel_parts, INT, "4", 1, 64, "", 0, "Requests under way at once.") \
	CONF(upload, max_retries, INT, "0", 0, 1000000, "", 0, "Tries before an upload waits for 'retry'; 0: for ever.") \
	CONF(upload, min_retry_ms, INT, "500", 10, 3600000, "", 0, "Shortest wait before a retry.") \
	CONF(upload, max_retry_ms, INT, "60000", 10, 86400000, "", 0, "Longest wait before a retry.") \
	CONF(s3, endpoint, STR, "s3.amazonaws.com", 1, 255, "S3_ENDPOINT", 0, "host or host:port of the store.") \
	CONF(s3, region, STR, "us-east-1", 1, 64, "S3_REGION", 0, "Region that requests are signed for.") \
	CONF(s3, bucket, STR, "", 0, 255, "S3_BUCKET", 0, "Bucket; needed when upload is on.") \
	CONF(s3, access_key, STR, "", 0, 255, "S3_ACCESS_KEY", 0, "Access key id; needed when upload is on.") \
	CONF(s3, secret_key, STR, "", 0, 255, "S3_SECRET_KEY", CONF_SECRET, "Secret key; needed when upload is on.") \
	CONF(s3, session_token, STR, "", 0, 4096, "S3_SESSION_TOKEN", CONF_SECRET, "Session token of temporary keys.") \
	CONF(s3, use_ssl, BOOL, "1", 0, 0, "S3_USE_SSL", 0, "HTTPS to the store.") \
	CONF(s3, path_style, BOOL, "0", 0, 0, "S3_PATH_STYLE", 0, "https://endpoint/bucket/key instead of https://bucket.endpoint/key.") \
	CONF(s3, ca_file, STR, "", 0, 4000, "", 0, "PEM file of the authorities that the store's certificate is checked by; empty: the system's.") \
	CONF(s3, prefix, STR, "", 0, 512, "S3_PREFIX", 0, "Put before the name to make the object's key, e.g. recordings/.") \
	CONF(ingest, address, LIST, "10.77.0.1/24", 1, 2000, "", 0, "Our addresses with prefix length, IPv4 and IPv6.") \
	CONF(ingest, gateway, LIST, "", 0, 500, "", 0, "Routers for senders outside these prefixes, at most one of each IP version.") \
	CONF(ingest, mac, STR, "", 0, 17, "", 0, "MAC address to answer as; empty: the port's own.") \
	CONF(ingest, port_range, STR, "20000-59999", 3, 11, "", 0, "UDP ports of RTP sessions, first-last; a session takes an even port and the next.") \
	CONF(ingest, webrtc_port, INT, "3478", 1, 65535, "", 0, "UDP port of all WebRTC sessions; outside of port_range.") \
	CONF(ingest, public_address, LIST, "", 0, 500, "", 0, \
		"Addresses that WebRTC clients reach us by where NAT is in front; named beside our own.") \
	CONF(ingest, codecs, LIST, "VP8,VP9,AV1,H264,opus,PCMU,PCMA", 3, 200, "", 0, \
		"Codecs that WebRTC offers are answered with, the most wanted first.") \
	CONF(ingest, simulcast, ENUM, "best", "best|all", 0, "", 0, "Record the best layer of a simulcast, or each as a track of its own.") \
	CONF(ingest, start_bitrate_kbps, INT, "2000", 0, 1000000, "", 0, \
		"What a browser is told to begin with; 0: its own choice, with which Chromium takes half a minute to 720p.") \
	CONF(ingest, max_bitrate_kbps, INT, "0", 0, 1000000, "", 0, "Asked of each WebRTC video track's sender as its bound; 0: none.") \
	CONF(ingest, allow_plain_rtp, BOOL, "0", 0, 0, "", 0, "Take tracks without SRTP.") \
	CONF(dataplane, port, WORDS, "net_af_packet0,iface=rec0", 1, 4000, "", 0, \
		"PCI addresses or DPDK vdev strings; several are separated by ';' or spaces.") \
	CONF(dataplane, lcores, LIST, "1", 1, 500, "", 0, "CPUs of the poll loops, e.g. 1 or 2-5,8.") \
	CONF(dataplane, writers, INT, "1", 1, 32, "", 0, "Writer threads.") \
	CONF(dataplane, writer_cpus, LIST, "", 0, 500, "", 0, "CPUs the writer threads may use; empty: all but the lcores.") \
	CONF(dataplane, rx_queues, INT, "0", 0, 64, "", 0, "RX queues a port; 0: one an lcore, as far as the port has them.") \
	CONF(dataplane, rx_descriptors, INT, "1024", 64, 32768, "", 0, "Descriptors an RX queue.") \
	CONF(dataplane, mbufs, INT, "65535", 1024, 16777215, "", 0, "Packet buffers in all.") \
	CONF(dataplane, hugepages, ENUM, "auto", "auto|on|off", 0, "", 0, \
		"Huge pages for packets and blocks. auto: plain memory, slower, where there are too few and no port is a PCI address.") \
	CONF(dataplane, memory_mb, INT, "512", 64, 1048576, "", 0, "Memory that DPDK reserves.") \
	CONF(dataplane, block_mb, INT, "256", 8, 1048576, "", 0, "Memory of the writers' blocks, in all.") \
	CONF(dataplane, uring_sqpoll, BOOL, "0", 0, 0, "", 0, \
		"A kernel thread a writer takes its writes: no system calls, but most of the last CPU of writer_cpus while media comes.") \
	CONF(dataplane, max_tracks, INT, "4096", 1, 131072, "", 0, "Tracks at one time; sizes the tables.") \
	CONF(dataplane, run_dir, STR, "/run/wirespool", 1, 90, "", 0, "Directory of the control socket and the shared counters.") \
	CONF(dataplane, idle_sleep_us, INT, "400", 0, 10000, "", 0, \
		"A poll loop that has seen no packet for a second sleeps this long between polls; 0: never.") \
	CONF(dataplane, join_us, INT, "50", 0, 1000, "", 0, \
		"Packets of a burst that is not full wait this long for others: a full one costs less a packet; 0: never.") \
	CONF(dataplane, vector_crypto, BOOL, "1", 0, 0, "", 0, \
		"SRTP by many packets at once with the CPU's AES and vector instructions, where it has them; 0: by OpenSSL, to compare.") \
	CONF(dataplane, user, STR, "", 0, 64, "", 0, "User to become once the ports are taken; empty: stay.") \
	CONF(dataplane, eal, STR, "", 0, 2000, "", 0, "Further EAL arguments, as they are.") \
	CONF(control, listen, STR, "127.0.0.1:8080", 3, 100, "", 0, "Address and port of the HTTP API; [::1]:8080 for IPv6.") \
	CONF(control, tls_cert, STR, "", 0, 4000, "", 0, "PEM certificate chain of the HTTP API.") \
	CONF(control, tls_key, STR, "", 0, 4000, "", 0, "PEM key of the HTTP API.") \
	CONF(control, api_tokens, LIST, "", 0, 8000, "WIRESPOOL_API_TOKENS", CONF_SECRET, "Bearer tokens; without one the API listens on loopback only.") \
	CONF(control, whip_tokens, LIST, "", 0, 8000, "WIRESPOOL_WHIP_TOKENS", CONF_SECRET, \
		"Bearer tokens that may publish by WHIP and read the room's events, nothing else: room=token, or *=token for any room.") \
	CONF(control, publish_page, BOOL, "0", 0, 0, "", 0, "Serve /publish, a page to try WHIP with a camera.") \
	CONF(control, dtls_dir, STR, "/var/lib/wirespool/dtls", 1, 3500, "", 0, "Directory of WebRTC's certificate and key, made at first start.") \
	CONF(control, dtls_cert_days, INT, "30", 1, 365, "", 0, "A certificate older than this is replaced by a new one.") \
	CONF(control, full_percent, INT, "85", 0, 100, "", 0, \
		"A session that would take the poll loops, the writers' blocks or the disk beyond this share is refused as full; 0: none is, for whatever reason.") \
	CONF(control, full_minutes, INT, "60", 0, 10080, "", 0, \
		"A session is refused as full when uploads are so far behind that the disk would be full within so many minutes; 0: none is for that.") \
	CONF(control, cors_origin, STR, "*", 0, 255, "", 0, "Access-Control-Allow-Origin; empty: no CORS headers.") \
	CONF(control, http_threads, INT, "4", 1, 64, "", 0, "Threads that serve HTTP.") \
	CONF(control, catalogue, STR, "", 0, 4000, "", 0, "SQLite file of the catalogue; empty: .catalogue.db in record.dir.") \
	CONF(log, level, ENUM, "info", "error|warn|info|debug", 0, "", 0, "Least severe level that is logged.") \
	CONF(log, format, ENUM, "text", "text|json", 0, "", 0, "Form of log lines.")
