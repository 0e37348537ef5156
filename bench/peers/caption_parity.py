"""Random checkpoints, pictures and transformers' captions of them, for caption_parity.ts to compare with.

  caption_parity.py <folder> <checkpoints> <pictures> <first seed>
"""

import sys
from itertools import product
from pathlib import Path

import torch
from caption_checkpoints import (
    caption,
    draw_picture,
    in_double,
    load,
    make_checkpoint,
    random_sizes,
    same_ids,
    write_cases,
)

PROMPT = "a picture of"
LIMITS = {"minLength": 5, "maxLength": 20, "repetitionPenalty": 1}


def main():
    folder, checkpoints, picture_count, first_seed = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    torch.set_num_threads(1)
    pictures = {}
    for index in range(picture_count):
        generator = torch.Generator().manual_seed(first_seed + index)
        size = torch.randint(8, 400, (2,), generator=generator).tolist()
        pictures[f"{index}.png"] = draw_picture(first_seed + index, size)
        pictures[f"{index}.png"].save(folder / f"{index}.png")
    for seed in range(first_seed, first_seed + checkpoints):
        directory = folder / str(seed)
        make_checkpoint(directory, random_sizes(torch.Generator().manual_seed(seed)), seed)
        loaded = load(directory)
        exact = in_double(loaded)
        cases = []
        for beams, prompt in product((1, 3), ("", PROMPT)):
            options = {**LIMITS, "beams": beams, "prompt": prompt}
            for name, picture in pictures.items():
                said = caption(loaded, picture, options)
                steady = same_ids(said, caption(exact, picture, options))
                cases.append({"picture": name, "options": options, "steady": steady, **said})
        write_cases(folder / f"{seed}.json", cases)
        print(seed, flush=True)


main()
