#!/bin/sh
# Says which model an agent runs: get-assignment.sh manager|worker:NAME [--json]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/agm.sh"
