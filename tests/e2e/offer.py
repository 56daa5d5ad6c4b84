# SPDX-License-Identifier: BSD-3-Clause
"""An offer as small as they come, for calls of POST /whip that no peer stands behind."""

OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=fingerprint:sha-256 AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89
a=setup:actpass
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=rtcp-mux
a=ice-ufrag:peer
a=ice-pwd:0123456789012345678901
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
""".replace("\n", "\r\n")
