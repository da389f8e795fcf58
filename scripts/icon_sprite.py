"""Prints one SVG sprite of the icons named on standard input, one a line, `#` comments allowed.

python3 scripts/icon_sprite.py FOLDER_OF_SVGS <scripts/icons.txt >static/img/icons.svg
"""

import re
import sys
from pathlib import Path


def symbol(name: str, svg: str) -> str:
    """The drawing alone: size, stroke and colour come from the page's .icon class."""
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", svg, flags=re.DOTALL)
    inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", inner)
    inner = re.sub(r"\s+", " ", inner).replace("> <", "><").replace(" />", "/>").strip()
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>'


def main() -> None:
    folder = Path(sys.argv[1])
    names = {line.split("#")[0].strip() for line in sys.stdin} - {""}
    missing = sorted(name for name in names if not (folder / f"{name}.svg").exists())
    if missing:
        sys.exit(f"no such icon: {', '.join(missing)}")
    symbols = [symbol(name, (folder / f"{name}.svg").read_text()) for name in sorted(names)]
    lines = "\n".join(symbols)
    sys.stdout.write(f'<svg xmlns="http://www.w3.org/2000/svg">\n{lines}\n</svg>\n')


if __name__ == "__main__":
    main()
