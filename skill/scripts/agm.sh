#!/bin/sh
# Finds the program and hands over to it. The scripts beside this one source it and have no more to say.
for agm in "${AGM_BIN:-}" "$(command -v agm || true)" /usr/local/bin/agm /opt/agm/agm; do
  if [ -f "$agm" ] && [ -x "$agm" ]; then
    exec "$agm" script "$(basename "$0" .sh)" "$@"
  fi
done
echo "ERROR: the program agm was not found. Set AGM_BIN to its path." >&2
exit 1
