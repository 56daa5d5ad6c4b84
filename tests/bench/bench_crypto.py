# SPDX-License-Identifier: BSD-3-Clause
"""SRTP alone: our stage, dpdk-test-crypto-perf on the same library, and libsrtp2, cycles a packet on one core"""
import json
import statistics
import subprocess
import tempfile

import measure
import report

BYTES = (1200, 200)
BURSTS = (1, 8, 32)
AEAD = ["--optype", "aead", "--aead-algo", "aes-gcm", "--aead-op", "decrypt", "--aead-iv-sz", 12, "--aead-aad-sz", 12, "--digest-sz", 16]
CTR = ["--optype", "auth-then-cipher", "--cipher-algo", "aes-ctr", "--cipher-op", "decrypt", "--cipher-key-sz", 16, "--cipher-iv-sz", 16,
       "--auth-algo", "sha1-hmac", "--auth-op", "verify", "--auth-key-sz", 20]
# What verify wants in a file. The tag is wrong, and found to be so after all the work has been done.
VECTORS = {"plaintext": max(BYTES), "ciphertext": max(BYTES), "cipher_key": 16, "cipher_iv": 16, "auth_key": 20, "digest": 20}
PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": [*CTR, "--digest-sz", 10],
    "AES_CM_128_HMAC_SHA1_32": [*CTR, "--digest-sz", 4],
    "AEAD_AES_128_GCM": [*AEAD, "--aead-key-sz", 16],
    "AEAD_AES_256_GCM": [*AEAD, "--aead-key-sz", 32],
}


def output(*argv):
    done = subprocess.run([*map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    if done.returncode:
        raise measure.Failed(f"{argv[3]} ended with {done.returncode}: {done.stdout[-800:]}")
    return done.stdout


def ours(profile):
    """{(whose, bytes, burst): cycles a packet} of our stage and of libsrtp2, which has no bursts; and the TSC's Hz."""
    told = json.loads(output(*measure.pinned(measure.POLL_CPU, measure.program("tests/bench/bench_unprotect"), "--json", profile)))
    costs = {("ours", size, burst): told[str(size)][str(burst)] for size in BYTES for burst in (*BURSTS, "many_flows")}
    costs.update({("libsrtp2", size, 1): told[str(size)]["libsrtp2"] for size in BYTES})
    return costs, told["tsc_hz"]


def write_vectors(file):
    for name, size in VECTORS.items():
        file.write(f"{name} =\n" + ", ".join(f"0x{i & 255:02x}" for i in range(size)) + "\n")
    file.flush()


def crypto_perf(profile, ops):
    """The same of DPDK's crypto_aesni_mb, driven by its own bench: no SRTP, only ciphers over whole buffers."""
    with tempfile.NamedTemporaryFile("w", prefix="wirespool-vectors-") as vectors:
        write_vectors(vectors)
        return run_crypto_perf(PROFILES[profile] + ([] if "GCM" in profile else ["--test-file", vectors.name]), ops)


def run_crypto_perf(ciphers, ops):
    eal = ["--lcores", f"(0,1)@{measure.POLL_CPU}", "--in-memory", "--no-pci", "--no-telemetry", "-m", "256", "--vdev", "crypto_aesni_mb0"]
    text = output(*measure.pinned(measure.POLL_CPU, "dpdk-test-crypto-perf", *eal, "--", "--ptest", "throughput", "--devtype", "crypto_aesni_mb", *ciphers,
                                  "--buffer-sz", ",".join(map(str, BYTES)), "--burst-sz", ",".join(map(str, BURSTS)), "--total-ops", ops,
                                  "--pool-sz", 2048, "--silent", "--csv-friendly"))
    lines = [line.split(",") for line in text.splitlines() if line[:1].isdigit()]
    return {("crypto_aesni_mb", int(f[1]), int(f[2])): float(f[-1]) for f in lines}


def medians(profile, how):
    runs, hz = [], []
    for _ in range(how.repeat):
        mine, tsc_hz = ours(profile)
        runs.append({**mine, **crypto_perf(profile, 30000 if how.short else 300000)})
        hz.append(tsc_hz)
    if len(runs[0]) != len(BYTES) * (2 * len(BURSTS) + 2):
        raise measure.Failed(f"dpdk-test-crypto-perf did not tell all sizes and bursts of {profile}")
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}, statistics.median(hz)


def run(how):
    for profile in PROFILES:
        cycles, hz = medians(profile, how)
        for size in BYTES:
            def mpps(whose, burst):
                return hz / cycles[whose, size, burst] / 1e6

            def told(whose, burst):
                return f"{whose} {cycles[whose, size, burst]:.0f}"

            best = mpps("ours", 32)
            yield report.row(1 if size == 1200 and "HMAC_SHA1_80" in profile else 0, f"SRTP stage, {profile}, {size} B, bursts of 32", best, "Mpps",
                             against="crypto_aesni_mb", limit=mpps("crypto_aesni_mb", 32), sink="none",
                             note=f"{best * size * 8 / 1e3:.1f} Gbit/s; cycles a packet: {told('ours', 32)}, {told('crypto_aesni_mb', 32)}; over 100000 flows {cycles['ours', size, 'many_flows']:.0f}; "
                                  + "; ".join(f"bursts of {b}: {told('ours', b)}, {told('crypto_aesni_mb', b)}" for b in BURSTS[:-1]))
            yield report.row(0, f"SRTP stage, {profile}, {size} B, as libsrtp2", best, "Mpps", against="libsrtp2", limit=mpps("libsrtp2", 1), sink="none",
                             note=f"{mpps('libsrtp2', 1) * size * 8 / 1e3:.2f} Gbit/s of libsrtp2; cycles a packet: {told('ours', 32)}, {told('libsrtp2', 1)}")
