#!/bin/bash
# coverage.sh BUILD_FOLDER: print the share of lines run of the folders that make the product.
set -eu
folder=$1
report=$folder/coverage.txt
gcovr --root . --object-directory "$folder" --exclude-unreachable-branches --exclude-throw-branches \
    --filter '(base|dsp|audio|models|pipeline)/' --exclude-directories '.*/fixtures' \
    --gcov-ignore-parse-errors -j 2 --txt "$report" "$folder" >/dev/null
for part in base dsp audio models pipeline; do
    awk -v part="$part" '$1 ~ "^" part "/" && $2 ~ /^[0-9]+$/ { lines += $2; run += $3 }
        END { if (lines) printf "%-10s %5.1f %% of %d lines\n", part, 100 * run / lines, lines }' "$report"
done
awk '/^TOTAL/ { printf "%-10s %5.1f %% of %d lines\n", "all", 100 * $3 / $2, $2 }' "$report"
echo "by file: $report"
