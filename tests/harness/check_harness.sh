#!/bin/bash
# Run the victim and compare its TAP with what each of its tests must give.
set -u
victim=$1
failed=0

expect() {
    if ! grep -qE -- "$1" <<<"$output"; then
        echo "expected a line like: $1"
        failed=1
    fi
}

output=$("$victim")
status=$?
[ "$status" -eq 1 ] || { echo "exit status $status, expected 1"; failed=1; }
expect '^1\.\.9$'
expect '^ok 1 - victim_passes$'
expect '^not ok 2 - victim_fails$'
expect '^# .*CHECK_EQ\(1 \+ 1, 3\): 2 is not 3$'
expect "^# repeat: LINNET_SEED=1 .*harness_victim 'victim_fails'$"
expect '^ok 3 - victim_skips # SKIP the moon is down$'
expect '^not ok 4 - victim_crashes$'
expect '^# killed by signal 6 '
expect '^not ok 5 - victim_hangs$'
expect '^# timed out after [0-9]+ s$'
expect '^ok 6 - victim_leaves_its_folder$'
expect '^not ok 7 - victim_compares_floats$'
expect '^not ok 8 - victim_compares_texts$'
expect '^not ok 9 - victim_exits_with_another_status$'
folder=$(sed -n 's/^# folder //p' <<<"$output")
if [ -z "$folder" ] || [ -e "$folder" ]; then
    echo "the test's folder \"$folder\" was left behind"
    failed=1
fi

output=$("$victim" --list 'victim_s*')
[ "$output" = victim_skips ] || { echo "--list with a glob gave: $output"; failed=1; }
output=$(LINNET_TEST_FILTER='victim_p*' "$victim")
[ "$output" = $'1..1\nok 1 - victim_passes' ] || { echo "the filter gave: $output"; failed=1; }
exit "$failed"
