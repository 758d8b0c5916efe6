#!/usr/bin/env python3
"""A Lambda function for tests, on the Runtime API as AWS documents it: does with each record what the record says.

It is told by the record's data, or by its "say" where the data is a JSON object. Records that say nothing of the kind are
answered Ok as they are; `BEHAVE=init-error` in the environment makes it fail before it asks for work.
"""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"


def post(path, body, **headers):
    request = urllib.request.Request(f"{API}/{path}", data=body, headers=headers, method="POST")
    urllib.request.urlopen(request).read()


def note(name, text):
    """Something that the test wants to know, in a file, there as a whole or not at all."""
    path = os.path.join(os.environ["NOTES"], name)
    with open(f"{path}.new", "w") as file:
        file.write(str(text))
    os.rename(f"{path}.new", path)


def is_first(name):
    """Whether this happens for the first time, whichever process it happened in before."""
    if os.path.exists(os.path.join(os.environ["NOTES"], name)):
        return False
    note(name, os.getpid())
    return True


def saying(data):
    try:
        said = json.loads(data)
    except ValueError:
        return data.decode(errors="replace")
    return said.get("say", "") if isinstance(said, dict) else ""


def answer(record):
    """What the record wants to become; the worst is not to answer at all."""
    data = base64.b64decode(record["data"])
    said = saying(data)
    if said == "crash":
        print("about to crash")
        sys.stdout.flush()
        os._exit(3)
    if said == "hang":
        helper = subprocess.Popen(["sleep", "1000"])
        note("hanging", f"{os.getpid()} {helper.pid}")
        time.sleep(1000)
    if said == "huge":
        return {"recordId": record["recordId"], "result": "Ok", "data": "A" * 6_300_000}
    if said == "error":
        raise ValueError("this record is an error")
    if said == "crash-once" and is_first("crashed"):
        os._exit(3)
    if said == "pid":
        data = (json.dumps({"say": str(os.getpid())}) if data.startswith(b"{") else str(os.getpid())).encode()
    if said == "environment":
        data = json.dumps({"environment": dict(os.environ), "folder": os.getcwd()}).encode()
    if said == "fail" or (said == "fail-once" and is_first("failed")):
        return {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}
    if said == "drop":
        return {"recordId": record["recordId"], "result": "Dropped"}
    return {"recordId": record["recordId"], "result": "Ok", "data": base64.b64encode(data).decode()}


def main():
    if os.environ.get("BEHAVE") == "init-error":
        post("init/error", json.dumps({"errorType": "Runtime.NotReady", "errorMessage": "no luck"}).encode())
        sys.exit(1)
    while True:
        with urllib.request.urlopen(f"{API}/invocation/next") as invocation:
            id, event = invocation.headers["Lambda-Runtime-Aws-Request-Id"], json.load(invocation)
        try:
            records = [answer(record) for record in event["records"] if saying(base64.b64decode(record["data"])) != "omit"]
        except ValueError as error:
            said = {"errorType": "ValueError", "errorMessage": str(error), "stackTrace": []}
            post(f"invocation/{id}/error", json.dumps(said).encode())
            continue
        try:
            post(f"invocation/{id}/response", json.dumps({"records": records}).encode())
        except OSError as error:
            print(f"the answer was not taken: {error}", file=sys.stderr)


main()
