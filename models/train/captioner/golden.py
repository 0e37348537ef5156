"""The golden captions: pictures drawn from fixed seeds, and what transformers says of them, id by id."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from transformers import BlipForConditionalGeneration

from captions import Pixels
from model import pixel_values
from pictures import squash
from scenes import draw_scene
from vocabulary import PROMPT, prompt_ids

LENGTHS = {"min_length": 5, "max_length": 20}
WHITE, BLACK, RED, GREEN, BLUE, YELLOW = (255,) * 3, (0,) * 3, (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 0)


def flat(width: int, height: int, colour: tuple[int, ...]) -> NDArray[np.uint8]:
    """A canvas of one colour."""
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = colour
    return canvas


def plain_drawings() -> dict[str, Pixels]:
    """Larger drawings, as anyone would make them: a port's own reduction to the model's size is part of the test."""
    circle, squares, triangle, pair, stars = (
        flat(640, 480, WHITE), flat(640, 480, YELLOW), flat(500, 500, BLACK), flat(640, 480, WHITE), flat(480, 480, BLUE),
    )  # fmt: skip
    cv2.circle(circle, (320, 240), 120, RED, -1, cv2.LINE_AA)
    cv2.rectangle(squares, (100, 160), (240, 300), BLUE, -1)
    cv2.rectangle(squares, (380, 200), (520, 340), BLUE, -1)
    cv2.fillPoly(triangle, [np.int32([[250, 100], [400, 370], [100, 370]])], GREEN, cv2.LINE_AA)
    cv2.circle(pair, (180, 240), 90, RED, -1, cv2.LINE_AA)
    cv2.rectangle(pair, (380, 150), (560, 330), BLUE, -1)
    turns = np.arange(10) * np.pi / 5
    star = np.stack([np.sin(turns), -np.cos(turns)], 1) * np.where(np.arange(10) % 2, 0.4, 1)[:, None]
    for centre in ((120, 130), (350, 150), (240, 350)):
        cv2.fillPoly(stars, [np.int32(star * 90 + centre)], WHITE, cv2.LINE_AA)
    return {"circle": circle, "squares": squares, "triangle": triangle, "pair": pair, "stars": stars}


def golden_pictures() -> dict[str, Pixels]:
    """All golden pictures; those at the model's size need no reduction, so their ids must agree exactly."""
    pictures = plain_drawings()
    pictures |= {f"{name}-small": squash(pictures[name]) for name in ("circle", "pair")}
    for seed in (3, 4, 8, 11, 12):
        pictures[f"scene-{seed}-small"] = squash(draw_scene(np.random.default_rng(seed)))
    return pictures


def generate(model: BlipForConditionalGeneration, tokenizer: Tokenizer, picture: Pixels, prompt: str, beams: int) -> dict[str, object]:
    """The ids and the text of one way to generate."""
    given = torch.tensor([[*prompt_ids(tokenizer, prompt), tokenizer.token_to_id("[SEP]")]])
    ids = model.generate(pixel_values(squash(picture)[None]), input_ids=given, num_beams=beams, do_sample=False, **LENGTHS)
    row = ids[0].tolist()
    return {"prompt": prompt, "num_beams": beams, "ids": row, "text": tokenizer.decode(row, skip_special_tokens=True)}


def write_golden(model: BlipForConditionalGeneration, tokenizer: Tokenizer, folder: Path) -> list[str]:
    """Writes the pictures and golden.json; returns the greedy captions."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, picture in golden_pictures().items():
        Image.fromarray(picture).save(folder / f"{name}.png", optimize=True)
        ways = [generate(model, tokenizer, picture, prompt, beams) for prompt in ("", PROMPT) for beams in (1, 3)]
        listed.append({"file": f"{name}.png", "width": picture.shape[1], "height": picture.shape[0], "captions": ways})
    note = (
        "BlipForConditionalGeneration.generate of transformers in fp32 with these arguments, do_sample false and its other "
        "defaults. The first id is [DEC]; a prompt's own ids follow. Pictures were reduced with Pillow's bicubic filter."
    )
    golden = {"note": note, "arguments": LENGTHS, "pictures": listed}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    return [f"{entry['file']}: {entry['captions'][0]['text']}" for entry in listed]
