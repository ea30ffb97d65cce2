#!/usr/bin/env bash
# c2pa-python 0.38.1: "no time-stamp authority" is None. An empty address, which a setting that nobody filled gives, is taken by
# C2paSignerInfo and by Signer.from_info without a word; only sign() fails, with "internal error (empty string)".
# Castbook passes `timestamps or None` (pipeline/credentials.py) and signs something at the start, where it can be said.
#
# Prints the version and what is said; fails where that changes. Uses a certificate made on the spot and no network.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check c2pa-python==0.38.1 pillow==12.3.0
cd "$folder"
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -subj "/O=Example/CN=Example CA" -days 3650 -out ca.pem 2> /dev/null
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out leaf.key
openssl req -new -key leaf.key -subj "/O=Example/CN=Example signer" -out leaf.csr 2> /dev/null
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > ext
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile ext -out leaf.pem 2> /dev/null
cat leaf.pem ca.pem > chain.pem
cat > signed.py <<'PYTHON'
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

import c2pa
from PIL import Image

picture = io.BytesIO()
Image.new("RGB", (8, 8)).save(picture, "PNG")
KIND = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
made = {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": KIND}]}}
says = json.dumps({"claim_generator_info": [{"name": "example"}], "format": "image/png", "assertions": [made]})
found = {}
for address in (None, b""):
    stage = "making the signer"
    try:
        info = c2pa.C2paSignerInfo(b"es256", Path("chain.pem").read_bytes(), Path("leaf.key").read_bytes(), address)
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(says) as builder:
            stage = "signing"
            picture.seek(0)
            builder.sign(signer, "image/png", picture, io.BytesIO())
            stage = "signed"
    except Exception as error:
        print(f"ta_url={address!r}: fails at {stage}: {type(error).__name__}: {error}")
    else:
        print(f"ta_url={address!r}: {stage}")
    found[address] = stage
print("c2pa-python", version("c2pa-python"))
sys.exit(found != {None: "signed", b"": "signing"})
PYTHON
"$folder/venv/bin/python" signed.py
