#!/bin/sh
# Adds an AI provider: create-provider.sh --type TYPE --name NAME --token -|--token-file FILE [--url URL]
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/agm.sh"
