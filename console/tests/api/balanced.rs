//! Two consoles behind nginx, with the configuration that deploy/ has as an example.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::{Console, send_to};
use crate::given::warehouse;

struct Nginx {
    child: Child,
    directory: PathBuf,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The program that NGINX names, or the one of the system.
fn nginx_program() -> Option<PathBuf> {
    let named = std::env::var_os("NGINX").map(PathBuf::from);
    named
        .into_iter()
        .chain(["/usr/sbin/nginx".into()])
        .find(|path| path.exists())
}

fn start(program: &Path, address: &str, consoles: [&Console; 2]) -> Nginx {
    let directory = std::env::temp_dir().join(format!("assay-nginx-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let example = include_str!("../../../deploy/nginx.conf");
    let configuration = example
        .replace(
            "/tmp/assay-nginx",
            &directory.join("nginx").display().to_string(),
        )
        .replace("127.0.0.1:8081", &consoles[0].address.to_string())
        .replace("127.0.0.1:8082", &consoles[1].address.to_string())
        .replace("listen 127.0.0.1:8080", &format!("listen {address}"));
    let file = directory.join("nginx.conf");
    // A program without a master is ended by its own process id alone.
    std::fs::write(
        &file,
        format!("daemon off;\nmaster_process off;\n{configuration}"),
    )
    .unwrap();
    let child = Command::new(program)
        .arg("-p")
        .arg(&directory)
        .arg("-e")
        .arg("stderr")
        .arg("-c")
        .arg(&file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Nginx { child, directory }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_behind_a_balancer_answer_as_one() {
    let Some(program) = nginx_program() else {
        eprintln!("nginx is not installed, and NGINX names none: skipped");
        return;
    };
    let test = warehouse().await;
    let consoles = [
        Console::with(&test, Some("sesame"), "127.0.0.1:8081").await,
        Console::with(&test, Some("sesame"), "127.0.0.1:8082").await,
    ];
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let _nginx = start(&program, &address.to_string(), [&consoles[0], &consoles[1]]);
    let began = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "nginx does not listen"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Page by page, each from whom the balancer likes.
    let (mut next, mut products) = (Some("/sales?limit=3".to_owned()), Vec::new());
    while let Some(path) = next {
        let answer = send_to(address, "GET", &path, &[], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let page = answer.json();
        products.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(products, consoles[0].items("/sales?limit=1000").await);
    assert_eq!(products, consoles[1].items("/sales?limit=1000").await);
    let token = ("Authorization", "Bearer sesame");
    let own_page = format!("http://{address}");
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let answer = send_to(
            address,
            "POST",
            "/run-etl",
            &[token, ("Origin", &own_page)],
            b"",
        )
        .await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        places.insert(answer.header("location").unwrap().to_owned());
    }
    assert_eq!(places.len(), 1);
    let place = places.pop_first().unwrap();
    for _ in 0..4 {
        assert_eq!(
            send_to(address, "GET", &place, &[], b"").await.json()["status"],
            "requested"
        );
    }
}
