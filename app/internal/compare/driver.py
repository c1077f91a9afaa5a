# Times the Python QR libraries: format, level and scale are arguments, the text
# is on stdin. Prints JSON: microseconds of CPU time for each symbol.
import io
import json
import sys
import time

import qrcode
import qrcode.image.pil
import qrcode.image.pure
import qrcode.image.svg
import segno

kind, level, scale = sys.argv[1], sys.argv[2], int(sys.argv[3])
text = sys.stdin.read()
levels = {"L": qrcode.ERROR_CORRECT_L, "M": qrcode.ERROR_CORRECT_M}


def with_segno():
    segno.make(text, error=level, micro=False, boost_error=False).save(io.BytesIO(), kind=kind, scale=scale)


def with_qrcode(factory):
    def once():
        code = qrcode.QRCode(error_correction=levels[level], box_size=scale, border=4)
        code.add_data(text)
        code.make(fit=True)
        code.make_image(image_factory=factory).save(io.BytesIO())

    return once


if kind == "png":
    peers = {
        "Python segno": with_segno,
        "Python qrcode + Pillow": with_qrcode(qrcode.image.pil.PilImage),
        "Python qrcode + pypng": with_qrcode(qrcode.image.pure.PyPNGImage),
    }
else:
    peers = {
        "Python segno": with_segno,
        "Python qrcode": with_qrcode(qrcode.image.svg.SvgPathImage),
    }

result = {}
for name, once in peers.items():
    best = None
    for _ in range(3):
        calls, start = 0, time.process_time()
        while time.process_time() - start < 0.3:
            once()
            calls += 1
        took = (time.process_time() - start) / calls * 1e6
        best = took if best is None else min(best, took)
    result[name] = best
json.dump(result, sys.stdout)
