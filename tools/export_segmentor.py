"""Export a trained network as a plain mmseg config and checkpoint.

    python tools/export_segmentor.py CONFIG CHECKPOINT OUT

writes OUT.py and OUT.pth, which stock MMSegmentation loads without mmdegrade.
"""

import argparse

import mmdegrade  # noqa: F401
from mmdegrade.apis import export_segmentor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config that trained the checkpoint')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('out', help='where to write, without extension')
    args = parser.parse_args()
    try:
        written = export_segmentor(args.config, args.checkpoint, args.out)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    for path in written:
        print(path)


if __name__ == '__main__':
    main()
