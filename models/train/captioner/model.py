"""The small BLIP model: its configuration, its input, and its files in the layout of the published checkpoints."""

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BlipConfig, BlipForConditionalGeneration

from pictures import SIDE

# The mean and deviation of Salesforce/blip-image-captioning-base.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
PATCH = 12
WIDTH = 128
TIED = {
    "text_decoder.cls.predictions.decoder.weight": "text_decoder.bert.embeddings.word_embeddings.weight",
    "text_decoder.cls.predictions.decoder.bias": "text_decoder.cls.predictions.bias",
}


def build_config(tokenizer: Tokenizer) -> BlipConfig:
    """BLIP's configuration; what is not named here has the published default."""
    text = dict(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=64,
        bos_token_id=tokenizer.token_to_id("[DEC]"),
        sep_token_id=tokenizer.token_to_id("[SEP]"),
        pad_token_id=tokenizer.token_to_id("[PAD]"),
    )
    vision = dict(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=5,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
        # transformers' default of 1e-10 would start with position embeddings of nothing.
        initializer_range=0.02,
    )
    return BlipConfig(text_config=text, vision_config=vision)


def pixel_values(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """Pictures (count, SIDE, SIDE, 3) as the model's input."""
    scaled = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return (scaled - mean) / std


def save_checkpoint(model: BlipForConditionalGeneration, tokenizer: Tokenizer, out: Path) -> None:
    """Writes config.json, model.safetensors, tokenizer.json and preprocessor_config.json."""
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    weights = load_file(out / "model.safetensors")
    # save_pretrained leaves one name of each shared weight out, and readers differ in which one they look for.
    for name, source in TIED.items():
        weights[name] = weights[source].clone()
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    # Temporary files' private mode would go with a copy of the checkpoint.
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save(str(out / "tokenizer.json"))
    preprocessor = {
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": MEAN,
        "image_processor_type": "BlipImageProcessor",
        "image_std": STD,
        "processor_class": "BlipProcessor",
        "resample": 3,
        "rescale_factor": 1 / 255,
        "size": {"height": SIDE, "width": SIDE},
    }
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")


def load_checkpoint(folder: Path) -> tuple[BlipForConditionalGeneration, Tokenizer]:
    """The saved model in fp32, ready to generate, and its tokenizer."""
    model = BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))
