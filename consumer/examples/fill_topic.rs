//! temp
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (topic, count, size, rate): (&str, u64, usize, u64) = (&a[1], a[2].parse().unwrap(), a[3].parse().unwrap(), a[4].parse().unwrap());
    let p: BaseProducer = ClientConfig::new().set("bootstrap.servers", std::env::var("KAFKA_BOOTSTRAP_SERVERS").unwrap())
        .set("linger.ms", "5").set("compression.codec","lz4").set("queue.buffering.max.kbytes","200000").create().unwrap();
    let mut payload = vec![b'x'; size];
    let mut s: u64 = 88172645463325252;
    for b in payload.iter_mut() { s ^= s << 13; s ^= s >> 7; s ^= s << 17; *b = b'a' + (s % 26) as u8; }
    let start = std::time::Instant::now();
    for n in 0..count {
        let at = (n as usize * 7) % size.max(1); payload[at] = b'a' + (n % 26) as u8;
        let key = (n % 100_000).to_string();
        let mut r = BaseRecord::to(topic).key(&key).payload(&payload);
        while let Err((_, back)) = p.send(r) { p.poll(Duration::from_millis(5)); r = back; }
        if n % 1000 == 0 { p.poll(Duration::ZERO); }
        if rate > 0 && n % 50 == 0 { let due = start + Duration::from_secs_f64(n as f64 / rate as f64); let now = std::time::Instant::now(); if due > now { std::thread::sleep(due - now); } }
    }
    p.flush(Duration::from_secs(120)).unwrap();
    println!("{count} in {:?}", start.elapsed());
}
