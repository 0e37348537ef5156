"""Sharpens the network's map with GrabCut: the reference for the product's own implementation.

The network finds what is salient but draws its edge loosely; GrabCut finds edges but not what is salient. So GrabCut
decides only where the map hesitates, at the network's 320 px, and its hard outline is then feathered and mixed with the map.
"""

from __future__ import annotations

import cv2
import numpy as np

SURE_BACKGROUND = 0.05
"""Below this the map's word is final. Tried 0.02 to 0.2 on drawings: lower leaks, higher cuts off what the map only suspects."""
SURE_FOREGROUND = 0.95
"""From here on the map's word is final. Tried 0.8 to 0.98."""
ITERATIONS = 3
"""What a try before this one used; no other number was tried."""
LEAST_SHARE = 0.002
"""GrabCut fits five colours to each side; with fewer pixels than this share of the picture on a side the map stays."""
LEAST_AGREEMENT = 0.5
"""IoU of GrabCut's cut with the map's own at one half; below it GrabCut has lost the object and the map stays."""
MEDIAN = 5
"""Side in pixels of the median filter that takes crumbs and splinters off the cut."""
FEATHER = 0.8
"""Sigma in pixels of the blur that softens the cut's staircase: about one pixel at 320."""
MAP_SHARE = 0.15
"""How much of the map is mixed in, for edges that are soft in truth (hair, blur)."""
CLEAN = 0.1
"""The mixture is stretched so that this much at either end becomes nothing or everything: no veil, no holes."""


def refine(image: np.ndarray, saliency: np.ndarray) -> np.ndarray:
    """An alpha map in 0..1 from a 320 px RGB picture (uint8) and the network's map in 0..1 of the same size."""
    labels = np.where(saliency >= 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[saliency < SURE_BACKGROUND] = cv2.GC_BGD
    labels[saliency >= SURE_FOREGROUND] = cv2.GC_FGD
    before = saliency >= 0.5
    if min(before.mean(), 1 - before.mean()) < LEAST_SHARE:
        return saliency
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(image), labels, None, *models, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    cut = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if (cut & before).sum() < LEAST_AGREEMENT * (cut | before).sum():
        return saliency
    smooth = cv2.medianBlur(cut.astype(np.uint8), MEDIAN).astype(np.float32)
    soft = cv2.GaussianBlur(smooth, (0, 0), FEATHER)
    mixed = (1 - MAP_SHARE) * soft + MAP_SHARE * saliency
    return np.clip((mixed - CLEAN) / (1 - 2 * CLEAN), 0, 1)
