"""A WordPiece vocabulary of the captions' words, in the form of bert-base-uncased with BLIP's two added tokens."""

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from captions import COLOURS, COUNTS, PLACES, SHAPES

PROMPT = "a picture of"

# The unused entries keep id 2, eos_token_id in BLIP's text configuration, off every id that can be generated.
SPECIAL = ("[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
GRAMMAR = (
    "a an and the of in on at with mostly many colours colourful background scene picture shapes "
    "dark bright plain busy low high contrast"
)
# Words of likely prompts: they cost a row each and spare a caller's prompt from being spelled out.
PROMPTS = "photo photograph photography image drawing painting view this is there it shows one gray color colors"


def entries() -> list[str]:
    """All tokens in the order of their ids; the decoder's start token comes after all words, as in BLIP."""
    words = [*GRAMMAR.split(), *COLOURS, *SHAPES, *(f"{shape}s" for shape in SHAPES), *COUNTS[1:]]
    words += [word for place in PLACES for word in place.split()] + PROMPTS.split()
    listed = [*SPECIAL, *PUNCTUATION, *LETTERS, *words, *(f"##{letter}" for letter in LETTERS), "[DEC]", "[ENC]"]
    return list(dict.fromkeys(listed))


def build_tokenizer() -> Tokenizer:
    """The tokenizer that is saved as tokenizer.json."""
    ids = {token: index for index, token in enumerate(entries())}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"])
    return tokenizer


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """The decoder's first ids: [DEC], then the prompt without its end token."""
    return [tokenizer.token_to_id("[DEC]"), *tokenizer.encode(prompt).ids[1:-1]]
