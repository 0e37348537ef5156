"""Writes the checkpoints, pictures and captions that the tests of processing/captioning/ compare with.

  caption_golden.py <folder>      the folder is processing/testing/blip

transformers makes the captions, with Pillow for the pictures.
"""

import hashlib
import json
import shutil
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
    same_ids,
    write_cases,
)
from PIL import Image

CHECKPOINTS = {
    # Output layer tied to the word embeddings and missing from the file, as save_pretrained leaves it out.
    "tied": {
        "vision": {
            "hidden_size": 40,
            "intermediate_size": 40,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 48,
            "patch_size": 8,
        },
        "text": {
            "vocab_size": 64,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "max_position_embeddings": 64,
        },
        "tied": True,
        "eagerness": 3.0,
    },
    "untied": {
        "vision": {
            "hidden_size": 24,
            "intermediate_size": 40,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "image_size": 40,
            "patch_size": 8,
        },
        "text": {
            "vocab_size": 72,
            "hidden_size": 40,
            "intermediate_size": 24,
            "num_hidden_layers": 3,
            "num_attention_heads": 5,
            "max_position_embeddings": 64,
        },
        "tied": False,
        "eagerness": 1.5,
    },
}
SEEDS = {"tied": 42, "untied": 41}
SIZES = {"wide": (150, 61), "tall": (33, 97), "small": (17, 19), "large": (400, 300)}
PROMPT = "a picture of the DOG's"

# From sides to sides: smaller, larger, both, neither, one row or column.
RESIZES = (
    (97, 61, 32, 48),
    (7, 5, 48, 40),
    (1, 1, 24, 24),
    (640, 200, 48, 48),
    (48, 90, 48, 40),
    (1, 300, 32, 32),
    (33, 48, 384, 48),
)

PLAIN = {"prompt": "", "beams": 1, "minLength": 5, "maxLength": 20, "repetitionPenalty": 1}


def variants():
    for beams, prompt in product((1, 3), ("", PROMPT)):
        yield {**PLAIN, "beams": beams, "prompt": prompt}
    for beams in (1, 3):
        yield {**PLAIN, "beams": beams, "repetitionPenalty": 1.7}
        yield {**PLAIN, "beams": beams, "minLength": 14}
        yield {**PLAIN, "beams": beams, "minLength": 1, "maxLength": 6}
    yield {**PLAIN, "beams": 5, "prompt": PROMPT, "minLength": 12, "maxLength": 30, "repetitionPenalty": 1.2}


def noise(width, height):
    """Bytes of a linear congruential generator, which the test repeats."""
    state, samples = 1, bytearray(width * height * 3)
    for index in range(len(samples)):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        samples[index] = (state >> 16) & 255
    return Image.frombytes("RGB", (width, height), bytes(samples))


def resized():
    """SHA-256 of Pillow's result for noise."""
    for width, height, *target in RESIZES:
        picture = noise(width, height).resize(target, Image.Resampling.BICUBIC)
        yield {"from": [width, height], "to": target, "sha256": hashlib.sha256(picture.tobytes()).hexdigest()}


def main():
    folder = Path(sys.argv[1])
    # More threads are slower for such small models, and much slower on a busy machine.
    torch.set_num_threads(1)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "pictures").mkdir(parents=True)
    pictures = {}
    for seed, (name, size) in enumerate(SIZES.items()):
        pictures[name] = draw_picture(seed, size)
        pictures[name].save(folder / "pictures" / f"{name}.png", optimize=True)

    write_cases(folder / "resized.json", resized())

    for name, sizes in CHECKPOINTS.items():
        make_checkpoint(folder / name, sizes, SEEDS[name])
        loaded = load(folder / name)
        cases = [
            {"picture": picture, "options": options, **caption(loaded, pixels, options)}
            for options in variants()
            for picture, pixels in pictures.items()
        ]
        greedy = {json.dumps(case["ids"]) for case in cases[: len(pictures)]}
        if len(greedy) < len(pictures):
            raise SystemExit(f"{name}: pictures share captions, which would prove nothing: take another seed")
        exact = in_double(loaded)
        for case in cases:
            if not same_ids(case, caption(exact, pictures[case["picture"]], case["options"])):
                raise SystemExit(f"{name}: 32 bits do not decide {case['options']}: take another seed")
        write_cases(folder / f"{name}.json", cases)


main()
