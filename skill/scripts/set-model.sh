#!/bin/sh
# Lets an agent run a model: set-model.sh --target manager|worker:NAME --provider NAME --model ID
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/agm.sh"
