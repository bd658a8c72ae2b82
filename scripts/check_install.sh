#!/usr/bin/env bash
# Whether `pip install .` alone, without extras, runs every stage: a new environment outside the
# checkout, the recipe that trains from scratch, no source tree on the path.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet -c "$here/constraints.txt" torch==2.13.0
"$work/venv/bin/pip" install --quiet -c "$here/constraints.txt" "$here"
cp -r "$here/data" "$work/data"
cp "$here/scripts/recipes/quickstart_from_scratch.toml" "$work/"
printf 'Year,Film\n2004,Dawn\n2005,Dusk\n' > "$work/films.csv"
cd "$work"
venv/bin/gentap run quickstart_from_scratch.toml
venv/bin/gentap answer --model runs/quickstart_from_scratch/finetuned --table films.csv "Which film is from 2005?"
