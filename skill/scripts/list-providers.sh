#!/bin/sh
# Lists the AI providers: list-providers.sh [--json]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/agm.sh"
