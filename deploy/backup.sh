#!/bin/sh
# Write one backup into a folder, prove that it can be restored, and keep the newest 14.
# The folder has to be copied to another place; see docs/van-hanh.md.
set -eu
folder=${1:?a folder for the backups}
keep=${2:-14}
python=$(dirname "$0")/../.venv/bin/python
[ -x "$python" ] || python=python3
file="$folder/tram-$(date -u +%Y%m%dT%H%M%SZ).backup"
"$python" -m store backup "$file"
"$python" -m store verify --rehearse "$file"
# Only after a good one are old ones let go.
ls -1 "$folder"/tram-*.backup | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
    rm -- "$old"
done
