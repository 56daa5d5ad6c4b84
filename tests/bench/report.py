# SPDX-License-Identifier: BSD-3-Clause
"""Rows of results, the machine they are of, and how both are printed."""
import os
import platform
import subprocess


def row(goal, what, value, unit, *, against=None, limit=None, ratio=None, wanted="", met=None, sink="", note=""):
    """One result. @goal: its number, 0: none of them. @value: the median, in @unit. @against, @limit: what it is held
    against by name, and that one's figure of the same run in the same unit. @ratio: value / limit unless given. @wanted:
    the goal in words, with @met. @sink: where recorded bytes went ("tmpfs", "disk /dev/vda, direct", "null")."""
    if ratio is None and limit:
        ratio = value / limit
    return dict(goal=goal, what=what, value=value, unit=unit, against=against, limit=limit, ratio=ratio, wanted=wanted,
                met=met, sink=sink, note=note)


def figure(value):
    """Three digits that mean something."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def row_text(r):
    text = f"{r['what']}: {figure(r['value'])} {r['unit']}"
    if r["against"]:
        text += f"; {r['against']} {figure(r['limit'])}" if r["limit"] is not None else f"; {r['against']}"
    if r["ratio"] is not None:
        text += f", ratio {figure(r['ratio'])}"
    if r["wanted"]:
        text += f" (wanted {r['wanted']}{'' if r['met'] is None else ': yes' if r['met'] else ': no'})"
    if r["sink"]:
        text += f"; sink {r['sink']}"
    return text + (f"; {r['note']}" if r["note"] else "")


def table(rows):
    """All rows as a Markdown table, by goal."""
    lines = ["| goal | what | figure | against | ratio | wanted | sink |", "|---|---|---|---|---|---|---|"]
    for r in sorted(rows, key=lambda r: r["goal"] or 99):
        against = f"{r['against']}{' ' + figure(r['limit']) if r['limit'] is not None else ''}" if r["against"] else ""
        wanted = r["wanted"] + ("" if r["met"] is None else ": **yes**" if r["met"] else ": **no**")
        lines.append(f"| {r['goal'] or ''} | {r['what']} | {figure(r['value'])} {r['unit']} | {against} | {figure(r['ratio'])} | {wanted} | {r['sink']} |")
    return "\n".join(lines)


def _first(*argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""
    except (OSError, subprocess.SubprocessError):
        return ""


def _package(name):
    return _first("dpkg-query", "-W", "-f", "${Version}", name)


def machine():
    """CPU, memory, kernel, disk of the working directory, and the versions of what is measured with."""
    with open("/proc/cpuinfo") as f:
        info = f.read()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    flags = next((line.split(":", 1)[1].split() for line in info.splitlines() if line.startswith("flags")), [])
    with open("/proc/meminfo") as f:
        memory_kb = int(f.readline().split()[1])
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return dict(
        cpu=model, cpus=os.cpu_count(), vector=[f for f in ("sha_ni", "vaes", "avx2", "avx512f") if f in flags],
        memory_gib=round(memory_kb / (1 << 20), 1), kernel=platform.release(), virtual="hypervisor" in flags,
        disk=_first("findmnt", "-no", "SOURCE,FSTYPE", "-T", root),
        wirespool=_first("git", "-C", root, "describe", "--always", "--dirty"),
        versions={p: _package(p) for p in ("libdpdk-dev", "libipsec-mb-dev", "libsrtp2-1", "liburing2", "libcurl4", "janus", "ffmpeg",
                                           "gstreamer1.0-plugins-good", "fio", "nginx", "awscli", "s3cmd", "rclone")})


def machine_text(m):
    versions = ", ".join(f"{k} {v}" for k, v in m["versions"].items() if v)
    return (f"{m['cpus']} x {m['cpu']} ({' '.join(m['vector'])}{', virtual' if m['virtual'] else ''}), {m['memory_gib']} GiB, Linux {m['kernel']}, "
            f"disk {m['disk']}\nwirespool {m['wirespool']}; {versions}")
