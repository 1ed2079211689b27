#!/usr/bin/env bash
# Makes a model of each form that KenLM has.
#
#   models.sh PROGRAMS TEXT ORDER FOLDER      FOLDER/model.arpa, probing, rest, trie, quantised, compressed, both
set -euo pipefail
programs=$1 text=$2 order=$3 folder=$4

mkdir -p "$folder"
cd "$folder"
exec 2>log
arpa() { "$programs/lmplz" --order "$1" --discount_fallback --skip_symbols --memory 64M --temp_prefix "$PWD/" <"$text"; }
lower=()
for shorter in $(seq 1 $((order - 1))); do
    arpa "$shorter" >"lower-$shorter.arpa"
    lower+=("$PWD/lower-$shorter.arpa")
done
arpa "$order" >model.arpa
build() { "$programs/build_binary" -T "$PWD/" "$@"; }
build -p 1.3 probing model.arpa probing
build -r "${lower[*]}" probing model.arpa rest
build trie model.arpa trie
build -q 5 -b 4 trie model.arpa quantised
build -a 6 trie model.arpa compressed
build -q 4 -b 3 -a 255 trie model.arpa both
rm -f lower-*.arpa
