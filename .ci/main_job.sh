#!/usr/bin/env bash
# The README on the official files, as it stands there, and then what it leaves out; at the end a check of the result.
set -euo pipefail
repository=$PWD
data=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PATH=$repository/.venv/bin:$PATH
ln -s "$repository/experiments" "$repository/models" "$repository/.venv" "$folder"
ln -s "$data"/leefbaarometer-3.0/*scores*.csv "$data"/kwb/wijk_20{16,22}.csv "$data/kwb/wijk_2022.geojson" \
  "$data"/crosswalk/*.csv "$folder"
python .ci/readme_commands.py "An analyst" "Whoever scores in batch" >"$folder/readme.sh"
cd "$folder"
bash -euxo pipefail readme.sh

export RISKMODEL_WORKSPACE=workspace
riskmodel current >current.txt
tail -n 1 current.txt
riskmodel verify "$data"/leefbaarometer-2.0/*.xlsx "$data/leefbaarometer-3.0/wfs buurtscore24.csv" | tail -n 20
riskmodel monitor --municipality Almere --out monitor/almere
riskmodel backtest experiments/decline-2y.yaml
riskmodel backtest experiments/decline-4y.yaml
riskmodel backtest tipping-2y
riskmodel risk-list --municipality Almere --capacity 10 --out lists/almere
riskmodel risk-list --municipality Venlo --capacity 10 --form all --out lists/venlo-all
riskmodel risk-list --municipality Alblasserdam --municipality Dordrecht --municipality Hardinxveld-Giessendam \
  --municipality Hendrik-Ido-Ambacht --municipality Papendrecht --municipality Sliedrecht \
  --municipality Zwijndrecht --capacity 10 --out lists/seven
cd "$repository"
python .ci/check_main_job.py "$folder"
