#!/bin/sh
# Refreshes what static/vendor and static/img/icons.svg hold, from npm packages of pinned versions.
# Only developers run it (it needs npm and python3); the results are committed.
#   sh scripts/vendor.sh
set -eu
tabler=1.6.1 icons=3.52.0 htmx=2.0.11 chartjs=4.5.1

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fetch() { # name version folder
    npm pack --silent "$1@$2" >packed
    mkdir -p "$3"
    tar xzf "$(tail -n 1 packed)" -C "$3" --strip-components=1
}
fetch @tabler/core "$tabler" tabler
fetch @tabler/icons "$icons" icons
fetch htmx.org "$htmx" htmx
fetch chart.js "$chartjs" chartjs

mkdir -p "$root/static/vendor/tabler" "$root/static/vendor/htmx" "$root/static/vendor/chartjs" "$root/static/img"
python3 "$root/scripts/trim_css.py" tabler/dist/css/tabler.min.css >"$root/static/vendor/tabler/tabler.min.css"
cp htmx/dist/htmx.min.js htmx/LICENSE "$root/static/vendor/htmx/"
# Without the last line, which names a map that nobody ships.
sed "/^\/\/# sourceMappingURL=/d" chartjs/dist/chart.umd.min.js >"$root/static/vendor/chartjs/chart.umd.min.js"
cp chartjs/LICENSE.md "$root/static/vendor/chartjs/LICENSE.md"
cp icons/LICENSE "$root/static/vendor/tabler/LICENSE"
python3 "$root/scripts/icon_sprite.py" icons/icons/outline <"$root/scripts/icons.txt" >"$root/static/img/icons.svg"

cat >"$root/static/vendor/README.md" <<TEXT
# Vendored front-end files

Made by \`sh scripts/vendor.sh\`; do not edit by hand.

| File | From | Version | Licence |
| --- | --- | --- | --- |
| tabler/tabler.min.css | npm @tabler/core, dist/css/tabler.min.css, less the parts that scripts/trim_css.py names | $tabler | MIT |
| ../img/icons.svg | npm @tabler/icons, the icons that scripts/icons.txt names | $icons | MIT |
| htmx/htmx.min.js | npm htmx.org, dist/htmx.min.js | $htmx | 0BSD |
| chartjs/chart.umd.min.js | npm chart.js, dist/chart.umd.min.js, without the name of its source map | $chartjs | MIT |
TEXT
ls -l "$root/static/vendor/tabler" "$root/static/vendor/htmx" "$root/static/img/icons.svg"
