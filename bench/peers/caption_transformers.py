"""transformers' BLIP as a reference for the time that captions take.

  caption_transformers.py make <folder>              a random checkpoint of BLIP base's sizes
  caption_transformers.py serve <folder> <threads>   answers JSON requests, one a line:
      {"picture": path, "beams": count, "maxLength": ids}
      -> {"ids": [..], "ms": file to caption, "lookMs": the vision encoder's part, "residentBytes": of this process}

The first line that `serve` prints is {"transformers": version, "threads": count}.
"""

import json
import sys
import time

import torch
import transformers
from caption_checkpoints import load, make_checkpoint
from PIL import Image, ImageOps

# BlipConfig's own defaults, spelled out, with the heads of Salesforce/blip-image-captioning-base.
BASE = {
    "vision": {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "image_size": 384,
        "patch_size": 16,
    },
    "text": {
        "vocab_size": 30524,
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "max_position_embeddings": 512,
    },
    # The real file holds the output layer beside the word embeddings.
    "tied": False,
    # The end token is so unlikely that no caption ends early: both programs make the same number of ids.
    "eagerness": -1000.0,
}


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


@torch.inference_mode()
def timed(model, processor, tokenizer, request):
    started = time.perf_counter()
    picture = ImageOps.exif_transpose(Image.open(request["picture"])).convert("RGB")
    pixels = processor(picture, return_tensors="pt").pixel_values
    looking = {}

    def note(_, __, ___):
        looking["end"] = time.perf_counter()

    hook = model.vision_model.register_forward_hook(note)
    begin = time.perf_counter()
    ids = model.generate(
        pixel_values=pixels, num_beams=request["beams"], max_length=request["maxLength"], do_sample=False
    )[0].tolist()
    hook.remove()
    tokenizer.decode(ids, skip_special_tokens=True)
    return {
        "ids": ids,
        "ms": (time.perf_counter() - started) * 1e3,
        "lookMs": (looking["end"] - begin) * 1e3,
        "residentBytes": resident_bytes(),
    }


def main():
    if sys.argv[1] == "make":
        make_checkpoint(sys.argv[2], BASE, seed=1)
        return
    torch.set_num_threads(int(sys.argv[3]))
    model, tokenizer, processor = load(sys.argv[2])
    print(json.dumps({"transformers": transformers.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(timed(model, processor, tokenizer, json.loads(line))), flush=True)


main()
