# SPDX-License-Identifier: BSD-3-Clause
"""cycles a packet in the poll loop, by stage: profiles, sizes, bursts, and from 100 to 100,000 flows

    sealed packets of many flows, in an order of chance ──> lcore_process on one core ──> the writer's ring, emptied at once

In one process and without a device (build/tests/bench/bench_loop): what a device costs is bench_e2e's matter.
"""
import json
import subprocess

import measure
import report

PROFILES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
STAGES = ("classify", "unprotect", "rtp", "handover")
FLOWS = {10000: 1.3, 100000: 1.6}  # and by how much a packet may cost more than one of 100


def run_once(profile, flows, payload_bytes, packets, burst=32):
    argv = measure.pinned(measure.POLL_CPU, measure.program("tests/bench/bench_loop"), profile, flows, payload_bytes, packets, burst)
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode:
        raise measure.Failed(f"bench_loop {profile} {flows} {payload_bytes}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def medians(how, *settings):
    """For each (profile, flows, payload bytes, burst) what the run of median cycles told; runs are interleaved."""
    packets = 1 << (16 if how.short else 19)
    runs = [[] for _ in settings]
    for _ in range(how.repeat):
        for got, (profile, flows, payload_bytes, burst) in zip(runs, settings):
            got.append(run_once(profile, flows, payload_bytes, packets, burst))
    return [sorted(got, key=lambda r: r["cycles"])[len(got) // 2] for got in runs]


def stages(r):
    parts = sum(r[s] for s in STAGES)
    return " / ".join(f"{r[s]:.0f}" for s in STAGES) + f" of {'/'.join(STAGES)}, {100 * parts / r['cycles']:.0f} % of the whole"


def run(how):
    by_profile = medians(how, *[(p, 100, size, 32) for p in PROFILES for size in (1200, 200)])
    for r in by_profile:
        yield report.row(0, f"{r['profile']}, {r['payload_bytes']} B, 100 flows", r["cycles"], "cycles a packet",
                         note=f"{stages(r)}; that is {r['pps'] / 1e6:.2f} Mpps, {r['payload_bps'] / 1e9:.1f} Gbit/s a core without a device")
    full, eight, one = medians(how, *[(PROFILES[0], 100, 1200, burst) for burst in (32, 8, 1)])
    for r in (eight, one):
        yield report.row(0, f"in bursts of {r['burst']}", r["cycles"], "cycles a packet", against="of 32", limit=full["cycles"],
                         note=f"{PROFILES[0]}, 1200 B: why dataplane.join_us joins small ones")
    for size in (1200, 200):
        few, *many = medians(how, *[(PROFILES[0], flows, size, 32) for flows in (100, *FLOWS)])
        for r in many:
            ratio, most = r["cycles"] / few["cycles"], FLOWS[r["flows"]]
            yield report.row(3, f"{r['flows']} flows, {size} B", r["cycles"], "cycles a packet", against="100 flows", limit=few["cycles"],
                             ratio=ratio, wanted=f"< {most}", met=ratio < most, note=stages(r))
