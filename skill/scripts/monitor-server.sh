#!/bin/sh
# Starts, stops or looks at the server: monitor-server.sh start|stop|restart|status
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/agm.sh"
