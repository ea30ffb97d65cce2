#!/usr/bin/env bash
# openvino 2026.4.1 with openvino-telemetry 2025.2.0, which it requires: `import openvino` alone queues an event for its
# makers' analytics. Nobody is asked: without a file that says otherwise, consent is taken as given, and the folder
# ~/intel is made. OpenVINO's notes name the command `opt_in_out --opt_out`; it has to be run by each user, beforehand.
# Castbook, which promises no network beyond the package index, puts None in the place of the module before the import
# (pipeline/compiled.py); OpenVINO then uses a stub of its own.
#
# Sends nothing: what would be sent is caught. Prints the versions and the events; fails where that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 openvino-telemetry==2025.2.0
cat > "$folder/asked.py" <<'PYTHON'
import sys
from importlib.metadata import version

events = []
if sys.argv[1] == "as it is":
    from openvino_telemetry.utils.sender import TelemetrySender

    TelemetrySender.send = lambda self, backend, message: events.append(message)
else:
    sys.modules["openvino_telemetry"] = None

import openvino  # noqa: E402

print(f"openvino {version('openvino')}, openvino-telemetry {version('openvino-telemetry')}, {sys.argv[1]}: {len(events)} event(s)")
for event in events:
    print(event["events"] if "events" in event else sorted(event))
sys.exit(bool(events) != (sys.argv[1] == "as it is"))
PYTHON
unset CI
HOME=$folder "$folder/venv/bin/python" "$folder/asked.py" "as it is"
HOME=$folder "$folder/venv/bin/python" "$folder/asked.py" "without the module"
