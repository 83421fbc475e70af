#!/usr/bin/env bash
# The same as setup_unix.sh, under its other name.
exec "$(dirname "$0")/setup_unix.sh" "$@"
