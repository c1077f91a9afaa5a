# Reads the images whose paths are on stdin with zxing-cpp; prints a JSON list of texts.
import json
import sys

import zxingcpp
from PIL import Image

texts = []
for path in sys.stdin.read().split("\n"):
    result = zxingcpp.read_barcode(Image.open(path).convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    texts.append(result.text if result else "")
json.dump(texts, sys.stdout)
