"""Scores a checkpoint on newly drawn pictures, describes picture files, and writes the golden captions."""

import argparse
import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from transformers import BlipForConditionalGeneration

from captions import (
    ACCENT_LEAD, BRIGHT_ABOVE, BUSY_ABOVE, COLOURS, COUNTS, DARK_BELOW, HIGH_CONTRAST_ABOVE, LOW_CONTRAST_BELOW,
    MAIN_SHARE, PAIR_SHARE, PLACED_LEAD, PLACES, PLAIN_BELOW, Measures, Pixels, measure,
    scene_caption,
)  # fmt: skip
from clean import clean_drawings
from golden import write_golden
from model import load_checkpoint, pixel_values
from pictures import load_or_draw, squash
from train import OUT
from vocabulary import PROMPT, prompt_ids

HELD_OUT_SEED = 90_001
GOLDEN = Path(__file__).parent / "golden"
PLACED = re.compile(f"({'|'.join(COLOURS)}) ({'|'.join(PLACES)})")


def caption_all(
    model: BlipForConditionalGeneration, tokenizer: Tokenizer, pictures: NDArray[np.uint8], prompt: str = "", beams: int = 1
) -> list[str]:
    """The captions of pictures at the model's size."""
    start = prompt_ids(tokenizer, prompt)
    texts = []
    for part in np.array_split(pictures, max(1, len(pictures) // 200)):
        # generate() drops the last id, the prompt's [SEP].
        given = torch.tensor([[*start, 0]] * len(part))
        ids = model.generate(pixel_values(part), input_ids=given, num_beams=beams, min_length=5, max_length=20)
        texts += tokenizer.decode_batch(ids.tolist(), skip_special_tokens=True)
    return texts


def shape_attributes(caption: str) -> dict[str, str]:
    """The words of a shape sentence, by what they say."""
    subject, _, ground = caption.partition(" on ")
    words = subject.split()
    count = next((word for word in words if word in COUNTS[1:]), "two" if " and " in subject else "one")
    singular = [word.removesuffix("s") for word in words if word not in ("a", "an", "and", *COUNTS)]
    return {
        "count": count,
        "shape": " ".join(word for word in singular if word not in (*COLOURS, "colourful")),
        "colour": " ".join(word for word in singular if word in (*COLOURS, "colourful")),
        "background": ground,
    }


def first_of(caption: str, choices: tuple[str, ...]) -> str:
    """The one of the choices that the caption holds."""
    return next((choice for choice in choices if choice in caption), "")


def scene_attributes(caption: str) -> dict[str, str]:
    """The words of a scene's sentence, by what they say."""
    head, _, colours = caption.partition(" scene")
    main, _, accent = colours.partition(" with ")
    return {
        "brightness": first_of(head, ("dark", "bright")),
        "detail": first_of(head, ("plain", "busy")),
        "contrast": first_of(head, ("low contrast", "high contrast")),
        "main colours": main.strip(" ,"),
        "accent": accent,
    }


def level_is_true(value: float, low: float, high: float, said_low: bool, said_high: bool) -> bool:
    """Whether a word of degree holds within a tenth of its thresholds."""
    return value < low * 1.1 if said_low else value > high * 0.9 if said_high else low * 0.9 <= value <= high * 1.1


def colours_are_true(found: Measures, main: str, accent: str) -> tuple[bool, bool]:
    """Whether the main colours and the accent hold within a share of 0.05 and a lead of 0.08."""
    placed = PLACED.findall(main)
    said = [COLOURS.index(word) for word in main.split() if word in COLOURS]
    ranked = np.sort(found.shares)[::-1]
    leads = [float(found.leads[COLOURS.index(colour), PLACES.index(place)]) for colour, place in PLACED.findall(accent)]
    if not said:
        main_true = bool(ranked[0] < MAIN_SHARE + 0.05 and ranked[0] + ranked[1] < PAIR_SHARE + 0.05)
    else:
        enough = (ranked[0], ranked[1])[: len(said)]
        main_true = all(found.shares[colour] >= least - 0.05 for colour, least in zip(said, sorted(enough)[:1] * len(said)))
        main_true &= all(found.leads[COLOURS.index(c), PLACES.index(p)] >= PLACED_LEAD - 0.08 for c, p in placed)
    others = np.delete(found.leads, said, 0) if said else found.leads
    accent_true = leads[0] >= ACCENT_LEAD - 0.08 if leads else bool(placed) or bool(others.max() < ACCENT_LEAD + 0.08)
    return main_true, accent_true


def scene_truth(found: Measures, said: dict[str, str]) -> dict[str, bool]:
    """Which of the words hold for the pixels, with some tolerance where a measure is near its threshold."""
    main, accent = colours_are_true(found, said["main colours"], said["accent"])
    placed = bool(PLACED.search(said["main colours"]))
    contrast = (said["contrast"] == "low contrast", said["contrast"] == "high contrast")
    return {
        "brightness": level_is_true(found.luma, DARK_BELOW, BRIGHT_ABOVE, said["brightness"] == "dark", said["brightness"] == "bright"),
        "detail": level_is_true(found.detail, PLAIN_BELOW, BUSY_ABOVE, said["detail"] == "plain", said["detail"] == "busy"),
        "contrast": (placed and not any(contrast)) or level_is_true(found.spread, LOW_CONTRAST_BELOW, HIGH_CONTRAST_ABOVE, *contrast),
        "main colours": main,
        "accent": accent,
    }


def report(pictures: NDArray[np.uint8], expected: list[str], said: list[str]) -> str:
    """A table: the share of right words of each attribute, as the rule says it and within its tolerance."""
    same: dict[str, list[bool]] = defaultdict(list)
    true: dict[str, list[bool]] = defaultdict(list)
    for picture, want, got in zip(pictures, expected, said):
        is_scene = " scene" in want
        group = "scene" if is_scene else f"shapes, {shape_attributes(want)['count']}"
        same["kind of sentence"].append(is_scene == (" scene" in got))
        if is_scene != (" scene" in got):
            continue
        wanted, words = (scene_attributes(want), scene_attributes(got)) if is_scene else (shape_attributes(want), shape_attributes(got))
        holds = scene_truth(measure(picture), words) if is_scene else {}
        for name, word in words.items():
            same[f"{group}: {name}"].append(word == wanted[name])
            true[f"{group}: {name}"].append(word == wanted[name] or holds.get(name, False))
        same[f"{group}: whole sentence"].append(got == want)
    lines = ["| words | pictures | as the rule | true |", "| --- | --- | --- | --- |"]
    for name in sorted(same):
        tolerant = f"{np.mean(true[name]):.3f}" if name in true and name.startswith("scene") else ""
        lines.append(f"| {name} | {len(same[name])} | {np.mean(same[name]):.3f} | {tolerant} |")
    few = [hit for name, hits in same.items() for hit in hits if re.search("shapes, (one|two|three): [^w]", name)]
    every = [hit for name, hits in same.items() for hit in hits if "whole" not in name]
    lines.append(f"| up to three shapes, all words | | {np.mean(few):.3f} | |")
    lines.append(f"| all words | | {np.mean(every):.3f} | {np.mean([hit for hits in [*true.values(), same['kind of sentence']] for hit in hits]):.3f} |")
    return "\n".join(lines)


def score_clean(model: BlipForConditionalGeneration, tokenizer: Tokenizer, mistakes: int) -> None:
    """Prints the share of clean drawings whose whole sentence is right."""
    drawn = [(squash(picture), caption) for picture, caption in clean_drawings()]
    said = caption_all(model, tokenizer, np.stack([picture for picture, _ in drawn]))
    pairs = [(want, got) for (_, want), got in zip(drawn, said)]
    print(f"clean drawings: {np.mean([want == got for want, got in pairs]):.3f} of {len(pairs)} sentences")
    for want, got in [pair for pair in pairs if pair[0] != pair[1]][:mistakes]:
        print(f"{want}\n    {got}")


def describe(model: BlipForConditionalGeneration, tokenizer: Tokenizer, files: list[Path]) -> None:
    """Prints what the model says of picture files, and what the pixel rules measure."""
    for file in files:
        picture: Pixels = squash(np.asarray(Image.open(file).convert("RGB")))
        print(file.name)
        for prompt, beams in (("", 1), (PROMPT, 1), ("", 3)):
            text = caption_all(model, tokenizer, picture[None], prompt, beams)[0]
            print(f"  prompt {prompt!r}, {beams} beams: {text}")
        print(f"  pixel rules: {scene_caption(measure(picture))}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="pictures to describe instead of scoring")
    parser.add_argument("--checkpoint", type=Path, default=OUT)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "captioner", help="drawn pictures")
    parser.add_argument("--count", type=int, default=2_000, help="held-out pictures")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--golden", action="store_true", help="write the golden captions instead of scoring")
    parser.add_argument("--mistakes", type=int, default=0, help="wrong captions to print")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tokenizer = load_checkpoint(options.checkpoint)
    if options.files:
        describe(model, tokenizer, options.files)
        return
    if options.golden:
        print(json.dumps(write_golden(model, tokenizer, GOLDEN), indent=1))
        return
    drawn = load_or_draw(options.cache, HELD_OUT_SEED, options.count, options.threads)
    said = caption_all(model, tokenizer, drawn.pictures)
    score_clean(model, tokenizer, options.mistakes)
    print(report(drawn.pictures, drawn.captions, said))
    wrong = [pair for pair in zip(drawn.captions, said) if pair[0] != pair[1]]
    for want, got in wrong[: options.mistakes]:
        print(f"{want}\n    {got}")


if __name__ == "__main__":
    main()
