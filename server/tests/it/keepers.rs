//! Programs that stand for supervisors and run the real server.

/// What the two below have in common: they note what they are asked, and run in the root what they are told to run. `ours`
/// is the process.
const KEEPER: &str = r#"#!/bin/bash
cd "$(dirname "$0")"
echo "$*" >> asked
run() { AGM_DATA_DIR="$ROOT$AGM_DATA_DIR"; eval "setsid $1 < /dev/null > /dev/null 2>&1 &"; echo $! > ours; }
lives() { grep -q serve "/proc/$(cat ours)/cmdline" 2>/dev/null; }
stop() { [ -s ours ] && kill "$(cat ours)" && while lives; do sleep 0.05; done; rm -f ours; }
"#;

/// A supervisorctl. It has the server once it was told to read its settings.
const SUPERVISORCTL: &str = r#"
start() {
    [ -e agm.conf ] || return
    export $(sed -n 's/^environment=//p' agm.conf | tr -d '"' | tr , ' ')
    run "$(sed -n 's/^command=//p' agm.conf | sed "s| /| $ROOT/|")"
}
case "$*" in
    pid) echo 1 ;;
    "pid agm") cat ours 2>/dev/null || echo 0 ;;
    "status agm") [ -e agm.conf ] && echo "agm   STOPPED   Not started" || echo "agm: ERROR (no such process)" ;;
    "update agm")
        [ -e broken ] && { echo "CANT_REREAD"; exit 1; }
        conf="$ROOT/etc/supervisor/conf.d/agm.conf"
        [ -e "$conf" ] || [ -e agm.conf ] || { echo "ERROR: no such group: agm"; exit 1; }
        cmp -s "$conf" agm.conf && exit 0
        stop
        rm -f agm.conf
        [ -e "$conf" ] && cp "$conf" agm.conf && start
        exit 0 ;;
    "start agm") [ -s ours ] || start ;;
    "stop agm") stop ;;
    "restart agm") stop; start ;;
    *) exit 1 ;;
esac
"#;

/// A systemctl. systemd has the server while its unit is there.
const SYSTEMCTL: &str = r#"
unit="$ROOT/etc/systemd/system/agm.service"
start() { export $(sed -n 's/^Environment=//p' "$unit"); run "$(sed -n 's/^ExecStart=//p' "$unit")"; }
case "$*" in
    "show --property=MainPID --value agm.service") cat ours 2>/dev/null || echo 0 ;;
    "cat agm.service") [ -e "$unit" ] ;;
    daemon-reload) ;;
    "start agm") start ;;
    "stop agm") stop ;;
    "restart agm") stop; start ;;
    *) exit 1 ;;
esac
"#;

pub fn supervisorctl() -> String {
    format!("{KEEPER}{SUPERVISORCTL}")
}

pub fn systemctl() -> String {
    format!("{KEEPER}{SYSTEMCTL}")
}
