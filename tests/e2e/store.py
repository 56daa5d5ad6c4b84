# SPDX-License-Identifier: BSD-3-Clause
"""OpenStack Swift's S3 behind the counting proxy, for cases that need a store and the whole recorder."""
import base64
import os
import random
import shutil
import subprocess
import tempfile

from fault_proxy import FaultProxy
from s3_client import S3

HERE = os.path.dirname(os.path.abspath(__file__))
ACCESS, SECRET, BUCKET, PREFIX = "test:tester", "testing", "recordings", "calls/"
PORT, PROXY_PORT = 18400, 18450


def random_key(seed):
    return base64.b64encode(random.Random(seed).randbytes(30)).decode()


class Store:
    """A running Swift with a bucket, and the proxy that counts what goes to it."""

    def __enter__(self):
        self.proxy = FaultProxy(PROXY_PORT, PORT)  # first: where another run has the ports, nothing is started
        self.dir = tempfile.mkdtemp(prefix="wirespool-swift-")
        subprocess.run([os.path.join(HERE, "start-swift"), str(PORT), ACCESS, SECRET, self.dir], check=True, stdout=subprocess.DEVNULL, timeout=120)
        self.s3 = S3(PORT, ACCESS, SECRET)
        self.s3.make_bucket(BUCKET)
        return self

    def __exit__(self, *_):
        self.proxy.go_away()
        subprocess.run([os.path.join(HERE, "stop-swift"), self.dir, "wipe"], check=False, timeout=60)
        shutil.rmtree(self.dir, ignore_errors=True)

    def ini(self, **more):
        """INI sections that upload to it; the secret comes by the environment."""
        extra = "".join(f"{k} = {v}\n" for k, v in more.items())
        return (f"[upload]\nenabled = 1\npart_size_mb = 5\nmin_retry_ms = 50\nmax_retry_ms = 500\n{extra}"
                f"[s3]\nendpoint = 127.0.0.1:{PROXY_PORT}\nbucket = {BUCKET}\naccess_key = {ACCESS}\nprefix = {PREFIX}\nuse_ssl = 0\npath_style = 1\n")

    def env(self):
        return {"S3_SECRET_KEY": SECRET}

    def get(self, name):
        """The object's bytes, None if there is none."""
        return self.s3.get(BUCKET, PREFIX + name)[0]

    def completed(self):
        """Names of objects, once for each time that the store was made to hold one."""
        done = self.proxy.seen("put", ok=True) + self.proxy.seen("complete", ok=True)
        return [e.path.split("?")[0].rsplit("/", 1)[1] for e in done]
