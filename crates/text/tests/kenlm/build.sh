#!/usr/bin/env bash
# Builds KenLM's programs (lmplz, build_binary, query) out of the source package of the `kenlm` module.
# Needs Python 3 with pip, a C++ compiler, cmake and Boost (Debian: cmake libboost-program-options-dev libboost-system-dev libboost-thread-dev
# libboost-test-dev zlib1g-dev).
#
#   build.sh FOLDER      OBELISC_KENLM=FOLDER makes the tests use them
set -euo pipefail

readonly VERSION=0.3.0
folder=${1:?the folder to put the programs in}
[ -x "$folder/query" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --no-binary kenlm --dest "$work" "kenlm==$VERSION"
tar -xzf "$work/kenlm-$VERSION.tar.gz" -C "$work"
cmake -S "$work/kenlm-$VERSION" -B "$work/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_CXX_FLAGS=-w >"$work/log"
cmake --build "$work/build" --parallel 2 --target lmplz build_binary query >>"$work/log"
mkdir -p "$folder"
# query comes last: it says that all are there.
cp "$work/build/bin/lmplz" "$work/build/bin/build_binary" "$work/build/bin/query" "$folder"
