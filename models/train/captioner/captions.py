"""The grammar of the captions, and the pixel rules from which each of their words follows.

Two kinds of sentence, none longer than MAX_CAPTION_IDS ids with its start and end tokens:

* a drawing of shapes, from what was drawn:
  "a red circle on a white background", "two blue squares on a yellow background",
  "a red circle and a blue star on a grey background", "three green shapes on a black background",
  "four colourful stars on a pink background";
* any other picture, from its pixels at the size the model sees:
  "a dark busy high contrast scene, mostly green, with white in the middle",
  "a bright scene, blue at the top and green at the bottom".

A word that is left out says that the measure lies between its two thresholds.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
SHAPES = ("circle", "square", "triangle", "star", "rectangle", "line")
COUNTS = ("", "one", "two", "three", "four", "five")
PLACES = ("on the left", "on the right", "at the top", "at the bottom", "in the middle")
MAX_CAPTION_IDS = 17
"""With the three ids of the prompt 'a picture of' a caption still fits into 20."""

# Luma and its spread are in steps of 0..255, shares are parts of the picture's area.
DARK_BELOW, BRIGHT_ABOVE = 85.0, 165.0
LOW_CONTRAST_BELOW, HIGH_CONTRAST_ABOVE = 28.0, 55.0
PLAIN_BELOW, BUSY_ABOVE = 4.0, 10.0
MAIN_SHARE, PAIR_SHARE = 0.35, 0.5
SECOND_SHARE, SECOND_TO_MAIN = 0.2, 0.55
PLACED_LEAD = 0.35
ACCENT_LEAD = 0.1


@dataclass(frozen=True)
class DrawnShape:
    """One shape of a drawing, by the words that describe it."""

    shape: str
    colour: str


@dataclass(frozen=True)
class Measures:
    """What the pixel rules look at."""

    luma: float
    """Mean luma, 0..255."""
    spread: float
    """Standard deviation of luma, 0..127."""
    detail: float
    """Mean absolute difference of luma between neighbours, right and below, 0..255."""
    shares: NDArray[np.float64]
    """Part of the area of each of COLOURS."""
    leads: NDArray[np.float64]
    """For each colour and place: its share inside the place minus its share outside."""


def colour_indices(pixels: Pixels) -> NDArray[np.int64]:
    """The index in COLOURS of every RGB pixel (last axis 3), by hue, saturation and value."""
    rgb = pixels.astype(np.float32)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = rgb.max(-1)
    chroma = value - rgb.min(-1)
    safe = np.maximum(chroma, 1e-6)
    saturation = chroma / np.maximum(value, 1e-6)
    hue = 60 * np.where(
        value == red, ((green - blue) / safe) % 6, np.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4)
    )
    reddish = (hue < 18) | (hue >= 345)
    bands = np.digitize(hue, (18, 43, 68, 165, 255, 308, 345))
    index = np.asarray(np.array([0, 1, 2, 3, 4, 5, 6, 0])[bands])

    def paint(where: NDArray[np.bool_], colour: str) -> None:
        index[where] = COLOURS.index(colour)

    paint((hue >= 43) & (hue < 68) & (value < 150), "green")
    paint((hue >= 43) & (hue < 55) & (value < 150), "brown")
    paint((hue >= 8) & (hue < 43) & ((value < 165) | (saturation < 0.55)), "brown")
    paint(reddish & (saturation < 0.8) & (value < 175), "brown")
    paint(reddish & (saturation < 0.62) & (value >= 175), "pink")
    paint((hue >= 18) & (hue < 30) & (saturation < 0.55) & (value >= 225), "pink")
    paint((hue >= 30) & (hue < 43) & (saturation < 0.55) & (value >= 225), "yellow")
    paint((hue >= 308) & (hue < 345) & (value < 130), "purple")
    neutral = (saturation < 0.13) | (chroma < 24) | ((saturation < 0.2) & (value < 110))
    paint(neutral, "grey")
    paint(neutral & (value >= 215), "white")
    paint((neutral & (value < 55)) | (value < 36), "black")
    return index


def place_masks(side: int) -> NDArray[np.bool_]:
    """One mask a place: the outer thirds, and for the middle the half of each side around the centre."""
    at = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(at, at)
    middle = (abs(x - 0.5) < 0.25) & (abs(y - 0.5) < 0.25)
    return np.stack([x < 1 / 3, x > 2 / 3, y < 1 / 3, y > 2 / 3, middle])


def measure(pixels: Pixels) -> Measures:
    """Measures a square RGB picture at the size the model sees."""
    luma = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    detail = (np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean()) / 2
    is_colour = colour_indices(pixels)[None] == np.arange(len(COLOURS))[:, None, None]
    masks = place_masks(pixels.shape[0])
    leads = np.stack([[one[mask].mean() - one[~mask].mean() for mask in masks] for one in is_colour])
    return Measures(float(luma.mean()), float(luma.std()), float(detail), is_colour.mean((1, 2)), leads)


def level(value: float, low: float, high: float) -> Literal[-1, 0, 1]:
    """-1 below the lower threshold, 1 above the higher one, 0 between them."""
    return -1 if value < low else 1 if value > high else 0


def colour_words(found: Measures) -> tuple[str, bool]:
    """The part of a scene's sentence about colours, and whether it places two of them."""
    order = np.argsort(-found.shares, kind="stable")
    first, second = int(order[0]), int(order[1])
    if found.shares[first] < MAIN_SHARE and found.shares[first] + found.shares[second] < PAIR_SHARE:
        return "in many colours", False
    main = [first]
    if found.shares[second] >= max(SECOND_SHARE, SECOND_TO_MAIN * found.shares[first]):
        main = sorted([first, second])
    if len(main) == 2:
        places = [int(found.leads[colour].argmax()) for colour in main]
        if places[0] != places[1] and all(found.leads[c, p] >= PLACED_LEAD for c, p in zip(main, places)):
            (here, there), (one, other) = places, main
            return f", {COLOURS[one]} {PLACES[here]} and {COLOURS[other]} {PLACES[there]}", True
    words = f", mostly {COLOURS[first]}," if len(main) == 1 else f"in {COLOURS[main[0]]} and {COLOURS[main[1]]}"
    others = found.leads.copy()
    others[main] = -1
    colour, place = np.unravel_index(others.argmax(), others.shape)
    if others[colour, place] >= ACCENT_LEAD:
        return f"{words} with {COLOURS[colour]} {PLACES[place]}", False
    return words.rstrip(","), False


def scene_caption(found: Measures) -> str:
    """The sentence about a picture that is no drawing of shapes."""
    colours, placed = colour_words(found)
    # Two placed colours take too many ids for the contrast to fit.
    words = [
        "a",
        ("dark", "", "bright")[level(found.luma, DARK_BELOW, BRIGHT_ABOVE) + 1],
        ("plain", "", "busy")[level(found.detail, PLAIN_BELOW, BUSY_ABOVE) + 1],
        "" if placed else ("low contrast", "", "high contrast")[level(found.spread, LOW_CONTRAST_BELOW, HIGH_CONTRAST_ABOVE) + 1],
        "scene",
        colours,
    ]
    return " ".join(word for word in words if word).replace(" ,", ",")


def article(word: str) -> str:
    """'an' before a vowel."""
    return "an" if word[0] in "aeiou" else "a"


def shapes_caption(drawn: list[DrawnShape], background: str) -> str:
    """The sentence about a drawing of one to five shapes."""
    shapes, colours = {one.shape for one in drawn}, {one.colour for one in drawn}
    if len(drawn) <= 2 and len(drawn) == len(set(drawn)):
        # A fixed order of the words keeps the sentence the same when the picture is mirrored.
        drawn = sorted(drawn, key=lambda one: (COLOURS.index(one.colour), SHAPES.index(one.shape)))
        subject = " and ".join(f"{article(one.colour)} {one.colour} {one.shape}" for one in drawn)
    else:
        colour = colours.pop() if len(colours) == 1 else "colourful"
        shape = f"{shapes.pop()}s" if len(shapes) == 1 else "shapes"
        subject = f"{COUNTS[len(drawn)]} {colour} {shape}"
    return f"{subject} on {article(background)} {background} background"


MIRRORINGS: dict[str, tuple[int, ...]] = {"sideways": (1, 0, 2, 3, 4), "upside down": (0, 1, 3, 2, 4), "diagonally": (2, 3, 0, 1, 4)}
"""Where each of PLACES goes when a square picture is flipped or transposed."""


def mirrored(caption: str, how: str) -> str:
    """The caption of the picture after a mirroring: only its places change."""
    target = {place: PLACES[to] for place, to in zip(PLACES, MIRRORINGS[how])}
    return re.sub("|".join(PLACES), lambda found: target[found[0]], caption)
