"""Random BLIP checkpoints in Hugging Face's format, and pictures to caption, both from a seed.

transformers' own initialisation is of no use for comparing programs: its vision part has a range of 1e-10, so that
every picture gets the same caption. Here every weight is drawn wide enough that the picture decides what is said.
"""

import copy
import json
import math
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    PreTrainedTokenizerFast,
)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
START = "[DEC]"
WORDS = (
    "a an the of in on with and is two three it ' s . , ! ? - n't picture photo red green blue dark bright plain "
    "busy left right circle square line small large dog cat beach woman man sky ##s ##ing ##ed ##er play walk sit"
).split()


def make_tokenizer(vocabulary_size):
    """bert-base-uncased's kind of tokenizer: WordPiece with synthetic words up to the size."""
    tokens = SPECIAL + WORDS
    tokens += [f"w{number}" for number in range(vocabulary_size - 1 - len(tokens))] + [START]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(SPECIAL + [START])
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    sep, cls = vocabulary["[SEP]"], vocabulary["[CLS]"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)],
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        additional_special_tokens=[START],
        clean_up_tokenization_spaces=True,
    )
    return fast, {"bos": vocabulary[START], "sep": sep, "pad": 0}


def make_config(sizes, ids):
    vision, text = sizes["vision"], sizes["text"]
    return BlipConfig(
        vision_config=vision,
        text_config={
            **text,
            "bos_token_id": ids["bos"],
            "sep_token_id": ids["sep"],
            "eos_token_id": ids["sep"],
            "pad_token_id": ids["pad"],
            "tie_word_embeddings": sizes["tied"],
        },
        tie_word_embeddings=sizes["tied"],
    )


def random_sizes(generator):
    """Sizes of a tiny model. Different sizes come from different lists, so that a mix-up of two is noticed."""
    pick = lambda *choices: choices[torch.randint(len(choices), (1,), generator=generator).item()]
    vision_heads, text_heads, patch = pick(1, 2, 3, 4), pick(1, 2, 3, 4), pick(4, 8, 16)
    return {
        "vision": {
            "hidden_size": vision_heads * pick(8, 12, 16),
            "intermediate_size": pick(32, 56, 96),
            "num_hidden_layers": pick(1, 2, 3),
            "num_attention_heads": vision_heads,
            "image_size": patch * pick(2, 3, 5),
            "patch_size": patch,
        },
        "text": {
            "vocab_size": pick(97, 150, 211),
            "hidden_size": text_heads * pick(8, 10, 16),
            "intermediate_size": pick(24, 64, 80),
            "num_hidden_layers": pick(1, 2, 3),
            "num_attention_heads": text_heads,
            "max_position_embeddings": pick(40, 64),
        },
        "tied": pick(True, False),
        "eagerness": pick(1.0, 2.0, 3.0),
    }


def randomise(model, generator, sep, eagerness):
    """Weights that keep the variance of what passes, with the picture's way into the text made strong.

    The eagerness is the end id's bias: some captions end of themselves and others are cut.
    """
    for name, parameter in model.named_parameters():
        fan_in = math.prod(parameter.shape[1:]) if parameter.ndim > 1 else 1
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower():
            parameter.data = noise * 0.1 + (1 if name.endswith("weight") else 0)
        elif parameter.ndim < 2:
            parameter.data = noise * 0.1
        elif "embedding" in name and "patch" not in name:
            parameter.data = noise * (1 if "position" not in name else 3 if "text" in name else 1.5)
        else:
            parameter.data = noise * gain_of(name) / math.sqrt(fan_in)
    predictions = model.text_decoder.cls.predictions
    predictions.decoder.weight.data *= 0.5
    for bias in (predictions.decoder.bias, predictions.bias):
        bias.data[sep] = eagerness
    model.tie_weights()


def gain_of(name):
    """Scale of the weights. Captions must vary, and torch's 32-bit and 64-bit results must stay closer than beams."""
    if any(part in name for part in ("query", "key", "qkv")):
        return 2
    return 3 if "crossattention" in name else 1.5


def make_checkpoint(directory, sizes, seed):
    """Writes config.json, model.safetensors, tokenizer.json, tokenizer_config.json and preprocessor_config.json."""
    directory = Path(directory)
    generator = torch.Generator().manual_seed(seed)
    tokenizer, ids = make_tokenizer(sizes["text"]["vocab_size"])
    model = BlipForConditionalGeneration(make_config(sizes, ids)).eval()
    randomise(model, generator, ids["sep"], sizes["eagerness"])
    model.save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save_pretrained(directory)
    side = sizes["vision"]["image_size"]
    BlipImageProcessorPil(size={"height": side, "width": side}).save_pretrained(directory)


def draw_picture(seed, size):
    """Shapes on a gradient: smooth and sharp parts, so that resampling shows."""
    generator = torch.Generator().manual_seed(seed)
    number = lambda low, high: torch.randint(low, high, (1,), generator=generator).item()
    colour = lambda: tuple(number(0, 256) for _ in range(3))
    width, height = size
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture = Image.blend(picture, Image.new("RGB", size, colour()), 0.7)
    draw = ImageDraw.Draw(picture)
    for _ in range(number(2, 7)):
        left, top = number(0, width), number(0, height)
        box = (left, top, left + number(1, width), top + number(1, height))
        shape = (draw.ellipse, draw.rectangle)[number(0, 2)]
        shape(box, fill=colour())
    return picture


def load(directory):
    """Model, tokenizer and image processor, as anyone would load them."""
    model = BlipForConditionalGeneration.from_pretrained(directory).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(directory)
    processor = BlipImageProcessorPil.from_pretrained(directory)
    return model, tokenizer, processor


@torch.no_grad()
def caption(loaded, picture, options):
    """transformers' generate: {"ids", "caption", "beams": [{"ids", "text", "score"}]}.

    A beam's score is `sequences_scores`; a greedy sequence's the mean log-probability of what was generated.
    """
    model, tokenizer, processor = loaded
    pixels = processor(picture, return_tensors="pt").pixel_values.to(model.dtype)
    prompt = {}
    if options["prompt"]:
        encoded = tokenizer(options["prompt"], return_tensors="pt")
        prompt = {"input_ids": encoded.input_ids, "attention_mask": encoded.attention_mask}
    length = prompt["input_ids"].shape[1] - 1 if prompt else 1
    output = model.generate(
        pixel_values=pixels,
        **prompt,
        num_beams=options["beams"],
        num_return_sequences=options["beams"],
        min_length=options["minLength"],
        max_length=options["maxLength"],
        repetition_penalty=float(options["repetitionPenalty"]),
        do_sample=False,
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
    )
    if options["beams"] > 1:
        ends = [length + int((indices >= 0).sum()) for indices in output.beam_indices]
        scores = output.sequences_scores.tolist()
    else:
        ends = [output.sequences.shape[1]]
        chosen = output.sequences[0, length:]
        each = [logits[0].log_softmax(-1)[id] for logits, id in zip(output.logits, chosen)]
        scores = [torch.stack(each).mean().item()]
    sequences = [row[:end].tolist() for row, end in zip(output.sequences, ends)]
    text = lambda ids: tokenizer.decode(ids, skip_special_tokens=True)
    beams = [{"ids": ids, "text": text(ids), "score": score} for ids, score in zip(sequences, scores)]
    return {"caption": beams[0]["text"], "ids": sequences[0], "beams": beams}


def in_double(loaded):
    """The same model with 64-bit floats. If its ids differ, 32 bits cannot decide which are right."""
    model, *rest = loaded
    return copy.deepcopy(model).double(), *rest


def same_ids(one, other):
    return [beam["ids"] for beam in one["beams"]] == [beam["ids"] for beam in other["beams"]]


def write_cases(path, cases):
    """Writes one case on each line, so that a diff of two versions is readable."""
    lines = [json.dumps(case, separators=(",", ":")) for case in cases]
    Path(path).write_text("[\n" + ",\n".join(lines) + "\n]\n")
