"""The descriptions of the verbs, as --help shows them."""

TRAIN = """\
Train a model as a recipe says, and score its translations of the test split at the end. A recipe is a YAML file.

Every key of the recipe can be set on the command line, by its path:
    seq2seq train recipes/quickstart.yaml --trainer.max_epochs 3 --seed 7
    seq2seq train recipes/quickstart.yaml --model.decoder.context FixedContext --run runs/bottleneck
    seq2seq train recipes/quickstart.yaml --model.encoder.cell gru --model.decoder.cell gru --run runs/gru
    seq2seq train recipes/multi30k-de-en.yaml --corpus.path FOLDER

The same command is right at any time: it starts the run, goes on with it after Ctrl-C, a crash or a full disk, or
prints the scores of a finished run. A larger --trainer.max_epochs=N trains more epochs. Without a recipe, --run FOLDER
takes the run's own. --keys lists all keys with their meaning."""

TRANSLATE = """\
Translate with a trained run.

In a terminal, this is a prompt: type a sentence, or :help. Otherwise, it is a filter: it reads lines from standard
input, and writes their translations to standard output, in the same order.
    seq2seq translate runs/quickstart
    seq2seq translate runs/quickstart < sentences.de > sentences.en
    seq2seq translate runs/quickstart --nbest 5 --alignments < sentences.de
    echo 'Der Hund schläft.' | seq2seq translate runs/quickstart --figure alignment.png

The sentences of a line are translated one by one, unless the run has learned from lines with several sentences.

The filter writes one line for each input line: the translation; with --scores, a TAB and the score; with --alignments,
a TAB and the word links. The links "0-0 2-1" link source word 0 to target word 0, and source word 2 to target word 1.
With --nbest N, it writes up to N lines for each input line: input line ||| translation ||| score, and with
--alignments ||| links. Lines and words are counted from 0. With --format json, it writes an object for each input line:
{"source": …, "translations": [{"text": …, "score": …, "log_probability": …}, …]}."""

EVALUATE = """\
Score the translations of a trained run: BLEU (cased, and lower-cased to compare with papers) and chrF, each with its
sacreBLEU signature, with greedy search and with beam search. The translations and scores.json are written to the run's
folder. Lines are translated as `translate` does it; the references are scored as they are in the corpus or file.
    seq2seq evaluate runs/multi30k-de-en
    seq2seq evaluate runs/multi30k-de-en --split validation --beam-size 10
    seq2seq evaluate runs/multi30k-de-en --files my.de my.en
    seq2seq evaluate runs/multi30k-de-en --files my.de first.en second.en
    seq2seq evaluate runs/my-en-ja --tokenizer ja-mecab
    seq2seq evaluate runs/multi30k-de-en --export comet/test
    seq2seq evaluate runs/multi30k-de-en --corpus.path FOLDER

Only the recipe's keys of `corpus` can be set here, for a corpus that has moved."""

COMPARE = """\
Compare variants of a recipe. By default: a fixed context vector (the bottleneck) and attention as in Bahdanau et al.
2015. The variants that are not trained yet are trained. Then all variants translate the same sentences, and a report is
written: report.html, report.md, report.json and the figures. A comparison that was stopped goes on when it is started
again.
    seq2seq compare recipes/quickstart.yaml
    seq2seq compare recipes/multi30k-de-en.yaml --seeds 1 2 3 --match-parameters --join 3
    seq2seq compare recipes/quickstart.yaml --variants initial-state bottleneck luong bahdanau
    seq2seq compare recipes/quickstart.yaml --seeds 1 2 3 --plan | xargs -P 4 -d '\\n' -n 1 sh -c
    seq2seq compare runs/one runs/another

The variants:
    initial-state       the decoder only starts from the encoder's last states (Sutskever et al. 2014)
    bottleneck          it reads the encoder's last states at every step (Cho et al. 2014)
    luong               attention after each step, with input feeding (Luong et al. 2015)
    bahdanau            attention before each step; its query is the decoder's state alone (Bahdanau et al. 2015)
    bahdanau-last-word  the same, but its query has also seen the last word (in no paper)
    multi-head          additive attention with several heads
    dot                 a product score, read before each step
A recipe can add variants, each with the keys that it sets:
    comparison: {shallow: {model.encoder.layers: 1}, deep: {model.encoder.layers: 2}}

Everything else must be equal. A difference in the data, the tokenizer, the batches, the training, the search, the
number of updates or the software is an error that names the difference. As with `train`, every key of the recipe can be
set on the command line, for all variants."""

INSPECT = """\
Look inside a trained model: translate a sentence, and show what the model did. These are the steps of the search, and
the gates and states of every layer for every token.
    seq2seq inspect runs/quickstart "Der Hund schläft."
    seq2seq inspect runs/quickstart "Der Hund schläft." --only gates --units 3 17
    seq2seq inspect runs/quickstart "Der Hund schläft." --only search --beam-size 3 --search-figure search.svg
    seq2seq inspect runs/quickstart "Der Hund schläft." --target "The dog sleeps." --figure gates.svg
Three measurements need no sentence:
    seq2seq inspect runs/quickstart --gradients                         # how far back the gradients reach
    seq2seq inspect runs/quickstart --memory --beside runs/bottleneck   # what the encoder's vectors know of the source
    seq2seq inspect --cells                                             # an RNN, a GRU and an LSTM on a memory task

A row of gates has a strip for each gate, from its lowest value at the left to its highest at the right: █ is the mean
of the units, ░ the range from 10 to 90 % of them, and a letter a single unit. --json writes all numbers as one object.
Only the recipe's keys of `corpus` can be set here, for a corpus that has moved: --corpus.path FOLDER."""

EXPLORE = """\
Look inside a trained model in the browser: translations, alignments, next tokens, the beam, gates and states, and what
changes if another token is taken or the attention is moved. Several runs are shown side by side.
    seq2seq explore runs/quickstart
    seq2seq explore runs/bottleneck runs/attention
    seq2seq explore runs/quickstart --export page.html < sentences.de
    ssh -L 8765:localhost:8765 MACHINE seq2seq explore runs/quickstart --no-browser

The page and its API (docs/explore.md) are for this machine alone: another machine cannot reach them, and another web
site cannot read them. A run whose training has not ended is shown with its last saved weights. Only the recipe's keys
of `corpus` can be set here, for a corpus that has moved: --corpus.path FOLDER."""
