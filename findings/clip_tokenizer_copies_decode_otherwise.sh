#!/usr/bin/env bash
# transformers 5.23.0: a copy of a CLIP tokenizer, by deepcopy or pickle, encodes as the original and decodes otherwise.
#
# The original gives "red hair , a smile" back; the copy leaves CLIP's marks of word ends in and the spaces out:
# "red</w>hair</w>,</w>a</w>smile</w>". Whoever sends a tokenizer to another process, or keeps a copy for another thread, gets
# no error, and captions with marks in them. Castbook cuts the prompt itself at the offsets of its tokens
# (pipeline/generator.py).
#
# Prints the versions and what each decodes; fails where that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check transformers==5.23.0 tokenizers==0.23.1
cd "$folder"
venv/bin/python - 2>warnings.txt <<'PYTHON'
import copy
import pickle
import sys

import tokenizers
import transformers
from transformers import CLIPTokenizer

letters = "abcdefghijklmnopqrstuvwxyz,"
vocab = {word: number for number, word in enumerate([*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"])}
for word in ("re", "red</w>"):
    vocab[word] = len(vocab)
first = CLIPTokenizer(vocab=vocab, merges=[("r", "e"), ("re", "d</w>")], model_max_length=16)
ids = first("red, a", add_special_tokens=False).input_ids
copies = {"original": first, "deepcopy": copy.deepcopy(first), "pickle": pickle.loads(pickle.dumps(first))}
decoded = {name: one.decode(ids) for name, one in copies.items()}
print("transformers", transformers.__version__, "tokenizers", tokenizers.__version__)
print(decoded)
same = all(one("red, a", add_special_tokens=False).input_ids == ids for one in copies.values())
wanted = {"original": "red , a", "deepcopy": "red</w>,</w>a</w>", "pickle": "red</w>,</w>a</w>"}
sys.exit(0 if same and decoded == wanted else 1)
PYTHON
