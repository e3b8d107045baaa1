//! The program itself: started, told to stop, and started twice.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

/// A sandboxed server in a process of its own.
pub struct Program {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Program {
    fn start(data: &std::path::Path) -> Self {
        Self::with(data, &[])
    }

    /// The same with further options.
    pub fn with(data: &std::path::Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_agm"))
            .args(["serve", "--sandbox", "--addr", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(options)
            .env_clear()
            .current_dir(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// Where it answers; it does once it says so.
    pub fn address(&mut self) -> SocketAddr {
        let line = until(&mut self.out, "AI Gateway Management: ");
        let rest = line.split("http://").nth(1).unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    pub fn terminate(&self) {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// The exit code, and what else it said.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.err.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

/// The next line with these words.
fn until(reader: &mut impl BufRead, words: &str) -> String {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "{words} did not come: {all}");
        if line.contains(words) {
            return line;
        }
        all.push_str(&line);
    }
}

#[test]
fn one_data_directory_has_one_server() {
    let data = tempfile::tempdir().unwrap();
    let mut first = Program::start(data.path());
    first.address();
    let (code, said) = Program::start(data.path()).ended();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another agm uses the data directory") && said.contains("AGM_DATA_DIR"), "{said}");
    first.terminate();
    assert_eq!(first.ended().0, Some(0));
    let mut next = Program::start(data.path());
    next.address();
    next.terminate();
    assert_eq!(next.ended().0, Some(0));
    assert!(!data.path().join("agm-data").exists(), "a sandbox leaves nothing where it was started");
}

#[test]
fn a_second_signal_ends_at_once_what_the_first_would_wait_for() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Program::start(data.path());
    let mut open = TcpStream::connect(program.address()).unwrap();
    // A call whose body never comes: an orderly end waits for it.
    write!(
        open,
        "POST /ni_status/reload HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic YWRtaW46YWRtaW4=\r\n\
         content-type: application/json\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    // The server asks for the body when it works on the call.
    until(&mut BufReader::new(open.try_clone().unwrap()), "100 Continue");
    program.terminate();
    until(&mut program.err, "stopping");
    program.terminate();
    let began = std::time::Instant::now();
    let (code, said) = program.ended();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("stopped at once"), "{said}");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "it waited for the open call");
}
