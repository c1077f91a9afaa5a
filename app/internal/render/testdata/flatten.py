# Opens the images whose paths are on stdin with Pillow and saves each, on
# white, beside it with .png appended. Prints a JSON list of their resolutions.
import json
import sys

from PIL import Image

resolutions = []
for path in sys.stdin.read().split("\n"):
    image = Image.open(path)
    resolutions.append(image.info.get("dpi", (0, 0))[0])
    image = image.convert("RGBA")
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image)
    page.convert("RGB").save(path + ".png")
json.dump([float(r) for r in resolutions], sys.stdout)
