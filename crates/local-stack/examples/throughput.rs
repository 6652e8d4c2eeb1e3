use rdkafka::{ClientConfig, consumer::{BaseConsumer, Consumer}, producer::*, error::*, Message};
use std::time::*;
fn main() {
    let n: u64 = 8_000_000;
    let s = std::env::var("KAFKA_BOOTSTRAP_SERVERS").unwrap();
    let topic = local_stack::testing::fresh_topic(6);
    let p: BaseProducer = ClientConfig::new().set("bootstrap.servers", &s).set("acks","all").set("enable.idempotence","true").set("linger.ms","5").set("compression.type","lz4").set("batch.size","262144").set("queue.buffering.max.kbytes","65536").set("queue.buffering.max.messages","200000").create().unwrap();
    let pad: String = (0..40).map(|i| format!("f{}{}", i, i*7919 % 977)).collect();
    let t = Instant::now();
    for i in 0..n {
        let v = format!("{i}{}{pad}", i * 2654435761 % 1000003);
        let k = format!("c{}", i % 5000);
        loop {
            match p.send(BaseRecord::to(&topic).key(&k).payload(&v)) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => { p.poll(Duration::from_millis(5)); }
                Err((e, _)) => panic!("{e}"),
            }
        }
        if i % 1000 == 0 { p.poll(Duration::ZERO); }
    }
    p.flush(Duration::from_secs(60)).unwrap();
    let e = t.elapsed(); println!("produce {:.0}/s ({} B)", n as f64 / e.as_secs_f64(), pad.len()+14);
    let c: BaseConsumer = ClientConfig::new().set("bootstrap.servers", &s).set("group.id", "g").set("auto.offset.reset","earliest").create().unwrap();
    let t = Instant::now();
    c.subscribe(&[&topic]).unwrap();
    let mut got = 0; let mut b = 0;
    while got < n { if let Some(m) = c.poll(Duration::from_millis(100)) { got += 1; b += m.unwrap().payload().unwrap().len(); } }
    println!("consume {:.0}/s {b}", n as f64 / t.elapsed().as_secs_f64());
}
