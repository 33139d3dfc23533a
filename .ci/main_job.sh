#!/usr/bin/env bash
# The chain from the official files to risk lists, each step as a user types it, then a check of the result.
set -euo pipefail
data=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export RISKMODEL_WORKSPACE=$folder/workspace
PATH=$PWD/.venv/bin:$PATH
riskmodel ingest leefbaarometer "$data/leefbaarometer-3.0/Leefbaarometer-scores wijken 2002-2020.csv"
riskmodel ingest kwb "$data/kwb/wijk_2016.csv" "$data/kwb/wijk_2022.csv"
riskmodel ingest crosswalk "$data/crosswalk/code_changes_2016_2024.csv"
riskmodel ingest boundaries "$data/kwb/wijk_2022.geojson"
riskmodel current >"$folder/current.txt"
tail -n 1 "$folder/current.txt"
riskmodel verify "$data"/leefbaarometer-2.0/*.xlsx "$data/leefbaarometer-3.0/wfs buurtscore24.csv" | tail -n 20
riskmodel monitor --municipality Almere --out "$folder/monitor/almere"
riskmodel national --out "$folder/monitor/nederland"
for name in decline-2y decline-4y tipping-2y; do
  riskmodel backtest "experiments/$name.yaml"
done
riskmodel train experiments/decline-2y.yaml
riskmodel forecast
riskmodel risk-list --municipality Almere --capacity 10 --out "$folder/lists/almere"
riskmodel risk-list --municipality Venlo --capacity 10 --form all --out "$folder/lists/venlo"
riskmodel risk-list --municipality Alblasserdam --municipality Dordrecht --municipality Hardinxveld-Giessendam \
  --municipality Hendrik-Ido-Ambacht --municipality Papendrecht --municipality Sliedrecht \
  --municipality Zwijndrecht --capacity 10 --out "$folder/lists/drechtsteden"
riskmodel risk-list --municipality Drechtsteden --capacity 10 --out "$folder/lists/region"
python .ci/check_main_job.py "$folder"
