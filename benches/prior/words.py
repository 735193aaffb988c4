"""Prints the words of the languages below with their share of all words, tab-separated, most frequent first.

    python -m venv .venv && .venv/bin/pip install wordfreq==3.1.1
    .venv/bin/python benches/prior/words.py > words.tsv

The frequencies are those of wordfreq (Robyn Speer, doi:10.5281/zenodo.7199437), data under CC BY-SA 4.0.
"""

import wordfreq

LANGUAGES = (
    "ar bg ca cs da de el en es fa fi fr he hi hu id it ja ko lt lv mk nb nl pl pt ro ru sk sl sv tr uk vi zh".split()
)
# A word in fewer texts than this says as much as one never seen.
RAREST = 4e-6

for language in LANGUAGES:
    for word, frequency in wordfreq.get_frequency_dict(language, wordlist="best").items():
        if frequency >= RAREST:
            print(language, word, f"{frequency:.3g}", sep="\t")
