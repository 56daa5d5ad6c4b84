# SPDX-License-Identifier: BSD-3-Clause
"""A small S3 client to look at a store with, independent of ours: standard library only."""
import datetime
import hashlib
import hmac
import http.client
import re
import ssl
import time
import urllib.parse


class S3:
    def __init__(self, port, access_key, secret_key, cafile=None, region="us-east-1"):
        self.port, self.ak, self.sk, self.cafile, self.region = port, access_key, secret_key, cafile, region

    def request(self, method, path, query=(), body=b"", headers=None):
        """Returns (status, headers with lower-case names, body)."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        quote = lambda text: urllib.parse.quote(text, safe="-._~")
        path = urllib.parse.quote(path, safe="/-._~")
        query = "&".join("%s=%s" % (quote(k), quote(v)) for k, v in sorted(query))
        digest = hashlib.sha256(body).hexdigest()
        signed = {"host": "127.0.0.1:%d" % self.port, "x-amz-content-sha256": digest, "x-amz-date": now}
        signed.update(headers or {})
        names = ";".join(sorted(signed))
        canonical = "\n".join([method, path, query] + ["%s:%s" % (n, signed[n]) for n in sorted(signed)]
                              + ["", names, digest])
        scope = "%s/%s/s3/aws4_request" % (now[:8], self.region)
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.sk).encode()
        for word in (now[:8], self.region, "s3", "aws4_request"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        signed["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            self.ak, scope, names, hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest())
        if self.cafile:
            link = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30,
                                               context=ssl.create_default_context(cafile=self.cafile))
        else:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        link.request(method, path + ("?" + query if query else ""), body=body, headers=signed)
        answer = link.getresponse()
        data = answer.read()
        link.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data

    def make_bucket(self, bucket):
        for _ in range(20):  # a store that has just started says 503 at times
            status, _, body = self.request("PUT", "/" + bucket)
            if status != 503:
                break
            time.sleep(0.5)
        if status not in (200, 409):
            raise RuntimeError("bucket %s: %d %r" % (bucket, status, body))

    def get(self, bucket, key):
        """The object's bytes and headers, or (None, {})."""
        status, headers, body = self.request("GET", "/%s/%s" % (bucket, key))
        return (body, headers) if status == 200 else (None, {})

    def begin_upload(self, bucket, key):
        _, _, body = self.request("POST", "/%s/%s" % (bucket, key), [("uploads", "")])
        return re.search(rb"<UploadId>([^<]+)</UploadId>", body).group(1).decode()

    def uploads(self, bucket):
        """Keys of the multipart uploads under way."""
        _, _, body = self.request("GET", "/" + bucket, [("uploads", "")])
        return [k.decode() for k in re.findall(rb"<Upload>.*?<Key>([^<]+)</Key>", body, re.S)]
