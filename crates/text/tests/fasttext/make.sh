#!/bin/sh
# Trains the models again, and asks the program about texts.txt: needs `fasttext` 0.9.2 (Debian: apt-get install fasttext).
set -eu
cd "$(dirname "$0")"
train() { name=$1; shift; fasttext supervised -input train.txt -output "$name" -thread 1 -seed 4 -verbose 0 "$@"; }
smaller() { name=$1; shift; fasttext quantize -input train.txt -output "$name" -thread 1 -verbose 0 "$@"; }

train hs -loss hs -dim 6 -minn 2 -maxn 3 -bucket 300 -epoch 100 -lr 1
train softmax -loss softmax -dim 16 -wordNgrams 3 -bucket 200 -epoch 100 -lr 1
train ns -loss ns -dim 3 -epoch 200 -lr 0.5
train ova -loss ova -dim 5 -minn 1 -maxn 2 -wordNgrams 2 -bucket 300 -epoch 100 -lr 1
smaller hs -qnorm -cutoff 320 -retrain -epoch 50 -lr 0.5
smaller softmax
smaller ova -dsub 3 -cutoff 310 -qnorm -retrain -epoch 50 -lr 0.5

# Output matrices are quantised from 256 rows on: each word of the first texts is a label.
tr ' ' '\n' < train.txt | grep -v -e __label__ -e '^$' | LC_ALL=C sort -u | head -n 270 |
    awk '{ print "__label__" NR, $0, NR % 7, NR % 11, NR % 13 }' > many.txt
fasttext supervised -input many.txt -output many -thread 1 -seed 4 -verbose 0 -dim 4 -loss softmax -epoch 100 -lr 1
fasttext quantize -input many.txt -output many -thread 1 -verbose 0 -qout -qnorm

rm -f ./*.vec many.txt many.bin
for model in *.bin *.ftz; do fasttext predict-prob "$model" texts.txt 4 > "$model.expected"; done
